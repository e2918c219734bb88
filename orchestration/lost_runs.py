"""Runs whose process is gone, on the machine that Dagster's own launcher starts them on: after a power cut, a kill or a
restart in their middle. Dagster would count them as running for an hour, and keep all others behind them in the queue;
other launchers watch their workers themselves."""

from __future__ import annotations

import os
import time
from pathlib import Path

from dagster import (
    DagsterEventType,
    DagsterInstance,
    DagsterRunStatus,
    DefaultSensorStatus,
    RunsFilter,
    SensorEvaluationContext,
    SkipReason,
    sensor,
)
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

_BEGUN = [DagsterRunStatus.STARTING, DagsterRunStatus.STARTED, DagsterRunStatus.CANCELING]
_CLOCK_SECONDS = 5.0
"""By how much the kernel's clock and the one that dates events may differ."""


@sensor(
    name="lost_runs",
    default_status=DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    description="Ends runs whose process is gone, as failed, so that those behind them in the queue can begin. What a "
    "run left undone the next one of its job goes on with.",
)
def lost_runs(context: SensorEvaluationContext) -> SkipReason:
    if not isinstance(context.instance.run_launcher, DefaultRunLauncher):
        return SkipReason("Runs are watched by what launches them.")
    lost = [run_id for run_id in _begun(context.instance) if _end_if_lost(context.instance, run_id)]
    if lost:
        context.log.warning("ended as failed, for their process is gone: %s", ", ".join(lost))
        return SkipReason(f"{len(lost)} runs were ended: their process is gone.")
    return SkipReason("Every run that has begun has its process.")


def lives(pid: int, seen_at: float) -> bool:
    """Whether the process that had this id at `seen_at` (seconds of the epoch) is still there: not one that died and
    waits to be taken note of, and not another one that was given the number since."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return False
    state, *fields = told.rpartition(")")[2].split()
    uptime = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
    started_at = time.time() - uptime + int(fields[18]) / os.sysconf("SC_CLK_TCK")  # proc(5): the 22nd field
    return state != "Z" and started_at <= seen_at + _CLOCK_SECONDS


def _begun(instance: DagsterInstance) -> list[str]:
    return [run.run_id for run in instance.get_runs(RunsFilter(statuses=_BEGUN))]


def _end_if_lost(instance: DagsterInstance, run_id: str) -> bool:
    process = _process_of(instance, run_id)
    if process is None or lives(*process):
        return False
    # Read after its process was found gone: a run that ended by itself had said so by then.
    run = instance.get_run_by_id(run_id)
    if run is None or run.is_finished:
        return False
    instance.report_run_failed(
        run, f"The process {process[0]} of this run is gone: killed, or lost when the machine or the stack stopped."
    )
    return True


def _process_of(instance: DagsterInstance, run_id: str) -> tuple[int, float] | None:
    """The id of the process that the launcher started, and when it said so; None before it has."""
    for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT):
        event = entry.dagster_event
        if event is None or event.step_key is not None:
            continue
        pid = event.engine_event_data.metadata.get("pid")
        if pid is not None:
            return int(str(pid.value)), entry.timestamp
    return None
