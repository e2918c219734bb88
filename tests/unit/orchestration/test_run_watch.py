"""When a run is stuck and a schedule has missed its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import pytest

from orchestration.run_watch import SeenRun, SeenSchedule, missed_schedules, stuck_runs

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def run(state: Literal["queued", "running"], minutes: float) -> SeenRun:
    return SeenRun("r1", "refresh_marts", state, NOW - timedelta(minutes=minutes), timedelta(minutes=60))


@pytest.mark.parametrize(
    ("seen", "title"),
    [
        (run("running", 61), "A run of refresh_marts does not end"),
        (run("running", 60), None),
        (run("queued", 61), "A run of refresh_marts does not begin"),
        (run("queued", 60), None),
    ],
)
def test_a_run_is_stuck_after_what_its_job_allows(seen: SeenRun, title: str | None) -> None:
    assert [concern.title for concern in stuck_runs([seen], NOW)] == ([] if title is None else [title])


@pytest.mark.parametrize(
    ("expected_ago", "ticked_ago", "missed"),
    [(10, 70, False), (16, 76, True), (16, 16, False), (16, 15, False), (16, None, True)],
)
def test_a_schedule_missed_its_time_when_nothing_came_within_the_grace(
    expected_ago: int, ticked_ago: int | None, missed: bool
) -> None:
    ticked = None if ticked_ago is None else NOW - timedelta(minutes=ticked_ago)
    schedule = SeenSchedule("hourly_marts", NOW - timedelta(minutes=expected_ago), ticked)
    found = list(missed_schedules([schedule], NOW))
    assert bool(found) is missed
    assert all("hourly_marts" in concern.title for concern in found)


def test_each_time_that_was_missed_is_a_concern_of_its_own() -> None:
    times = [NOW - timedelta(hours=hours) for hours in (1, 2)]
    concerns = missed_schedules([SeenSchedule("hourly_marts", at, None) for at in times], NOW)
    assert len({concern.key for concern in concerns}) == 2
