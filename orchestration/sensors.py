"""What Dagster watches all the time: failed, stuck and missed runs, and staff that changed. What is worth telling is
`orchestration.run_watch`'s, and how it is told `footfall.alerts`'."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from dagster import (
    AssetSelection,
    AutomationConditionSensorDefinition,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    ResourceParam,
    RunFailureSensorContext,
    RunRequest,
    RunsFilter,
    SensorDefinition,
    SensorEvaluationContext,
    SensorResult,
    SkipReason,
    run_failure_sensor,
    sensor,
)
from dagster._core.definitions.run_request import InstigatorType
from dagster._utils.schedules import reverse_cron_string_iterator

from assets.partitions import TENANT_TAG, TENANTS
from footfall.alerts import Alert, send_alert
from footfall.settings import load_settings
from orchestration.failures import sentence_of
from orchestration.jobs import ERASE, LONGEST_RUN_SECONDS, REBUILD_GALLERY, REEMBED_TENANT
from orchestration.lost_runs import lost_runs
from orchestration.resources import RecordResource
from orchestration.run_watch import Concern, SeenRun, SeenSchedule, missed_schedules, stuck_runs
from orchestration.schedules import SCHEDULES

_MAX_RUNTIME = "dagster/max_runtime"
_ERASE_AGAIN_SECONDS = 600
_UNFINISHED = [
    DagsterRunStatus.QUEUED,
    DagsterRunStatus.NOT_STARTED,
    DagsterRunStatus.STARTING,
    DagsterRunStatus.STARTED,
    DagsterRunStatus.CANCELING,
]


@run_failure_sensor(
    default_status=DefaultSensorStatus.RUNNING,
    monitor_all_code_locations=True,
    minimum_interval_seconds=30,
    description="Tells the operators, by webhook and e-mail where these are set, that a run failed and why.",
)
def alert_on_failure(context: RunFailureSensorContext) -> None:
    alerts = load_settings().alerts
    steps = context.get_step_failure_events()
    said = [sentence_of(event) for event in steps] or [context.failure_event.message or "No reason given."]
    told = send_alert(
        alerts,
        Alert(
            f"A run of {context.dagster_run.job_name} failed",
            "\n".join(said),
            link=_run_link(alerts.link, context.dagster_run.run_id),
        ),
    )
    context.log.info("told by %s", " and ".join(told) or "nobody: no channel is set")


@sensor(
    name="watch_runs",
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=300,
    description="Tells the operators of runs that do not end, runs that do not begin and schedules that fell silent; "
    "of each once.",
)
def watch_runs(context: SensorEvaluationContext) -> SensorResult | SkipReason:
    now = datetime.now(UTC)
    concerns = [
        *stuck_runs(_unfinished(context.instance), now),
        *missed_schedules(_schedules(context.instance, now), now),
    ]
    known = set(json.loads(context.cursor)) if context.cursor else set()
    alerts = load_settings().alerts
    for concern in concerns:
        if concern.key not in known:
            context.log.warning("%s. %s", concern.title, concern.body)
            send_alert(alerts, _alert_of(concern, alerts.link))
    if not concerns:
        return SensorResult(cursor="[]", skip_reason="Every run and every schedule is on time.")
    return SensorResult(
        cursor=json.dumps(sorted(concern.key for concern in concerns)),
        skip_reason="; ".join(concern.title for concern in concerns),
    )


@sensor(
    name="staff_changed",
    job=REBUILD_GALLERY,
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Rebuilds the gallery and its thresholds when staff were enrolled or removed. What changed is searched "
    "from the first moment on; the rebuild verifies it and fits the thresholds to the gallery's size.",
)
def staff_changed(context: SensorEvaluationContext, record: ResourceParam[RecordResource]) -> RunRequest | SkipReason:
    with record.open() as opened:
        now = opened.staff_fingerprint()
    if context.cursor is None:
        context.update_cursor(now)
        return SkipReason("Looked for the first time; the nightly rebuild has what is enrolled so far.")
    if now == context.cursor:
        return SkipReason("Nobody was enrolled or removed.")
    busy = context.instance.get_runs(RunsFilter(job_name=REBUILD_GALLERY.name, statuses=_UNFINISHED), limit=1)
    if busy:
        return SkipReason("A rebuild is under way; the next one will follow it.")
    context.update_cursor(now)
    return RunRequest(run_key=now)


@sensor(
    name="second_version",
    job=REEMBED_TENANT,
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="While a second model version stands beside the one served, has the templates of every tenant that "
    "lacks some brought over.",
)
def second_version(context: SensorEvaluationContext, record: ResourceParam[RecordResource]) -> SensorResult:
    with record.open() as opened:
        wanted = opened.version_to_reach()
        if wanted is None:
            return SensorResult(skip_reason="No second model version stands, or it is paused.")
        behind = opened.tenants_behind(wanted)
    if not behind:
        return SensorResult(skip_reason=f"Every tenant has been brought over to {wanted}.")
    if context.instance.get_runs(RunsFilter(job_name=REEMBED_TENANT.name, statuses=_UNFINISHED), limit=1):
        return SensorResult(skip_reason="Tenants are being brought over.")
    keys = [str(tenant_id) for tenant_id in behind]
    return SensorResult(
        dynamic_partitions_requests=[TENANTS.build_add_request(keys)],
        run_requests=[RunRequest(partition_key=key, tags={TENANT_TAG: key}) for key in keys],
    )


@sensor(
    name="tenants_changed",
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Adds a partition for every tenant that was made, and removes those of tenants that are gone.",
)
def tenants_changed(context: SensorEvaluationContext, record: ResourceParam[RecordResource]) -> SensorResult:
    with record.open() as opened:
        there = [str(tenant_id) for tenant_id in opened.tenant_ids()]
    known = context.instance.get_dynamic_partitions(str(TENANTS.name))
    added = [key for key in there if key not in set(known)]
    gone = [key for key in known if key not in set(there)]
    if not added and not gone:
        return SensorResult(skip_reason=f"The {len(there)} tenants are the partitions.")
    context.log.info("%d tenants added, %d removed", len(added), len(gone))
    return SensorResult(
        dynamic_partitions_requests=[
            *([TENANTS.build_add_request(added)] if added else []),
            *([TENANTS.build_delete_request(gone)] if gone else []),
        ]
    )


@sensor(
    name="erasure_requested",
    job=ERASE,
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=15,
    description="Carries an erasure out as soon as it is asked for, and goes on every ten minutes with those that wait "
    "or failed.",
)
def erasure_requested(
    context: SensorEvaluationContext, record: ResourceParam[RecordResource]
) -> RunRequest | SkipReason:
    with record.open() as opened:
        ready = opened.erasures()
    if not ready:
        return SkipReason("No erasure is open.")
    if context.instance.get_runs(RunsFilter(job_name=ERASE.name, statuses=_UNFINISHED), limit=1):
        return SkipReason("Erasures are being carried out; what is new follows.")
    wanted = json.dumps(ready)
    tried = json.loads(context.cursor) if context.cursor else {"at": 0.0, "ready": ""}
    now = datetime.now(UTC).timestamp()
    if tried["ready"] == wanted and now - tried["at"] < _ERASE_AGAIN_SECONDS:
        return SkipReason(f"{len(ready)} erasures wait or failed; they are tried again soon.")
    context.update_cursor(json.dumps({"at": now, "ready": wanted}))
    return RunRequest(run_key=f"{now:.0f}")


automation = AutomationConditionSensorDefinition(
    "automation",
    target=AssetSelection.all(),
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=60,
    description="Makes assets anew when what they are made of was, unless a blocking check found that to be wrong.",
)

SENSORS: list[SensorDefinition] = [
    alert_on_failure,
    watch_runs,
    lost_runs,
    staff_changed,
    second_version,
    tenants_changed,
    erasure_requested,
    automation,
]


def _alert_of(concern: Concern, base: str | None) -> Alert:
    link = None if concern.run_id is None else _run_link(base, concern.run_id)
    return Alert(concern.title, concern.body, severity="warning", link=link)


def _run_link(base: str | None, run_id: str) -> str | None:
    return None if base is None else f"{base.rstrip('/')}/runs/{run_id}"


def _unfinished(instance: DagsterInstance) -> Iterable[SeenRun]:
    for record in instance.get_run_records(RunsFilter(statuses=_UNFINISHED), limit=500):
        run = record.dagster_run
        begun = record.start_time is not None
        yield SeenRun(
            run_id=run.run_id,
            job_name=run.job_name,
            state="running" if begun else "queued",
            since=datetime.fromtimestamp(record.start_time, UTC)
            if record.start_time is not None
            else record.create_timestamp.astimezone(UTC),
            longest=timedelta(seconds=float(run.tags.get(_MAX_RUNTIME, LONGEST_RUN_SECONDS))),
        )


def _schedules(instance: DagsterInstance, now: datetime) -> Iterable[SeenSchedule]:
    """Those that are on and were on when they should have ticked last."""
    known = {schedule.name: schedule for schedule in SCHEDULES}
    for state in instance.all_instigator_state(instigator_type=InstigatorType.SCHEDULE):
        schedule = known.get(state.name)
        if schedule is None or not state.is_running or not isinstance(schedule.cron_schedule, str):
            continue
        times = reverse_cron_string_iterator(now.timestamp(), schedule.cron_schedule, schedule.execution_timezone)
        expected = next(times).astimezone(UTC)
        began = getattr(state.instigator_data, "start_timestamp", None)
        if began is not None and datetime.fromtimestamp(began, UTC) > expected:
            continue
        ticks = instance.get_ticks(state.instigator_origin_id, state.selector_id, limit=1)
        ticked = datetime.fromtimestamp(ticks[0].timestamp, UTC) if ticks else None
        yield SeenSchedule(state.name, expected, ticked)
