"""The same history, told to a stand-in and to the real part, leads to the same answers at every step."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest

from footfall.errors import FootfallError
from footfall.settings import MilvusSettings, S3Settings
from footfall.stores.base import BucketKind
from footfall.stores.objects import S3ObjectStore
from footfall.stores.standins import MemoryObjectStore, MemoryVectorStore
from tests.contract.conftest import OpenVectors
from tests.contract.templates import VERSION, new_tenant, templates

STEPS = 120


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_vector_stores_agree_on_a_random_history(seed: int, open_milvus: OpenVectors) -> None:
    chance = random.Random(seed)
    tenants = [new_tenant() for _ in range(3)]
    known = [item for number, tenant in enumerate(tenants) for item in templates(tenant, 40, seed=number)]
    stores = (MemoryVectorStore(MilvusSettings()), open_milvus())
    for store in stores:
        store.ensure(VERSION)

    for step in range(STEPS):
        some = chance.sample(known, chance.randint(1, 12))
        tenant = chance.choice(tenants)
        match chance.choices(["write", "move", "delete", "rebuild"], [5, 2, 5, 0.2])[0]:
            case "write":
                for store in stores:
                    store.upsert(VERSION, some)
            case "move":
                moved = [replace(item, vector=chance.choice(known).vector) for item in some]
                for store in stores:
                    store.upsert(VERSION, moved)
            case "delete":
                for store in stores:
                    store.delete(tenant, [item.template_id for item in some])
            case "rebuild":
                assert stores[0].rebuild(VERSION, some).vectors == stores[1].rebuild(VERSION, some).vectors
        assert stores[0].template_ids(tenant) == stores[1].template_ids(tenant), f"step {step}"
        probes = np.stack([item.vector for item in some[:2]])
        for mine, theirs in zip(*(store.search(tenant, VERSION, probes, limit=60) for store in stores), strict=True):
            persons = [{(hit.template_id, hit.person_kind, hit.person_id) for hit in hits} for hits in (mine, theirs)]
            assert persons[0] == persons[1], f"step {step}"
            assert [hit.score for hit in mine] == pytest.approx([hit.score for hit in theirs], abs=1e-5)


@pytest.mark.parametrize("seed", [1, 2])
def test_object_stores_agree_on_a_random_history(seed: int, s3: S3Settings) -> None:
    chance = random.Random(seed)
    tenants = [new_tenant() for _ in range(3)]
    names = ["a.jpg", "b.jpg", "a/b.jpg", "a/b/c.jpg", "z-_.0/A", "../a.jpg", "a//b", ""]
    buckets: list[BucketKind] = ["raw", "derived"]
    stores = (MemoryObjectStore(s3), S3ObjectStore(s3))
    for store in stores:
        store.ensure()

    def told(store: MemoryObjectStore | S3ObjectStore, action: str, number: int) -> object:
        pick = random.Random(f"{seed} {number}")
        tenant, bucket, name = pick.choice(tenants), pick.choice(buckets), pick.choice(names)
        key = f"{pick.choice(tenants)}/{pick.choice(names)}"
        try:
            match action:
                case "put":
                    return store.put(tenant, bucket, name, pick.randbytes(pick.randint(0, 2_000)), "image/jpeg")
                case "get":
                    return store.get(tenant, bucket, key)
                case "delete":
                    return store.delete(tenant, bucket, [key])
                case _:
                    return sorted((item.key, item.size_bytes) for item in store.list(tenant, bucket))
        except FootfallError as error:
            return type(error), error.message

    for number in range(STEPS * 2):
        action = chance.choices(["put", "get", "delete", "list"], [4, 3, 2, 2])[0]
        answers = [told(store, action, number) for store in stores]
        assert answers[0] == answers[1], f"step {number}: {action}"
