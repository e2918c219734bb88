"""What every vector store promises of a rebuild, over the stand-in and over Milvus alike."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from footfall.errors import EmbeddingInvalidError, ModelVersionMismatchError, PostgresUnavailableError
from footfall.stores.base import StoredTemplate, VectorStore
from tests.contract.templates import VERSION, found, ids_of, new_tenant, template, templates


def test_a_rebuild_serves_exactly_what_it_was_given(own: VectorStore) -> None:
    tenant = new_tenant()
    old, new = templates(tenant, 5, seed=1), templates(tenant, 7, seed=2)
    own.upsert(VERSION, old)
    report = own.rebuild(VERSION, iter(new))
    assert report.vectors == 7
    assert own.template_ids(tenant) == ids_of(new)
    [hits] = own.search(tenant, VERSION, new[3].vector[np.newaxis], limit=1)
    assert found(hits) == [new[3].template_id]


def test_a_rebuild_names_the_collection_it_replaced(own: VectorStore) -> None:
    first = own.rebuild(VERSION, [])
    second = own.rebuild(VERSION, [])
    assert first.previous is not None
    assert second.previous == first.collection
    assert len({first.previous, first.collection, second.collection}) == 3


def test_a_rebuild_needs_no_ensure(vectors: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 2)
    report = vectors.rebuild(VERSION, held)
    assert report.previous is None
    vectors.ensure(VERSION)
    assert vectors.template_ids(tenant) == ids_of(held)


def test_a_rebuild_brings_another_model_version_into_service(own: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 2)
    own.rebuild("mock-2", held)
    own.ensure("mock-2")
    assert len(own.search(tenant, "mock-2", held[0].vector[np.newaxis], limit=5)[0]) == 2
    with pytest.raises(ModelVersionMismatchError):
        own.upsert(VERSION, held)


def test_a_template_given_twice_is_counted_once(own: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 600)
    assert own.rebuild(VERSION, [*held, *held]).vectors == 600
    assert own.template_ids(tenant) == ids_of(held)


def _until_postgres_is_lost(held: list[StoredTemplate]) -> Iterator[StoredTemplate]:
    yield from held
    raise PostgresUnavailableError("Postgres did not answer.")


def test_a_rebuild_whose_source_fails_leaves_what_is_served(own: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 3)
    own.upsert(VERSION, held)
    with pytest.raises(PostgresUnavailableError):
        own.rebuild(VERSION, _until_postgres_is_lost(templates(tenant, 700, seed=1)))
    assert own.template_ids(tenant) == ids_of(held)


def test_a_broken_template_fails_the_rebuild_and_leaves_what_is_served(own: VectorStore) -> None:
    tenant = new_tenant()
    held = templates(tenant, 3)
    own.upsert(VERSION, held)
    with pytest.raises(EmbeddingInvalidError):
        own.rebuild(VERSION, [template(tenant, np.zeros(512, np.float32))])
    assert own.template_ids(tenant) == ids_of(held)


def test_what_is_written_during_a_rebuild_is_missing_after_it_until_it_is_written_again(own: VectorStore) -> None:
    """The documented price of a rebuild: the caller reads the record again after the switch and mends."""
    tenant = new_tenant()
    recorded, late = templates(tenant, 3, seed=1), templates(tenant, 1, seed=2)

    def record_read_before_the_late_one() -> Iterator[StoredTemplate]:
        yield from recorded
        own.upsert(VERSION, late)
        assert own.template_ids(tenant) == ids_of(late), "the alias still serves the former collection"

    own.rebuild(VERSION, record_read_before_the_late_one())
    assert own.template_ids(tenant) == ids_of(recorded)
    own.upsert(VERSION, late)
    assert own.template_ids(tenant) == ids_of(recorded + late)


def test_a_small_tenant_is_found_among_a_large_one(own: VectorStore) -> None:
    small, large = new_tenant(), new_tenant()
    held = templates(small, 3, seed=1)
    own.rebuild(VERSION, [*templates(large, 1_500, seed=2), *held])
    probes = np.stack([item.vector for item in held])
    hits = own.search(small, VERSION, probes, limit=3)
    assert [found(each)[0] for each in hits] == [item.template_id for item in held]
    assert all(set(found(each)) == ids_of(held) for each in hits)
