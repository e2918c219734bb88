"""When jobs run by themselves. What they do is `orchestration.jobs`'."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dagster import (
    DefaultScheduleStatus,
    JobDefinition,
    ResourceParam,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    SkipReason,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from assets.partitions import TENANT_TAG, TENANTS
from orchestration.jobs import (
    APPLY_TERMS,
    CHECK_AUDIT_LOG,
    CHECK_EVENTS,
    CHECK_EXPECTATIONS,
    CHECK_GALLERY,
    LOOK_AT_RECORD,
    REBUILD_GALLERY,
    REFRESH_MARTS,
    SWEEP_IMAGES,
)
from orchestration.resources import RecordResource

_RANGE_START, _RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"


@schedule(
    name="nightly_terms",
    job=APPLY_TERMS,
    cron_schedule="20 2 * * *",
    execution_timezone="UTC",
    default_status=DefaultScheduleStatus.RUNNING,
    description="Every night at 02:20 UTC, for all tenants in one run.",
)
def nightly_terms(
    context: ScheduleEvaluationContext, record: ResourceParam[RecordResource]
) -> Iterator[RunRequest | SkipReason]:
    with record.open() as opened:
        there = {str(tenant_id) for tenant_id in opened.tenant_ids()}
    yield from requests_for(context.instance.get_dynamic_partitions(str(TENANTS.name)), there)


def requests_for(partitions: Sequence[str], there: set[str]) -> Iterator[RunRequest | SkipReason]:
    """One run for the whole range of partitions; while one of them is of a tenant that is gone, a run for each that is
    there."""
    known = [key for key in partitions if key in there]
    if not known:
        yield SkipReason("There is no tenant yet: the sensor tenants_changed adds them.")
    elif len(known) == len(partitions):
        yield RunRequest(tags={_RANGE_START: known[0], _RANGE_END: known[-1]})
    else:
        yield from (RunRequest(partition_key=key, tags={TENANT_TAG: key}) for key in known)


def _in_utc(
    name: str, job: JobDefinition | UnresolvedAssetJobDefinition, cron: str, description: str
) -> ScheduleDefinition:
    """Runs from the first start on, unless an operator stops it."""
    return ScheduleDefinition(
        name=name,
        job=job,
        cron_schedule=cron,
        execution_timezone="UTC",
        default_status=DefaultScheduleStatus.RUNNING,
        description=description,
    )


SCHEDULES: list[ScheduleDefinition] = [
    nightly_terms,
    _in_utc("nightly_gallery", REBUILD_GALLERY, "30 3 * * *", "Every night at 03:30 UTC."),
    _in_utc("hourly_marts", REFRESH_MARTS, "5 * * * *", "Five minutes past every hour."),
    _in_utc("nightly_retention", SWEEP_IMAGES, "45 2 * * *", "Every night at 02:45 UTC."),
    _in_utc("nightly_look_at_record", LOOK_AT_RECORD, "10 4 * * *", "Every night at 04:10 UTC, after the terms."),
    _in_utc("nightly_audit_check", CHECK_AUDIT_LOG, "15 4 * * *", "Every night at 04:15 UTC."),
    _in_utc("hourly_event_checks", CHECK_EVENTS, "50 * * * *", "Ten minutes to every hour."),
    _in_utc(
        "hourly_expectations",
        CHECK_EXPECTATIONS,
        "20 * * * *",
        "Twenty minutes past every hour, when the marts are fresh.",
    ),
    _in_utc(
        "hourly_gallery_check",
        CHECK_GALLERY,
        "35 * * * *",
        "Twenty-five minutes to every hour, so that a drift is noticed before the night mends it.",
    ),
]
