"""Who comes again: within a period, and within so many days of a first visit, by cohorts of the site's calendar."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from footfall.analytics import repeat_rate
from tests.integration.footfall.report_kit import MONDAY, VIENNA, WEEK, ask, see, span
from tests.integration.footfall.world import World


def test_who_came_twice_in_the_period_is_a_repeat_customer(world: World) -> None:
    see(world, 1, MONDAY + timedelta(hours=9))
    see(world, 2, MONDAY + timedelta(hours=9, minutes=5))
    see(world, 1, MONDAY + timedelta(hours=17))
    see(world, 3, MONDAY + timedelta(days=1, hours=9))

    report = ask(world, repeat_rate, span(*WEEK), within_days=1, cohort="week")

    assert (report.customers, report.repeat_customers, report.visits) == (3, 1, 4)
    assert report.repeat_rate == pytest.approx(1 / 3)
    assert report.visits_per_customer == pytest.approx(4 / 3)


def test_a_cohort_counts_who_came_again_within_so_many_days(world: World) -> None:
    """Long enough ago that everybody is observed."""
    start = datetime(2026, 6, 1, 10, 0, tzinfo=VIENNA)  # a Monday
    see(world, 1, start)
    see(world, 1, start + timedelta(days=7))
    see(world, 2, start + timedelta(days=1))
    see(world, 2, start + timedelta(days=9, hours=1))
    see(world, 3, start + timedelta(days=8))
    wanted = span(start - timedelta(days=1), start + timedelta(days=10))

    within = {days: ask(world, repeat_rate, wanted, within_days=days, cohort="week").cohorts for days in (6, 7, 8, 9)}

    assert {
        days: [(row.new_customers, row.observed, row.returned) for row in rows] for days, rows in within.items()
    } == {
        6: [(2, 2, 0), (1, 1, 0)],
        7: [(2, 2, 1), (1, 1, 0)],
        8: [(2, 2, 1), (1, 1, 0)],
        9: [(2, 2, 2), (1, 1, 0)],
    }
    assert [row.cohort_start for row in within[7]] == [
        date(2026, 6, 1),
        date(2026, 6, 8),
    ]
    assert [row.rate for row in within[7]] == [0.5, 0.0]


def test_who_may_still_come_again_is_in_no_rate(world: World) -> None:
    now = datetime.now(UTC)
    see(world, 1, now - timedelta(days=2))

    [row] = ask(world, repeat_rate, span(now - timedelta(days=30), now), within_days=7, cohort="month").cohorts

    assert (row.new_customers, row.observed, row.returned, row.rate) == (1, 0, 0, None)
