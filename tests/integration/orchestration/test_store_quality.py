"""Checks across the stores, each on stores that agree and on stores that do not; on the real servers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import numpy as np
import pytest
from sqlalchemy import Engine

from assets.quality_stores import verdict_on_stores
from contracts.base import CustomerId, TemplateId, TenantId
from footfall.data_quality_stores import faults_of_templates, missing_images
from footfall.settings import S3Settings, Settings
from footfall.stores.base import StoredTemplate
from footfall.stores.objects import S3ObjectStore
from tests.integration.marts import Record, engine_of
from tests.integration.orchestration.conftest import RunJob
from tests.servers import MigratedPostgres


@pytest.fixture
def operator(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.operator_dsn)
    yield engine
    engine.dispose()


def test_a_row_whose_image_is_gone_is_counted(s3: S3Settings, operator: Engine, record: Record) -> None:
    objects = S3ObjectStore(s3)
    objects.ensure()
    place, now = record.site(), datetime.now(UTC)
    event = record.sighting(place, now - timedelta(hours=1))
    key = objects.put(record.tenant_id, "raw", f"{event}.jpg", b"jpeg", "image/jpeg")
    record.execute(
        "update footfall.face_events set image_key = :key, received_at = captured_at where event_id = :event",
        key=key,
        event=event,
    )
    assert list(missing_images(operator, objects, [record.tenant_id], now)) == []

    objects.delete(record.tenant_id, "raw", [key])
    [found] = missing_images(operator, objects, [record.tenant_id], now)
    assert found.says == "are missing of 1 of 1 rows"
    verdict = verdict_on_stores([found], 1)
    assert not verdict.passed
    assert key not in str(verdict.metadata)
    # One that is past every term, and one whose row was made a moment ago, may be gone.
    assert list(missing_images(operator, objects, [record.tenant_id], now + timedelta(days=3))) == []
    assert list(missing_images(operator, objects, [record.tenant_id], now - timedelta(minutes=55))) == []


def templates(vectors: np.ndarray) -> list[StoredTemplate]:
    tenant = TenantId(uuid4())
    return [
        StoredTemplate(TemplateId(uuid4()), tenant, "customer", CustomerId(uuid4()), vector.astype(np.float32))
        for vector in vectors
    ]


def test_templates_of_another_norm_not_finite_or_all_alike_are_found() -> None:
    vectors = np.random.default_rng(3).normal(size=(40, 512))
    fine = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    assert list(faults_of_templates("acme", templates(fine))) == []
    assert list(faults_of_templates("acme", [])) == []

    drifted = fine.copy()
    drifted[:3] *= 1.01
    drifted[3, 0] = np.nan
    [found] = faults_of_templates("acme", templates(drifted))
    assert "not of norm 1 in 4 of 40" in found.says
    [alike] = faults_of_templates("acme", templates(np.tile(fine[0], (40, 1))))
    assert "all alike in 40" in alike.says


def test_the_gallerys_job_looks_at_the_templates(run_job: RunJob, settings: Settings, record: Record) -> None:
    result = run_job("check_gallery", settings)
    told = {check.check_name: check for check in result.get_asset_check_evaluations()}
    assert told["templates_have_their_norm"].passed
