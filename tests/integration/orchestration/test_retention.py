"""Sweeping images off the real S3 server: past their term, without a record, and the check that reads it back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from dagster import ExecuteInProcessResult
from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.operations import OperatorServices
from footfall.retention import count_overdue_raw_images, sweep_expired_raw_images, sweep_orphaned_images
from footfall.settings import S3Settings, Settings
from footfall.stores.base import BucketKind, ObjectStore
from footfall.stores.objects import S3ObjectStore
from tests.integration.marts import Record, engine_of, new_tenant
from tests.integration.orchestration.conftest import RunJob
from tests.relays import undeletable
from tests.servers import MigratedPostgres


@pytest.fixture
def objects(s3: S3Settings) -> ObjectStore:
    store = S3ObjectStore(s3)
    store.ensure()
    return store


@pytest.fixture
def operator(database: MigratedPostgres) -> Iterator[Engine]:
    engine = engine_of(database.operator_dsn)
    yield engine
    engine.dispose()


@pytest.fixture
def served(services: OperatorServices) -> None:
    """A gallery, which one asset of the job looks into."""
    services.vectors.ensure(services.model_version)


def later(**after: float) -> datetime:
    """The server says when an image was stored, so it is the sweep's clock that is put forward."""
    return datetime.now(UTC) + timedelta(**after)


def keys(objects: ObjectStore, tenant_id: TenantId, bucket: BucketKind = "raw") -> set[str]:
    return {item.key for item in objects.list(tenant_id, bucket)}


def put(objects: ObjectStore, record: Record, name: str, bucket: BucketKind = "raw") -> str:
    return objects.put(record.tenant_id, bucket, name, b"jpeg", "image/jpeg")


def test_images_go_when_their_tenants_term_is_over_and_nobody_elses_do(
    objects: ObjectStore, operator: Engine, record: Record, app: Engine, database: MigratedPostgres
) -> None:
    """The tenant promises thirty days as the bucket does; the other one seven."""
    stricter = Record(app, new_tenant(database))
    stricter.execute("update footfall.tenants set retention_days = 7")
    mine, theirs = put(objects, record, "a.jpg"), put(objects, stricter, "a.jpg")
    both = [record.tenant_id, stricter.tenant_id]

    preview = sweep_expired_raw_images(operator, objects, both, bucket_days=30, now=later(days=8), dry_run=True)
    assert [(sweep.found, sweep.deleted) for sweep in preview] == [(0, 0), (1, 0)]
    assert keys(objects, stricter.tenant_id) == {theirs}
    assert count_overdue_raw_images(operator, objects, both, bucket_days=30, now=later(days=7.5)) == {}
    assert list(count_overdue_raw_images(operator, objects, both, bucket_days=30, now=later(days=8.5)).values()) == [1]

    swept = sweep_expired_raw_images(operator, objects, both, bucket_days=30, now=later(days=8), dry_run=False)
    assert [(sweep.found, sweep.deleted) for sweep in swept] == [(0, 0), (1, 1)]
    assert keys(objects, record.tenant_id) == {mine}
    assert keys(objects, stricter.tenant_id) == set()
    assert count_overdue_raw_images(operator, objects, both, bucket_days=30, now=later(days=8.5)) == {}


def test_images_that_no_row_names_go_and_those_that_are_named_stay(
    objects: ObjectStore, operator: Engine, record: Record
) -> None:
    named, orphan = put(objects, record, "named.jpg"), put(objects, record, "orphan.jpg")
    derived = put(objects, record, "faces/photograph.jpg", "derived")
    event = record.sighting(record.site(), "2026-11-22 10:00")
    record.execute("update footfall.face_events set image_key = :key where event_id = :event", key=named, event=event)
    sweep_orphaned_images(operator, objects, [record.tenant_id], now=later(hours=1), dry_run=False)
    assert keys(objects, record.tenant_id) == {named, orphan}, "too young to be an orphan"
    sweeps = sweep_orphaned_images(operator, objects, [record.tenant_id], now=later(days=2), dry_run=False)
    assert [(sweep.bucket, sweep.deleted) for sweep in sweeps] == [("raw", 1), ("derived", 1)]
    assert keys(objects, record.tenant_id) == {named}
    assert derived not in keys(objects, record.tenant_id, "derived")


def test_an_image_that_came_late_goes_with_the_day_on_which_the_face_was_seen(
    objects: ObjectStore, operator: Engine, record: Record
) -> None:
    """From an outbox that was cut off for weeks, or from a backup: its object is young, the face is not."""
    place = record.site()
    early, lately = (record.sighting(place, later(days=-days)) for days in (29, 2))
    keys_of = {event: put(objects, record, f"events/{event}.jpg") for event in (early, lately)}
    [kept] = sweep_expired_raw_images(operator, objects, [record.tenant_id], bucket_days=30, now=later(), dry_run=False)
    assert kept.found == 0
    [swept] = sweep_expired_raw_images(
        operator, objects, [record.tenant_id], bucket_days=30, now=later(days=2), dry_run=False
    )
    assert swept.deleted == 1
    assert keys(objects, record.tenant_id) == {keys_of[lately]}


def test_more_than_one_request_can_delete_all_go(objects: ObjectStore, operator: Engine, record: Record) -> None:
    for number in range(1001):
        put(objects, record, f"{number}.jpg")
    looked_at: list[int] = []
    [sweep] = sweep_expired_raw_images(
        operator,
        objects,
        [record.tenant_id],
        bucket_days=30,
        now=later(days=31),
        dry_run=False,
        progress=looked_at.append,
    )
    assert (sweep.deleted, looked_at) == (1001, [1000])
    assert keys(objects, record.tenant_id) == set()


def test_a_tenant_that_was_deleted_meanwhile_is_passed_over(objects: ObjectStore, operator: Engine) -> None:
    gone = TenantId(uuid4())
    assert sweep_expired_raw_images(operator, objects, [gone], bucket_days=30, now=later(), dry_run=False) == []
    assert sweep_orphaned_images(operator, objects, [gone], now=later(), dry_run=False) == []


@pytest.mark.usefixtures("served")
def test_the_nightly_job_sweeps_and_its_check_reads_the_bucket_back(
    run_job: RunJob, settings: Settings, s3: S3Settings, objects: ObjectStore, record: Record
) -> None:
    key = put(objects, record, "young.jpg")
    result = run_job("sweep_images", settings.model_copy(update={"s3": s3}))
    assert result.success
    assert check(result, "no_expired_images")
    assert key in keys(objects, record.tenant_id)


def test_a_bucket_that_refuses_is_a_plain_failure_of_the_run(
    run_job: RunJob, settings: Settings, s3: S3Settings
) -> None:
    wrong = s3.model_copy(update={"secret_key": s3.access_key})
    result = run_job("sweep_images", settings.model_copy(update={"s3": wrong}))
    assert not result.success
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    assert "S3 refuses the request" in str([failure.user_failure_data for failure in failures])


@pytest.mark.usefixtures("served")
def test_a_bucket_that_refuses_to_delete_fails_the_run_and_the_next_one_sweeps(
    run_job: RunJob, settings: Settings, s3: S3Settings, objects: ObjectStore, record: Record
) -> None:
    overdue = record.sighting(record.site(), later(days=-40))
    key = put(objects, record, f"events/{overdue}.jpg")
    assert s3.endpoint is not None
    with undeletable(s3.endpoint) as (endpoint, refusing):
        refused = settings.model_copy(update={"s3": s3.model_copy(update={"endpoint": endpoint})})
        result = run_job("sweep_images", refused)
        assert not result.success
        failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
        assert "S3 refuses the request (AccessDenied)" in str([failure.user_failure_data for failure in failures])
        assert keys(objects, record.tenant_id) == {key}
        refusing.clear()
        assert run_job("sweep_images", refused).success
    assert keys(objects, record.tenant_id) == set()


def check(result: ExecuteInProcessResult, name: str) -> bool:
    [told] = [item for item in result.get_asset_check_evaluations() if item.check_name == name]
    return told.passed
