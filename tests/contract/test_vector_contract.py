"""What every vector store promises, over the stand-in and over Milvus alike."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from uuid import uuid4

import numpy as np
import pytest

from contracts.base import TemplateId
from contracts.events import EMBEDDING_DIMENSION
from footfall.errors import (
    EmbeddingInvalidError,
    InputError,
    ModelVersionMismatchError,
    VectorsUnavailableError,
)
from footfall.stores.base import StoredTemplate, VectorStore
from footfall.vision.types import Float32Array
from tests.contract.templates import (
    VERSION,
    direction,
    found,
    ids_of,
    leaning,
    new_tenant,
    template,
    templates,
)

# --- before and after ensure ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "call",
    [
        lambda store: store.upsert(VERSION, templates(new_tenant(), 1)),
        lambda store: store.delete(new_tenant(), [uuid4()]),
        lambda store: store.search(new_tenant(), VERSION, direction(0)[np.newaxis], limit=1),
        lambda store: store.template_ids(new_tenant()),
    ],
    ids=["upsert", "delete", "search", "template_ids"],
)
def test_nothing_works_before_ensure(vectors: VectorStore, call: Callable[[VectorStore], object]) -> None:
    with pytest.raises(VectorsUnavailableError, match="alias"):
        call(vectors)


def test_ensure_again_changes_nothing(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 3)
    ready.upsert(VERSION, held)
    ready.ensure(VERSION)
    assert ready.template_ids(tenant) == ids_of(held)


def test_ping_describes_the_server_before_ensure(vectors: VectorStore) -> None:
    assert any(word in vectors.ping() for word in ("Milvus", "in-memory"))


# --- writing and finding -------------------------------------------------------------------------------


def test_the_nearest_come_first_with_their_cosine_and_their_person(ready: VectorStore) -> None:
    tenant = new_tenant()
    near = template(tenant, leaning(0, 1, 0.8), kind="staff")
    far = template(tenant, leaning(0, 2, 0.3))
    opposite = template(tenant, -direction(0))
    ready.upsert(VERSION, [far, opposite, near])
    [hits] = ready.search(tenant, VERSION, direction(0)[np.newaxis], limit=10)
    assert found(hits) == [near.template_id, far.template_id, opposite.template_id]
    assert [hit.score for hit in hits] == pytest.approx([0.8, 0.3, -1.0], abs=1e-5)
    assert all(-1.0 <= hit.score <= 1.0 for hit in hits)
    assert (hits[0].person_kind, hits[0].person_id) == ("staff", near.person_id)
    assert (hits[1].person_kind, hits[1].person_id) == ("customer", far.person_id)


def test_each_probe_has_its_own_hits_in_the_probes_order(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = [template(tenant, direction(axis)) for axis in range(4)]
    ready.upsert(VERSION, held)
    hits = ready.search(tenant, VERSION, np.stack([direction(2), direction(0)]), limit=1)
    assert [found(each) for each in hits] == [[held[2].template_id], [held[0].template_id]]


def test_no_probe_has_no_hits(ready: VectorStore) -> None:
    assert ready.search(new_tenant(), VERSION, np.zeros((0, EMBEDDING_DIMENSION), np.float32), limit=1) == []


def test_an_empty_gallery_gives_each_probe_an_empty_list(ready: VectorStore) -> None:
    assert ready.search(new_tenant(), VERSION, np.stack([direction(0), direction(1)]), limit=5) == [[], []]


def test_no_more_hits_than_asked_for(ready: VectorStore) -> None:
    tenant = new_tenant()
    ready.upsert(VERSION, templates(tenant, 9))
    [hits] = ready.search(tenant, VERSION, direction(0)[np.newaxis], limit=4)
    assert len(hits) == 4


@pytest.mark.parametrize("limit", [0, -1, 16_385])
def test_a_limit_that_no_server_gives_is_refused(ready: VectorStore, limit: int) -> None:
    with pytest.raises(InputError):
        ready.search(new_tenant(), VERSION, direction(0)[np.newaxis], limit=limit)


def test_upsert_replaces_vector_and_person(ready: VectorStore) -> None:
    tenant = new_tenant()
    first = template(tenant, direction(0))
    second = replace(first, vector=direction(1), person_kind="staff", person_id=uuid4())
    ready.upsert(VERSION, [first])
    ready.upsert(VERSION, [second])
    [[hit]] = ready.search(tenant, VERSION, direction(1)[np.newaxis], limit=5)
    assert (hit.person_kind, hit.person_id) == ("staff", second.person_id)
    assert hit.score == pytest.approx(1.0, abs=1e-5)


def test_of_two_with_one_id_in_one_call_the_last_counts(ready: VectorStore) -> None:
    tenant = new_tenant()
    first = template(tenant, direction(0))
    ready.upsert(VERSION, [first, replace(first, vector=direction(1))])
    [[hit]] = ready.search(tenant, VERSION, direction(1)[np.newaxis], limit=5)
    assert hit.score == pytest.approx(1.0, abs=1e-5)


def test_more_than_one_request_full_is_written_listed_and_deleted(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 1_203)
    ready.upsert(VERSION, held)
    assert ready.template_ids(tenant) == ids_of(held)
    ready.delete(tenant, [item.template_id for item in held[3:]])
    assert ready.template_ids(tenant) == ids_of(held[:3])


def test_writing_and_deleting_nothing_is_nothing(ready: VectorStore) -> None:
    tenant = new_tenant()
    ready.upsert(VERSION, [])
    ready.delete(tenant, [])
    assert ready.template_ids(tenant) == set()


# --- deleting ------------------------------------------------------------------------------------------


def test_what_was_deleted_is_neither_found_nor_listed(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = [template(tenant, direction(axis)) for axis in range(3)]
    ready.upsert(VERSION, held)
    ready.delete(tenant, [held[0].template_id, TemplateId(uuid4())])
    [hits] = ready.search(tenant, VERSION, direction(0)[np.newaxis], limit=5)
    assert set(found(hits)) == ready.template_ids(tenant) == ids_of(held[1:])


def test_what_was_deleted_can_be_written_again(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = template(tenant, direction(0))
    ready.upsert(VERSION, [held])
    ready.delete(tenant, [held.template_id])
    ready.upsert(VERSION, [held])
    [hits] = ready.search(tenant, VERSION, direction(0)[np.newaxis], limit=5)
    assert found(hits) == [held.template_id]


# --- tenants -------------------------------------------------------------------------------------------


def test_a_tenant_neither_finds_nor_lists_nor_deletes_anothers_templates(ready: VectorStore) -> None:
    ours, theirs = new_tenant(), new_tenant()
    mine, other = template(ours, leaning(0, 1, 0.2)), template(theirs, direction(0))
    ready.upsert(VERSION, [mine, other])
    [hits] = ready.search(ours, VERSION, direction(0)[np.newaxis], limit=5)
    assert found(hits) == [mine.template_id]
    assert ready.template_ids(ours) == {mine.template_id}
    ready.delete(ours, [mine.template_id, other.template_id])
    assert ready.template_ids(ours) == set()
    assert ready.template_ids(theirs) == {other.template_id}


# --- what is no template -------------------------------------------------------------------------------

BROKEN = {
    "short": np.ones(128, np.float32) / np.sqrt(128),
    "long": direction(0) * 1.01,
    "zero": np.zeros(EMBEDDING_DIMENSION, np.float32),
    "not a number": np.full(EMBEDDING_DIMENSION, np.nan, np.float32),
    "infinite": np.full(EMBEDDING_DIMENSION, np.inf, np.float32),
    "matrix": direction(0)[np.newaxis],
}


@pytest.mark.parametrize("vector", BROKEN.values(), ids=BROKEN)
def test_a_broken_template_is_refused_and_nothing_of_its_call_is_written(
    ready: VectorStore, vector: Float32Array
) -> None:
    tenant = new_tenant()
    with pytest.raises(EmbeddingInvalidError) as refused:
        ready.upsert(VERSION, [template(tenant, direction(0)), template(tenant, vector)])
    assert ready.template_ids(tenant) == set()
    assert "nan" not in str(refused.value)


@pytest.mark.parametrize(
    "vector", [BROKEN["short"], BROKEN["long"], BROKEN["not a number"]], ids=["short", "long", "nan"]
)
def test_a_broken_probe_is_refused(ready: VectorStore, vector: Float32Array) -> None:
    with pytest.raises(EmbeddingInvalidError):
        ready.search(new_tenant(), VERSION, vector[np.newaxis], limit=1)


def test_a_single_vector_is_no_list_of_probes(ready: VectorStore) -> None:
    with pytest.raises(EmbeddingInvalidError):
        ready.search(new_tenant(), VERSION, direction(0), limit=1)


# --- model versions ------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", ["mock-2", "mock_1", "MOCK-1", "mock", "mock-10"])
def test_another_model_version_is_refused(ready: VectorStore, other: str) -> None:
    tenant = new_tenant()
    with pytest.raises(ModelVersionMismatchError):
        ready.upsert(other, templates(tenant, 1))
    with pytest.raises(ModelVersionMismatchError):
        ready.search(tenant, other, direction(0)[np.newaxis], limit=1)
    with pytest.raises(ModelVersionMismatchError):
        ready.ensure(other)
    assert ready.template_ids(tenant) == set()


# --- many threads --------------------------------------------------------------------------------------


def test_threads_find_what_they_wrote_and_keep_what_they_did_not_delete(ready: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 64)

    def write_find_delete(mine: list[StoredTemplate]) -> None:
        for number, item in enumerate(mine):
            ready.upsert(VERSION, [item])
            [hits] = ready.search(tenant, VERSION, item.vector[np.newaxis], limit=1)
            assert found(hits) == [item.template_id]
            if number % 2:
                ready.delete(tenant, [item.template_id])
                assert item.template_id not in ready.template_ids(tenant)

    shares = [held[start::8] for start in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write_find_delete, shares))
    assert ready.template_ids(tenant) == {item.template_id for share in shares for item in share[::2]}
