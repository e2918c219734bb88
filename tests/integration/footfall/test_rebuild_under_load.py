"""A rebuild over the real Postgres and the real Milvus while people are searched and recorded: nobody is missed, no
search fails, nothing that was written is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text

from footfall.gallery import gallery_drift, rebuild_gallery
from footfall.services import Services, open_services
from footfall.settings import load_settings
from footfall.stores.vectors import open_vectors
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.world import MORNING, World, settle_in
from tests.servers import MigratedPostgres
from tests.vectors import like, person

SEARCHERS = 2
ROWS_AT_ONCE = 2_000


@pytest.fixture
def world(postgres: MigratedPostgres, milvus_uri: str, tmp_path: Path, new_tenant: NewTenant) -> Iterator[World]:
    offline = open_services(load_settings(home=tmp_path, offline=True, postgres={"app_dsn": postgres.app_dsn}))
    milvus = {"uri": milvus_uri, "alias": f"load_{uuid4().hex[:8]}", "timeout_seconds": 60.0}
    settings = load_settings(home=tmp_path, postgres={"app_dsn": postgres.app_dsn}, milvus=milvus)
    services: Services = replace(offline, settings=settings, vectors=open_vectors(settings))
    services.prepare()
    yield settle_in(services, new_tenant("identify"))
    services.close()
    offline.vectors.close()


def settle_customers(world: World, count: int) -> tuple[list[UUID], Float32Array]:
    """Customers who are in Postgres alone, with one template each: ids and (count, 512) templates."""
    random = np.random.default_rng(1)
    vectors = random.normal(size=(count, 512)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    ids = [uuid4() for _ in range(count)]
    for start in range(0, count, ROWS_AT_ONCE):
        chosen = range(start, min(count, start + ROWS_AT_ONCE))
        rows = [
            {"tenant": world.tenant_id, "id": ids[row], "at": MORNING, "embedding": encode_vector(vectors[row])}
            for row in chosen
        ]
        with tenant_transaction(world.services.engine, world.tenant_id) as connection:
            connection.execute(
                text(
                    "insert into footfall.customers (tenant_id, customer_id, first_seen_at, last_seen_at) "
                    "values (:tenant, :id, :at, :at)"
                ),
                rows,
            )
            connection.execute(
                text(
                    "insert into footfall.customer_templates (tenant_id, template_id, customer_id, event_id, "
                    "model_version, embedding, quality_score) "
                    f"values (:tenant, :id, :id, :id, '{world.services.model_version}', :embedding, 0.8)"
                ),
                rows,
            )
    return ids, vectors


def search_until(ended: threading.Event, world: World, ids: list[UUID], vectors: Float32Array, seed: int) -> int:
    """How many searches were made, each of which found its person first. Raises AssertionError at the first miss."""
    random, made = np.random.default_rng(seed), 0
    while not ended.is_set():
        row = int(random.integers(len(ids)))
        probe = like(vectors[row], 0.7, shot=int(random.integers(1_000)))
        [hits] = world.services.vectors.search(
            world.tenant_id, world.services.model_version, probe[np.newaxis], limit=20
        )
        assert hits, "nobody was found"
        assert hits[0].person_id == ids[row], "somebody else was found"
        made += 1
    return made


def record_until(ended: threading.Event, world: World) -> list[UUID | None]:
    """Strangers come, each twice: the second time the customer that was made is recognised. Their ids."""
    made: list[UUID | None] = []
    number = 0
    while not ended.is_set():
        number += 1
        at = MORNING + timedelta(seconds=10 * number)
        first = world.see(person(50_000 + number), at=at)
        again = world.see(like(person(50_000 + number), 0.8), at=at + timedelta(hours=2))
        assert (first.decision.kind, again.decision.kind) == ("new_customer", "customer")
        assert again.decision.person_id == first.decision.person_id
        made.append(first.decision.person_id)
        time.sleep(0.02)
    return made


@pytest.mark.parametrize("count", [1_500, pytest.param(100_000, marks=pytest.mark.e2e)])
def test_a_rebuild_under_load_misses_nobody_and_loses_nothing(world: World, count: int) -> None:
    services = world.services
    ids, vectors = settle_customers(world, count)
    first = rebuild_gallery(services.engine, services.vectors, [world.tenant_id], services.model_version)
    assert first.report.vectors == count
    ended = threading.Event()
    with ThreadPoolExecutor(SEARCHERS + 1) as pool:
        searching: list[Future[int]] = [
            pool.submit(search_until, ended, world, ids, vectors, seed) for seed in range(SEARCHERS)
        ]
        recording = pool.submit(record_until, ended, world)
        try:
            rebuilt = rebuild_gallery(services.engine, services.vectors, [world.tenant_id], services.model_version)
        finally:
            ended.set()
        searches = [each.result() for each in searching]
        strangers = recording.result()
    assert rebuilt.report.previous == first.report.collection
    assert rebuilt.verification.recall_at_1 >= 0.999
    assert min(searches) > 0
    assert len(strangers) == len(set(strangers)) > 0
    assert gallery_drift(services.engine, services.vectors, world.tenant_id, services.model_version).none
    assert world.count("customers") == count + len(strangers)
