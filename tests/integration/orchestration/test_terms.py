"""Terms applied by Dagster: tenants as partitions, a range of them in one run, partitions that are of nobody, days."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from unittest.mock import patch
from uuid import uuid4

import pytest
from dagster import (
    DagsterInstance,
    DagsterUnknownPartitionError,
    ExecuteInProcessResult,
    RunRequest,
    SensorResult,
    SkipReason,
    build_schedule_context,
    build_sensor_context,
)
from dagster._core.test_utils import instance_for_test
from sqlalchemy import Engine, text

from footfall.environment import settings_environment
from footfall.operations import OperatorServices
from footfall.settings import Settings
from footfall.tenancy import tenant_transaction
from orchestration.definitions import build_definitions
from orchestration.resources import RecordResource
from orchestration.schedules import nightly_terms, requests_for
from orchestration.sensors import tenants_changed
from tests.integration.marts import Record, new_tenant
from tests.integration.orchestration.conftest import RunJob
from tests.servers import MigratedPostgres

NOW = datetime.now(UTC)
RANGE = "dagster/asset_partition_range_{}"


@pytest.fixture
def instance(settings: Settings) -> Iterator[DagsterInstance]:
    with patch.dict(os.environ, settings_environment(settings, secrets=True)), instance_for_test() as own:
        yield own


def look(instance: DagsterInstance) -> SensorResult:
    with build_sensor_context(instance=instance) as context:
        result = tenants_changed(context, record=RecordResource())
    assert isinstance(result, SensorResult)
    return result


def apply(instance: DagsterInstance, result: SensorResult) -> None:
    """As the daemon does."""
    for request in result.dynamic_partitions_requests or ():
        if hasattr(request, "partition_keys") and type(request).__name__.startswith("Add"):
            instance.add_dynamic_partitions("tenants", list(request.partition_keys))
        else:
            for key in request.partition_keys:
                instance.delete_dynamic_partition("tenants", key)


def run(
    settings: Settings,
    instance: DagsterInstance,
    job: str,
    *,
    key: str | None = None,
    keys: tuple[str, str] | None = None,
) -> ExecuteInProcessResult:
    tags = None if keys is None else {RANGE.format("start"): keys[0], RANGE.format("end"): keys[1]}
    return (
        build_definitions(settings)
        .resolve_job_def(job)
        .execute_in_process(instance=instance, partition_key=key, tags=tags, raise_on_error=False)
    )


def said(result: ExecuteInProcessResult) -> str:
    return str([event.step_failure_data for event in result.all_events if event.is_step_failure])


def customers(app: Engine, record: Record) -> int:
    with tenant_transaction(app, record.tenant_id) as connection:
        return int(connection.execute(text("select count(*) from footfall.customers")).scalar_one())


def test_tenants_are_partitions_and_one_run_forgets_customers_of_all_of_them(
    instance: DagsterInstance, settings: Settings, app: Engine, record: Record, database: MigratedPostgres
) -> None:
    other = Record(app, new_tenant(database))
    for each in (record, other):
        customer = each.customer()
        each.visit(each.site(), customer, NOW - timedelta(days=50), first=True)
        each.execute(
            "update footfall.customers set first_seen_at = now() - interval '50 days', last_seen_at = "
            "now() - interval '50 days'"
        )
    apply(instance, look(instance))
    keys = instance.get_dynamic_partitions("tenants")
    assert {str(record.tenant_id), str(other.tenant_id)} <= set(keys)
    assert look(instance).skip_reason is not None

    context = build_schedule_context(instance=instance)
    [asked] = nightly_terms(context, record=RecordResource())  # type: ignore[misc]
    assert isinstance(asked, RunRequest)
    first, last = (str(asked.tags[RANGE.format(end)]) for end in ("start", "end"))
    assert (first, last) == (keys[0], keys[-1])

    result = run(settings, instance, "apply_terms", keys=(first, last))
    assert result.success, said(result)
    assert (customers(app, record), customers(app, other)) == (0, 0)
    [made] = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key is not None and event.asset_key.to_user_string() == "expired_customers"
    ][:1]
    assert made.metadata["customers"].value == 2
    assert made.metadata["visits"].value == 2

    # A partition that is of nobody: never known to Dagster, and known but deleted.
    with pytest.raises(DagsterUnknownPartitionError):
        run(settings, instance, "apply_terms", key=str(uuid4()))
    gone = str(uuid4())
    instance.add_dynamic_partitions("tenants", [gone, "acme"])
    for key, why in ((gone, "it was deleted, or never was"), ("acme", "is no tenant's id")):
        result = run(settings, instance, "apply_terms", key=key)
        assert not result.success
        assert why in said(result)
    asks = list(requests_for(instance.get_dynamic_partitions("tenants"), set(keys)))
    assert [request.partition_key for request in asks if isinstance(request, RunRequest)] == list(keys)
    apply(instance, look(instance))
    assert set(instance.get_dynamic_partitions("tenants")) == set(keys)


def test_without_a_tenant_the_night_is_skipped() -> None:
    assert [type(each) for each in requests_for([], set())] == [SkipReason]


def test_a_range_of_days_is_reopened_in_one_run(
    instance: DagsterInstance, settings: Settings, app: Engine, record: Record
) -> None:
    record.site()
    first, last = "2026-10-01", "2026-10-03"
    result = run(settings, instance, "reopen_days", keys=(first, last))
    assert result.success, said(result)
    with tenant_transaction(app, record.tenant_id) as connection:
        noted = connection.execute(text("select distinct touched_at::date from footfall.traffic_changes order by 1"))
        assert [str(day) for day in noted.scalars()] == [first, "2026-10-02", last]


def test_a_tenants_day_is_counted(instance: DagsterInstance, settings: Settings, record: Record) -> None:
    instance.add_dynamic_partitions("tenants", [str(record.tenant_id)])
    place = record.site()
    record.sighting(place, "2026-10-01 10:00")
    record.visit(place, record.customer(), "2026-10-01 10:00")
    result = run(settings, instance, "count_days", key=f"2026-10-01|{record.tenant_id}")
    assert result.success, said(result)
    [made] = [event.materialization for event in result.get_asset_materialization_events()]
    assert (made.metadata["dagster/row_count"].value, made.metadata["visits"].value) == (1, 1)


def test_the_nightly_sweep_takes_vectors_and_rows_of_marts(
    run_job: RunJob, settings: Settings, services: OperatorServices
) -> None:
    """Its images have tests of their own; here no bucket is set, and the other assets are not held up by that."""
    services.vectors.ensure(services.model_version)
    result = run_job("sweep_images", settings)
    made = {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}
    assert {"orphaned_vectors", "aged_marts"} <= made
