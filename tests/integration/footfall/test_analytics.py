"""Reports on visits: known answers, also where the site's clocks change, and only of what may be seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from contracts.analytics import DistributionReport
from contracts.base import CameraId
from contracts.places import CameraCreate, SiteCreate
from footfall.analytics import distribution, dwell, new_returning, peak_hours, repeat_rate
from footfall.cameras import create_camera
from footfall.errors import InputError
from footfall.places import create_site
from footfall.stores.postgres.analytics import ReportSpan
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.report_kit import MONDAY, VIENNA, WEEK, ask, see, span
from tests.integration.footfall.world import ACTOR, World
from tests.vectors import like, person


@pytest.fixture
def shop(world: World) -> World:
    """A week: Monday 9 h two visitors and at 17 h one of them again, Tuesday 9:30 h a third, and a member of staff."""
    world.hire(person(100))
    see(world, 1, MONDAY + timedelta(hours=9), minutes=0.5)
    see(world, 2, MONDAY + timedelta(hours=9, minutes=5), minutes=10, camera=world.cameras[1])
    see(world, 1, MONDAY + timedelta(hours=17), minutes=20)
    see(world, 3, MONDAY + timedelta(days=1, hours=9, minutes=30), minutes=70)
    world.see(person(100), at=MONDAY + timedelta(hours=8), lasts=timedelta(hours=9))
    return world


def another_site(world: World, zone: str = "America/New_York") -> CameraId:
    site = create_site(world.services.engine, world.tenant_id, SiteCreate(name="Abroad", timezone=zone), actor=ACTOR)
    door = create_camera(world.services, world.tenant_id, CameraCreate(site_id=site.site_id, name="Gate"), actor=ACTOR)
    return CameraId(door.camera_id)


def cells(report: DistributionReport) -> dict[tuple[int | None, int | None], int]:
    return {(row.weekday, row.hour): row.visits for row in report.rows if row.visits}


def test_visits_are_spread_over_the_hours_of_the_week(shop: World) -> None:
    report = ask(shop, distribution, span(*WEEK), by="hour_of_week")

    assert cells(report) == {(1, 9): 2, (1, 17): 1, (2, 9): 1}
    assert len(report.rows) == 168
    assert sum(row.share for row in report.rows) == pytest.approx(1.0)
    assert (report.visits, report.since, report.until) == (4, *WEEK)


def test_an_hour_of_the_week_is_the_sites_own(world: World) -> None:
    gate = another_site(world)
    monday_0330_in_vienna = MONDAY + timedelta(hours=3, minutes=30)
    see(world, 1, monday_0330_in_vienna)
    see(world, 2, monday_0330_in_vienna, camera=gate)

    report = ask(world, distribution, span(*WEEK), by="hour_of_week")

    assert cells(report) == {(1, 3): 1, (7, 21): 1}


def test_on_the_day_of_23_hours_nothing_happens_in_the_hour_that_is_not(world: World) -> None:
    """2026-03-29 in Vienna, a Sunday: 01:59 is followed by 03:00."""
    day = datetime(2026, 3, 29, tzinfo=VIENNA)
    for hour in range(23):
        see(world, hour, day.astimezone(UTC) + timedelta(hours=hour, minutes=10))

    wanted = span(day, datetime(2026, 3, 30, tzinfo=VIENNA))
    report = ask(world, distribution, wanted, by="hour_of_week")
    peaks = ask(world, peak_hours, wanted, limit=168)

    assert cells(report) == {(7, hour): 1 for hour in range(24) if hour != 2}
    assert {(peak.hour, peak.occurrences, peak.mean_visits) for peak in peaks.typical} == {
        (hour, 1, 1.0) for hour in range(24) if hour != 2
    }


def test_on_the_day_of_25_hours_one_hour_happens_twice(world: World) -> None:
    """2026-10-25 in Vienna, a Sunday: 02:59 summer time is followed by 02:00 standard time."""
    day = datetime(2026, 10, 25, tzinfo=VIENNA)
    for hour in range(25):
        see(world, hour, day.astimezone(UTC) + timedelta(hours=hour, minutes=10))

    wanted = span(day, datetime(2026, 10, 26, tzinfo=VIENNA))
    report = ask(world, distribution, wanted, by="hour_of_week")
    peaks = ask(world, peak_hours, wanted, limit=168)
    by_day = ask(world, new_returning, wanted, bucket="day")

    assert cells(report) == {(7, hour): 2 if hour == 2 else 1 for hour in range(24)}
    twice = next(peak for peak in peaks.typical if peak.hour == 2)
    assert (twice.visits, twice.occurrences, twice.mean_visits) == (2, 2, 1.0)
    assert len(peaks.busiest) == 25
    assert [(row.bucket_start, row.new_visitors) for row in by_day.rows] == [(day, 25)]


def test_visits_are_spread_over_cameras_and_one_that_two_have_seen_is_in_both(shop: World) -> None:
    entrance, exit_ = shop.cameras
    shop.see(like(person(3), 0.9), at=MONDAY + timedelta(days=1, hours=10), camera=exit_)

    report = ask(shop, distribution, span(*WEEK), by="camera")

    assert [(row.camera_id, row.camera_name, row.visits, row.share) for row in report.rows] == [
        (entrance, "Entrance", 3, 0.75),
        (exit_, "Exit", 2, 0.5),
    ]


@pytest.mark.parametrize(("whose", "counts"), [("everyone", (4, 1)), ("staff", (0, 1)), ("customer", (4, 0))])
def test_visits_are_spread_over_kinds_of_person(shop: World, whose: str, counts: tuple[int, int]) -> None:
    report = ask(shop, distribution, span(*WEEK, whose=whose), by="person_kind")

    assert [(row.person_kind, row.visits) for row in report.rows] == [("customer", counts[0]), ("staff", counts[1])]


def test_visits_are_spread_over_dwell_times(shop: World) -> None:
    report = ask(shop, distribution, span(*WEEK), by="dwell")

    assert [(row.from_seconds, row.to_seconds, row.visits) for row in report.rows] == [
        (0, 60, 1),
        (60, 300, 0),
        (300, 900, 1),
        (900, 3600, 1),
        (3600, None, 1),
    ]


def test_dwell_times_have_mean_median_and_percentiles(shop: World) -> None:
    report = ask(shop, dwell, span(*WEEK))

    overall = report.overall
    assert overall.visits == 4
    assert overall.mean_seconds == pytest.approx((30 + 600 + 1200 + 4200) / 4)
    assert overall.median_seconds == pytest.approx(900)
    assert overall.p75_seconds == pytest.approx(1200 + 0.25 * 3000)
    assert overall.p90_seconds == pytest.approx(1200 + 0.7 * 3000)
    assert overall.p95_seconds == pytest.approx(1200 + 0.85 * 3000)
    assert overall.longest_seconds == 4200
    assert [bucket.visits for bucket in overall.histogram] == [1, 0, 1, 1, 1]


def test_dwell_times_are_also_each_sites(shop: World) -> None:
    see(shop, 9, MONDAY + timedelta(hours=12), minutes=6, camera=another_site(shop))

    report = ask(shop, dwell, span(*WEEK))

    assert [(site.site_name == "Abroad", site.visits) for site in report.sites] == [(True, 1), (False, 4)]
    assert [site.median_seconds for site in report.sites] == [360, 900]
    assert report.overall.visits == 5
    assert report.overall.site_id is None


def test_a_report_without_a_visit_has_no_figures_and_does_not_fail(world: World) -> None:
    report = ask(world, dwell, span(*WEEK))
    assert (report.visits, report.overall.mean_seconds, report.overall.median_seconds) == (0, None, None)
    assert [bucket.visits for bucket in report.overall.histogram] == [0] * 5
    for by in ("hour_of_week", "camera", "person_kind", "dwell"):
        assert ask(world, distribution, span(*WEEK), by=by).visits == 0
    assert ask(world, new_returning, span(*WEEK), bucket="week").rows == ()
    assert ask(world, peak_hours, span(*WEEK), limit=5).typical == ()
    nobody = ask(world, repeat_rate, span(*WEEK), within_days=7, cohort="week")
    assert (nobody.repeat_rate, nobody.visits_per_customer, nobody.cohorts) == (None, None, ())


def test_new_and_returning_visitors_by_the_day(shop: World) -> None:
    report = ask(shop, new_returning, span(*WEEK), bucket="day")

    assert [(row.bucket_start, row.new_visitors, row.returning_visitors) for row in report.rows] == [
        (MONDAY, 2, 1),
        (MONDAY + timedelta(days=1), 1, 0),
    ]
    assert report.rows[0].returning_share == pytest.approx(1 / 3)
    assert (report.new_visitors, report.returning_visitors, report.customers) == (3, 1, 3)


def test_new_and_returning_visitors_by_week_and_month_begin_on_the_sites_calendar(shop: World) -> None:
    see(shop, 4, datetime(2026, 10, 31, 23, 15, tzinfo=VIENNA))
    see(shop, 5, datetime(2026, 11, 1, 0, 30, tzinfo=VIENNA))  # in UTC still October

    wanted = span(datetime(2026, 10, 20, tzinfo=VIENNA), MONDAY + timedelta(days=7))
    weeks = ask(shop, new_returning, wanted, bucket="week").rows
    months = ask(shop, new_returning, wanted, bucket="month").rows

    assert [(row.bucket_start, row.new_visitors, row.returning_visitors) for row in weeks] == [
        (datetime(2026, 10, 26, tzinfo=VIENNA), 2, 0),
        (MONDAY, 3, 1),
    ]
    assert [(row.bucket_start, row.new_visitors, row.returning_visitors) for row in months] == [
        (datetime(2026, 10, 1, tzinfo=VIENNA), 1, 0),
        (datetime(2026, 11, 1, tzinfo=VIENNA), 4, 1),
    ]


def test_peak_hours_are_means_over_every_such_hour_of_the_period(shop: World) -> None:
    report = ask(shop, peak_hours, span(MONDAY, MONDAY + timedelta(days=14)), limit=2)

    assert [(peak.weekday, peak.hour, peak.visits, peak.occurrences, peak.mean_visits) for peak in report.typical] == [
        (1, 9, 2, 2, 1.0),
        (1, 17, 1, 2, 0.5),
    ]
    assert [(peak.hour_start, peak.visits) for peak in report.busiest] == [
        (MONDAY + timedelta(hours=9), 2),
        (MONDAY + timedelta(days=1, hours=9), 1),
    ]


def test_reports_keep_to_what_is_asked_for_and_allowed(shop: World, worlds: Worlds) -> None:
    gate = another_site(shop)
    see(shop, 9, MONDAY + timedelta(hours=12), camera=gate)
    [abroad] = shop.rows("select site_id from footfall.sites where name = 'Abroad'")
    other = worlds("identify")
    see(other, 1, MONDAY + timedelta(hours=12))

    def visits(world: World, **which: Any) -> list[int]:
        wanted = span(*WEEK, **which)
        return [
            ask(world, distribution, wanted, by="hour_of_week").visits,
            ask(world, dwell, wanted).visits,
            ask(world, new_returning, wanted, bucket="day").visits,
            ask(world, peak_hours, wanted, limit=3).visits,
            ask(world, repeat_rate, wanted, within_days=1, cohort="week").visits,
        ]

    assert visits(shop) == [5] * 5
    assert visits(shop, site_id=shop.site_id) == [4] * 5
    assert visits(shop, allowed_sites=frozenset({abroad["site_id"]})) == [1] * 5
    assert visits(shop, allowed_sites=frozenset()) == [0] * 5
    assert visits(shop, site_id=shop.site_id, allowed_sites=frozenset({abroad["site_id"]})) == [0] * 5
    assert visits(shop, site_id=other.site_id) == [0] * 5
    assert visits(other) == [1] * 5


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (span(MONDAY, MONDAY), "since must lie before until"),
        (span(MONDAY, MONDAY + timedelta(days=367)), "at most 366 days"),
        (span(MONDAY.replace(tzinfo=None), MONDAY), "since has no time zone"),
    ],
)
def test_spans_that_cannot_be_reported_are_refused(world: World, wanted: ReportSpan, message: str) -> None:
    for report, options in (
        (distribution, {"by": "camera"}),
        (dwell, {}),
        (new_returning, {"bucket": "day"}),
        (peak_hours, {"limit": 1}),
        (repeat_rate, {"within_days": 1, "cohort": "week"}),
    ):
        with pytest.raises(InputError, match=message):
            ask(world, report, wanted, **options)


@pytest.mark.parametrize("days", [0, 367])
def test_days_to_come_again_are_bounded(world: World, days: int) -> None:
    with pytest.raises(InputError, match="within_days"):
        ask(world, repeat_rate, span(*WEEK), within_days=days, cohort="week")


@pytest.mark.parametrize("limit", [0, 169])
def test_the_number_of_peak_hours_is_bounded(world: World, limit: int) -> None:
    with pytest.raises(InputError, match="limit"):
        ask(world, peak_hours, span(*WEEK), limit=limit)
