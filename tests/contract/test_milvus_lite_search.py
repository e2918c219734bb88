"""The faster search of the embedded Milvus finds what Milvus Lite's own finds, whatever was written, replaced and
deleted before, in segments and outside them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from milvus_lite import constants
from milvus_lite.adapter.grpc.servicer import MilvusServicer
from milvus_lite.engine import collection
from milvus_lite.search.executor_indexed import execute_search_with_index

from footfall.settings import MilvusSettings
from footfall.stores import milvus_lite
from footfall.stores.base import StoredTemplate
from footfall.stores.milvus_lite import FastSearch
from footfall.stores.vectors import MilvusVectorStore
from tests.contract.milvus_servers import served
from tests.contract.templates import VERSION, found, new_tenant, templates

OWN_SEARCH = execute_search_with_index


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MilvusVectorStore]:
    """Over an engine in this process that writes a segment every forty vectors or so."""
    monkeypatch.setattr(constants, "MEMTABLE_MEMORY_LIMIT", 100_000)
    monkeypatch.setattr(collection, "MEMTABLE_MEMORY_LIMIT", 100_000, raising=False)
    with served(MilvusServicer, tmp_path) as (uri, _):
        opened = MilvusVectorStore(MilvusSettings(uri=uri, nlist=8, nprobe=8))
        yield opened
        opened.close()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_searches_find_the_same_with_the_same_scores(
    store: MilvusVectorStore, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    store.ensure(VERSION)
    chance = random.Random(seed)
    tenants = [new_tenant(), new_tenant()]
    held: list[StoredTemplate] = []
    fast = FastSearch()
    for step in range(12):
        fresh = [
            each
            for number, tenant in enumerate(tenants)
            for each in templates(tenant, chance.randint(1, 60), seed=1_000 * number + 100 * seed + step)
        ]
        # Directions that nobody else has: of two with one score either may come first.
        others = templates(tenants[0], 20, seed=100 * seed + step + 50)
        replaced = [
            replace(old, vector=new.vector)
            for old, new in zip(chance.sample(held, min(20, len(held))), others, strict=False)
        ]
        store.upsert(VERSION, [*fresh, *replaced])
        known = {item.template_id: item for item in [*held, *fresh, *replaced]}
        for tenant in tenants:
            gone = [key for key, item in known.items() if item.tenant_id == tenant and chance.random() < 0.1]
            store.delete(tenant, gone)
            for key in gone:
                del known[key]
        held = list(known.values())
        probes = np.stack([item.vector for item in chance.sample(held, min(6, len(held)))])
        for tenant in tenants:
            answers = []
            for search in (OWN_SEARCH, fast):
                monkeypatch.setattr(collection, "execute_search_with_index", search)
                answers.append(store.search(tenant, VERSION, probes, limit=15))
            own, faster = answers
            assert [found(hits) for hits in faster] == [found(hits) for hits in own]
            assert [hit.score for hits in faster for hit in hits] == pytest.approx(
                [hit.score for hits in own for hit in hits], abs=1e-6
            )
            exact = {item.template_id for item in held if item.tenant_id == tenant}
            assert {hit.template_id for hits in faster for hit in hits} <= exact, "nothing deleted, nobody else's"


def test_a_release_that_is_not_known_keeps_its_own_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collection, "execute_search_with_index", OWN_SEARCH)
    monkeypatch.setattr(milvus_lite, "version", lambda _: "3.3.0")
    milvus_lite.install()
    assert collection.execute_search_with_index is OWN_SEARCH
    monkeypatch.setattr(milvus_lite, "version", lambda _: "3.2.9")
    milvus_lite.install()
    assert isinstance(collection.execute_search_with_index, FastSearch)
