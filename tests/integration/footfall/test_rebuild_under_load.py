"""A rebuild over the real Postgres and the real Milvus while people are searched and recorded: nobody is missed, no
search fails, nothing that was written is lost.

What was done meanwhile is logged: `pytest -m e2e -o log_cli=true -o log_cli_level=INFO` shows it.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from time import perf_counter
from uuid import UUID, uuid4

import numpy as np
import pytest
from sqlalchemy import text

from footfall.gallery import GalleryRebuild, gallery_drift, rebuild_gallery
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array
from tests.integration.footfall.world import MORNING, World
from tests.vectors import like, person

logger = logging.getLogger(__name__)

SEARCHERS = 2
ROWS_AT_ONCE = 2_000


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


def search_until(
    ended: threading.Event, world: World, ids: list[UUID], vectors: Float32Array, seed: int
) -> list[float]:
    """Seconds of each search, each of which found its person first. Raises AssertionError at the first miss."""
    random, took = np.random.default_rng(seed), list[float]()
    while not ended.is_set():
        row = int(random.integers(len(ids)))
        probe = like(vectors[row], 0.7, shot=int(random.integers(1_000)))
        began = perf_counter()
        [hits] = world.services.vectors.search(
            world.tenant_id, world.services.model_version, probe[np.newaxis], limit=20
        )
        took.append(perf_counter() - began)
        assert hits, "nobody was found"
        assert hits[0].person_id == ids[row], "somebody else was found"
    return took


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
    return made


@pytest.mark.parametrize("count", [1_500, pytest.param(100_000, marks=pytest.mark.e2e)])
def test_a_rebuild_under_load_misses_nobody_and_loses_nothing(over_milvus: World, count: int) -> None:
    world, services = over_milvus, over_milvus.services
    ids, vectors = settle_customers(world, count)
    first = rebuild_gallery(services.engine, services.vectors, [world.tenant_id], services.model_version)
    assert first.report.vectors == count
    logger.info("served: %s, %d vectors", first.report.collection, count)
    ended = threading.Event()
    with ThreadPoolExecutor(SEARCHERS + 1) as pool:
        searching: list[Future[list[float]]] = [
            pool.submit(search_until, ended, world, ids, vectors, seed) for seed in range(SEARCHERS)
        ]
        recording = pool.submit(record_until, ended, world)
        try:
            rebuilt = rebuild_gallery(services.engine, services.vectors, [world.tenant_id], services.model_version)
        finally:
            ended.set()
        searches = [each.result() for each in searching]
        strangers = recording.result()
    told(rebuilt, [second for took in searches for second in took], len(strangers))
    assert rebuilt.report.previous == first.report.collection
    assert rebuilt.verification.recall_at_1 >= 0.999
    assert min(map(len, searches)) > 0
    assert len(strangers) == len(set(strangers)) > 0
    assert gallery_drift(services.engine, services.vectors, world.tenant_id, services.model_version).none
    assert world.count("customers") == count + len(strangers)


def told(rebuilt: GalleryRebuild, took: list[float], strangers: int) -> None:
    """The log of what was done while the collection was rebuilt."""
    report, verified = rebuilt.report, rebuilt.verification
    logger.info("rebuilt: %s, %d vectors in %.1f s", report.collection, report.vectors, report.seconds)
    logger.info(
        "verified: %d templates, %d sampled vectors, recall@1 %.4f and @10 %.4f over %d probes, nprobe %s",
        *(verified.templates, verified.sampled_vectors, verified.recall_at_1, verified.recall_at_10),
        *(verified.probes, verified.nprobe),
    )
    logger.info(
        "meanwhile: %d searches, all found their person, p50 %.0f ms, p95 %.0f ms, longest %.0f ms",
        len(took),
        *(1e3 * float(np.quantile(took, share)) for share in (0.5, 0.95, 1.0)),
    )
    logger.info("meanwhile: %d strangers became customers and were recognised again, none lost", strangers)
