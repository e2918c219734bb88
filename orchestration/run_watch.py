"""What operators should hear of without looking: runs that do not end or do not begin, and schedules that fell silent.
Pure; reading Dagster's storage and telling people is `orchestration.sensors`'."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

LONGEST_QUEUE = timedelta(hours=1)
"""One run goes at a time on one machine, and none should take an hour (`dagster/max_runtime`)."""

TICK_GRACE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run that has not ended. `since`: when it began, or when it was queued. `longest`: what its job allows."""

    run_id: str
    job_name: str
    state: Literal["queued", "running"]
    since: datetime
    longest: timedelta


@dataclass(frozen=True, slots=True)
class SeenSchedule:
    """A schedule that is on. `expected`: the latest time at which it should have ticked; `ticked`: when it did."""

    name: str
    expected: datetime
    ticked: datetime | None


@dataclass(frozen=True, slots=True)
class Concern:
    """One thing to tell. `key` names it, so that it is told once."""

    key: str
    title: str
    body: str
    run_id: str | None = None


def stuck_runs(runs: Iterable[SeenRun], now: datetime) -> Iterator[Concern]:
    """Runs that go on for longer than their job allows, and runs that wait for longer than any other may take."""
    for run in runs:
        lasted = now - run.since
        if run.state == "running" and lasted > run.longest:
            yield Concern(
                f"run {run.run_id} running",
                f"A run of {run.job_name} does not end",
                f"It has been running for {_told(lasted)}; its job allows {_told(run.longest)}. Its process may have "
                "been killed: terminate the run so that those behind it can go on.",
                run.run_id,
            )
        elif run.state == "queued" and lasted > LONGEST_QUEUE:
            yield Concern(
                f"run {run.run_id} queued",
                f"A run of {run.job_name} does not begin",
                f"It has been waiting for {_told(lasted)}. Look at the run before it and at Dagster's daemon.",
                run.run_id,
            )


def missed_schedules(schedules: Iterable[SeenSchedule], now: datetime) -> Iterator[Concern]:
    """Schedules whose latest tick is overdue by more than the grace."""
    for schedule in schedules:
        behind = schedule.ticked is None or schedule.ticked < schedule.expected
        if behind and now - schedule.expected > TICK_GRACE:
            last = (
                "has never ticked"
                if schedule.ticked is None
                else f"last ticked at {schedule.ticked:%Y-%m-%d %H:%M} UTC"
            )
            yield Concern(
                f"schedule {schedule.name} {schedule.expected.isoformat()}",
                f"The schedule {schedule.name} missed its time",
                f"It should have run at {schedule.expected:%Y-%m-%d %H:%M} UTC and {last}.",
            )


def _told(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} minutes" if minutes < 120 else f"{minutes // 60} hours"
