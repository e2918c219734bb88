"""What Milvus alone can get wrong: addresses, tokens, filters, names, lost rows and lost answers."""

from __future__ import annotations

import logging
import re
import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from pymilvus import MilvusClient

from contracts.base import TemplateId
from footfall.errors import (
    ConfigurationError,
    ModelVersionMismatchError,
    VectorsUnavailableError,
)
from footfall.settings import MilvusSettings, Settings
from footfall.stores.base import StoredTemplate, VectorStore
from footfall.stores.milvus import MilvusSession
from footfall.stores.standins import MemoryVectorStore
from footfall.stores.vectors import MilvusVectorStore, open_vectors
from tests.contract.conftest import OpenVectors
from tests.contract.milvus_servers import ForgetfulServicer, MuteServicer, WantsToken, served
from tests.contract.templates import VERSION, direction, found, ids_of, new_tenant, template, templates

CALLS: dict[str, Callable[[VectorStore], object]] = {
    "ensure": lambda store: store.ensure(VERSION),
    "upsert": lambda store: store.upsert(VERSION, templates(new_tenant(), 1)),
    "delete": lambda store: store.delete(new_tenant(), [TemplateId(uuid4())]),
    "search": lambda store: store.search(new_tenant(), VERSION, direction(0)[np.newaxis], limit=1),
    "template_ids": lambda store: store.template_ids(new_tenant()),
    "rebuild": lambda store: store.rebuild(VERSION, []),
    "ping": lambda store: store.ping(),
}


@pytest.fixture
def admin(milvus_uri: str) -> Iterator[Any]:
    client = MilvusClient(uri=milvus_uri)
    yield client
    client.close()


def _collections(admin: Any, alias: str) -> list[str]:
    return [name for name in admin.list_collections() if name.startswith(alias)]


# --- addresses -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "uri", [None, "", "milvus.db", "./milvus.db", "tcp://127.0.0.1:19530", "http://", "http://host:port", "unix:/a"]
)
def test_what_is_no_http_address_is_refused_when_the_store_is_opened(uri: str | None) -> None:
    with pytest.raises(ConfigurationError, match="http://host:port"):
        open_vectors(Settings(milvus=MilvusSettings(uri=uri)))


def test_a_refused_address_is_not_repeated_for_it_may_hold_a_password() -> None:
    with pytest.raises(ConfigurationError) as refused:
        open_vectors(Settings(milvus=MilvusSettings(uri="htp://root:hunter2@milvus:19530")))
    assert "hunter2" not in f"{refused.value} {refused.value.hint}"


def test_opening_connects_to_nothing() -> None:
    open_vectors(Settings(milvus=MilvusSettings(uri="http://nowhere.invalid:1"))).close()


def test_offline_opens_the_stand_in() -> None:
    assert isinstance(open_vectors(Settings(offline=True)), MemoryVectorStore)


@pytest.fixture(scope="module")
def dead_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_every_call_says_that_nobody_listens(call: Callable[[VectorStore], object], dead_port: int) -> None:
    with pytest.raises(VectorsUnavailableError, match="listen"):
        call(MilvusVectorStore(MilvusSettings(uri=f"http://127.0.0.1:{dead_port}")))


def test_threads_do_not_queue_for_a_server_that_accepts_and_says_nothing() -> None:
    """Eight threads, a connection that takes two seconds to be given up on: they share one attempt, or its failure."""
    with closing(socket.create_server(("127.0.0.1", 0), backlog=64)) as silent:
        uri = f"http://127.0.0.1:{silent.getsockname()[1]}"
        store = MilvusVectorStore(MilvusSettings(uri=uri, timeout_seconds=2.0))

        def refused(_: int) -> bool:
            with pytest.raises(VectorsUnavailableError):
                store.ping()
            return True

        with ThreadPoolExecutor(8) as pool:
            assert all(pool.map(refused, range(8)))
        silent.setblocking(False)
        connections = 0
        while True:
            try:
                silent.accept()[0].close()
            except BlockingIOError:
                break
            connections += 1
    assert connections < 8


def test_pymilvus_does_not_log_what_is_raised(caplog: pytest.LogCaptureFixture, open_milvus: OpenVectors) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(VectorsUnavailableError):
        open_milvus().template_ids(new_tenant())
    assert [record.name for record in caplog.records if record.name.startswith("pymilvus")] == []


# --- tokens --------------------------------------------------------------------------------------------


def test_a_refused_token_is_a_matter_of_configuration(tmp_path: Path) -> None:
    with served(MilvusServicer, tmp_path, WantsToken("cm9vdDpyaWdodA==")) as (uri, _):  # root:right, as Milvus wants it
        right = MilvusVectorStore(MilvusSettings.model_validate({"uri": uri, "token": "root:right"}))
        assert right.ping().startswith("Milvus")
        right.close()
        wrong = MilvusVectorStore(MilvusSettings.model_validate({"uri": uri, "token": "root:wrong"}))
        with pytest.raises(ConfigurationError, match="token") as refused:
            wrong.ping()
        assert "wrong" not in f"{refused.value} {refused.value.hint}"


# --- filters -------------------------------------------------------------------------------------------


def test_values_travel_beside_the_filter_where_the_server_takes_them(templating_milvus: tuple[str, Any]) -> None:
    uri, servicer = templating_milvus
    store = MilvusVectorStore(MilvusSettings(uri=uri, alias=f"t{uuid4().hex}"))
    tenant = new_tenant()
    held = templates(tenant, 3)
    store.rebuild(VERSION, held)
    servicer.filters.clear()
    store.delete(tenant, [held[0].template_id])
    store.search(tenant, VERSION, held[1].vector[np.newaxis], limit=1)
    assert store.template_ids(tenant) == ids_of(held[1:])
    store.close()
    assert "tenant_id == {tenant} and template_id in {ids}" in servicer.filters
    assert "tenant_id == {tenant}" in servicer.filters
    assert not [sent for sent in servicer.filters if str(tenant) in sent]


@pytest.mark.parametrize("value", ['x" or tenant_id != "', "00000000-0000-0000-0000-000000000000", 7, None])
def test_a_filter_takes_nothing_but_uuids(milvus_uri: str, value: Any) -> None:
    session = MilvusSession(MilvusSettings(uri=milvus_uri))
    for one_or_many in (value, [value]):
        with pytest.raises(TypeError):
            session.filtered("tenant_id == {tenant}", {"tenant": one_or_many})
    session.close()


# --- collections and the alias -------------------------------------------------------------------------


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


# --- size ----------------------------------------------------------------------------------------------


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
