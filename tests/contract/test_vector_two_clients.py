"""What one process wrote or deleted, another finds or misses at its next search: over Milvus Lite and, end to end, over
a real server, whose searches wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
from pymilvus import MilvusClient

from footfall.settings import MilvusSettings
from footfall.stores.base import VectorStore
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.templates import VERSION, direction, found, new_tenant, template, templates

ROUNDS = 40
LARGE = 3_000
"""Enough rows that a server indexes them: SCANN, and beside it the rows that came since."""

Clients = tuple[VectorStore, VectorStore]


@pytest.fixture(params=["milvus_uri", pytest.param("real_milvus", marks=pytest.mark.e2e)], ids=["lite", "server"])
def clients(request: pytest.FixtureRequest) -> Iterator[Clients]:
    """Two stores on one collection, with a connection each, as two processes have them."""
    settings = MilvusSettings(
        uri=request.getfixturevalue(request.param), alias=f"t{uuid4().hex}", nlist=16, nprobe=16, timeout_seconds=60.0
    )
    one, other = MilvusVectorStore(settings), MilvusVectorStore(settings)
    one.ensure(VERSION)
    yield one, other
    one.close()
    other.close()


def test_what_one_wrote_the_other_finds_at_once_and_what_it_deleted_no_more(clients: Clients) -> None:
    one, other = clients
    tenant, probe = new_tenant(), direction(0)[np.newaxis]
    for _ in range(ROUNDS):
        item = template(tenant, direction(0))
        one.upsert(VERSION, [item])
        assert found(other.search(tenant, VERSION, probe, limit=5)[0]) == [item.template_id]
        one.delete(tenant, [item.template_id])
        assert other.search(tenant, VERSION, probe, limit=5) == [[]]


def test_whose_a_template_became_the_other_sees_at_once(clients: Clients) -> None:
    one, other = clients
    tenant, item = new_tenant(), template(new_tenant(), direction(0))
    for _ in range(ROUNDS):
        item = replace(item, tenant_id=tenant, person_id=uuid4())
        one.upsert(VERSION, [item])
        [[hit]] = other.search(tenant, VERSION, direction(0)[np.newaxis], limit=5)
        assert hit.person_id == item.person_id


def test_so_it_is_in_an_indexed_collection_and_after_going_back(clients: Clients) -> None:
    one, other = clients
    tenant = new_tenant()
    held = templates(tenant, LARGE)
    late = template(tenant, held[0].vector)
    one.rebuild(VERSION, held[1:])
    one.rebuild(VERSION, held[1:], late=[late, replace(held[1], vector=held[2].vector)])
    assert found(other.search(tenant, VERSION, held[0].vector[np.newaxis], limit=1)[0]) == [late.template_id]
    [pair] = other.search(tenant, VERSION, held[2].vector[np.newaxis], limit=2)
    assert set(found(pair)) == {held[1].template_id, held[2].template_id}
    for item in held[3 : 3 + ROUNDS]:
        one.delete(tenant, [item.template_id])
        [hits] = other.search(tenant, VERSION, item.vector[np.newaxis], limit=1)
        assert found(hits) != [item.template_id]
    one.rollback(VERSION)
    # Not those that were deleted since: of them a former collection promises nothing, and Milvus 2.3 deletes in both.
    kept = held[-1]
    assert found(other.search(tenant, VERSION, kept.vector[np.newaxis], limit=1)[0]) == [kept.template_id]


def test_a_server_is_asked_whether_a_write_is_seen_before_it_is_answered(templating_milvus: tuple[str, Any]) -> None:
    """And Milvus Lite is not: its writes are seen once they are answered."""
    uri, servicer = templating_milvus
    with closing(MilvusVectorStore(MilvusSettings(uri=uri, alias=f"t{uuid4().hex}"))) as store:
        store.ensure(VERSION)
        item = template(new_tenant(), direction(0))
        writes: list[Callable[[], None]] = [
            lambda: store.upsert(VERSION, [item]),
            lambda: store.delete(item.tenant_id, [item.template_id]),
        ]
        for write in writes:
            before = len(servicer.strong_reads)
            write()
            assert len(servicer.strong_reads) == before + 1
        before = len(servicer.strong_reads)
        store.search(item.tenant_id, VERSION, direction(0)[np.newaxis], limit=1)
        store.upsert(VERSION, [])
        assert len(servicer.strong_reads) == before


@pytest.mark.e2e
@pytest.mark.parametrize(("wanted", "made"), [("auto", "SCANN"), ("ivf_flat", "IVF_FLAT")])
def test_a_server_makes_the_index_of_the_settings(real_milvus: str, wanted: str, made: str) -> None:
    settings = MilvusSettings.model_validate(
        {"uri": real_milvus, "alias": f"t{uuid4().hex}", "index": wanted, "timeout_seconds": 60.0}
    )
    with closing(MilvusVectorStore(settings)) as store, closing(MilvusClient(uri=real_milvus)) as admin:
        store.ensure(VERSION)
        assert admin.describe_index(store.served().collection, "embedding")["index_type"] == made
