"""Milvus's collections and the alias before them: what is made, served, kept and dropped, and at what size."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymilvus import MilvusClient

from footfall.errors import ConfigurationError, ModelVersionMismatchError, VectorsUnavailableError
from footfall.settings import MilvusSettings
from footfall.stores.base import StoredTemplate, VectorStore
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.conftest import OpenVectors
from tests.contract.milvus_servers import ForgetfulServicer, MuteServicer, served
from tests.contract.templates import VERSION, direction, found, ids_of, new_tenant, template, templates


@pytest.fixture
def admin(milvus_uri: str) -> Iterator[Any]:
    client = MilvusClient(uri=milvus_uri)
    yield client
    client.close()


def _collections(admin: Any, alias: str) -> list[str]:
    return sorted(name for name in admin.list_collections() if name.startswith(alias))


def test_a_collection_of_other_vectors_behind_the_alias_is_refused(
    admin: Any, alias: str, open_milvus: OpenVectors
) -> None:
    admin.create_collection(f"{alias}_foreign", dimension=128)
    admin.create_alias(f"{alias}_foreign", alias)
    with pytest.raises(ConfigurationError, match="128"):
        open_milvus().ensure(VERSION)
    assert _collections(admin, alias) == [f"{alias}_foreign"]


def test_a_foreign_collection_of_templates_behind_the_alias_serves_no_version(
    admin: Any, alias: str, open_milvus: OpenVectors
) -> None:
    admin.create_collection(f"{alias}_foreign", dimension=512)
    admin.create_alias(f"{alias}_foreign", alias)
    with pytest.raises(ModelVersionMismatchError):
        open_milvus().ensure(VERSION)
    report = open_milvus().rebuild(VERSION, [])
    assert report.previous == f"{alias}_foreign"
    assert f"{alias}_foreign" in _collections(admin, alias), "what is not ours is not dropped"


def test_a_collections_name_holds_the_model_version(alias: str, admin: Any, open_milvus: OpenVectors) -> None:
    open_milvus().ensure("arcface-mbf-512-v1")
    [name] = _collections(admin, alias)
    assert re.fullmatch(rf"{alias}_[0-9a-f]{{8}}_arcface_mbf_512_v1_[0-9a-f]{{8}}_\d{{8}}t\d{{12}}_[0-9a-f]{{8}}", name)


def test_the_index_has_the_clusters_of_the_settings(alias: str, admin: Any, open_milvus: OpenVectors) -> None:
    open_milvus(nlist=37).ensure(VERSION)
    [name] = _collections(admin, alias)
    index = admin.describe_index(name, "embedding")
    assert (index["index_type"], index["metric_type"], index["params"]["nlist"]) == ("IVF_FLAT", "COSINE", 37)


def test_rebuilds_keep_the_former_collection_and_drop_the_older_ones(
    admin: Any, alias: str, open_milvus: OpenVectors
) -> None:
    store = open_milvus()
    reports = [store.rebuild(version, []) for version in (VERSION, "mock-2", "mock-2", VERSION)]
    assert _collections(admin, alias) == sorted(report.collection for report in reports[-2:])
    assert reports[-1].previous == reports[-2].collection


def test_rebuilds_leave_the_collections_of_an_alias_that_begins_alike(
    admin: Any, alias: str, open_milvus: OpenVectors
) -> None:
    neighbour = open_milvus(alias=f"{alias}_b").rebuild(VERSION, [])
    for _ in range(3):
        open_milvus().rebuild(VERSION, [])
    assert neighbour.collection in _collections(admin, alias)


def _overtaken(store: VectorStore, times: int, held: list[StoredTemplate]) -> Iterator[StoredTemplate]:
    for _ in range(times):
        store.rebuild(VERSION, [])
    yield from held


def test_a_rebuild_that_another_overtakes_is_served_in_the_end(open_milvus: OpenVectors) -> None:
    tenant = new_tenant()
    held = templates(tenant, 2)
    store, other = open_milvus(), open_milvus()
    store.ensure(VERSION)
    store.rebuild(VERSION, _overtaken(other, 1, held))
    assert other.template_ids(tenant) == ids_of(held)


def test_a_rebuild_that_two_overtake_says_so_and_leaves_theirs(open_milvus: OpenVectors) -> None:
    tenant = new_tenant()
    store, other = open_milvus(), open_milvus()
    store.ensure(VERSION)
    with pytest.raises(VectorsUnavailableError, match="Another rebuild"):
        store.rebuild(VERSION, _overtaken(other, 2, templates(tenant, 2)))
    assert other.template_ids(tenant) == set()


def test_a_failed_rebuild_leaves_no_collection(admin: Any, alias: str, open_milvus: OpenVectors) -> None:
    store = open_milvus()
    store.ensure(VERSION)
    before = _collections(admin, alias)
    with pytest.raises(ZeroDivisionError):
        store.rebuild(VERSION, (template(new_tenant(), direction(1 // axis)) for axis in (1, 0)))
    assert _collections(admin, alias) == before


def test_a_rebuild_that_lost_rows_is_not_served(tmp_path: Path) -> None:
    with served(ForgetfulServicer, tmp_path) as (uri, _):
        store = MilvusVectorStore(MilvusSettings(uri=uri))
        store.ensure(VERSION)
        with closing(MilvusClient(uri=uri)) as admin:
            before = admin.list_collections()
            with pytest.raises(VectorsUnavailableError, match="holds 2 vectors of the 3"):
                store.rebuild(VERSION, templates(new_tenant(), 3))
            assert admin.list_collections() == before
        store.close()


def test_a_switch_whose_answer_was_lost_does_not_drop_what_is_served(tmp_path: Path) -> None:
    tenant = new_tenant()
    held = templates(tenant, 3)
    with served(MuteServicer, tmp_path) as (uri, _):
        store = MilvusVectorStore(MilvusSettings(uri=uri, timeout_seconds=2.0))
        store.ensure(VERSION)
        with pytest.raises(VectorsUnavailableError):
            store.rebuild(VERSION, held)
        assert store.template_ids(tenant) == ids_of(held)
        store.close()


def test_more_templates_are_listed_than_one_query_gives(open_milvus: OpenVectors) -> None:
    """Milvus answers a query with 16,384 rows at most."""
    tenant = new_tenant()
    held = templates(tenant, 17_000)
    store = open_milvus(timeout_seconds=60)
    assert store.rebuild(VERSION, held).vectors == 17_000
    assert store.template_ids(tenant) == ids_of(held)
    probes = np.stack([item.vector for item in held[::1_000]])
    assert [found(hits)[0] for hits in store.search(tenant, VERSION, probes, limit=1)] == [
        item.template_id for item in held[::1_000]
    ]
