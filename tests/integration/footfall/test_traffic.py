"""Traffic by the hour and the day of each site's own time, also when its clocks change, from the visits as they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from contracts.reports import TrafficReport, TrafficRow
from footfall.errors import InputError
from footfall.reports import traffic
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import MORNING, World
from tests.vectors import like, person

VIENNA = ZoneInfo("Europe/Vienna")
DAY = datetime(2026, 11, 20, tzinfo=VIENNA)


def report(world: World, since: datetime, until: datetime, **which: Any) -> TrafficReport:
    asked: dict[str, Any] = {"bucket": "hour", "source": "live", **which}
    return traffic(world.services.engine, world.tenant_id, since=since, until=until, **asked)


def starts(rows: tuple[TrafficRow, ...]) -> list[datetime]:
    return [row.bucket_start for row in rows]


def counts(row: TrafficRow) -> dict[str, int]:
    return row.model_dump(
        include={
            "staff_visits",
            "visitor_visits",
            "new_visitors",
            "returning_visitors",
            "unidentified_sightings",
        }
    )


def test_visits_are_counted_in_the_hour_in_which_they_began(world: World) -> None:
    world.hire(person(1))
    world.see(person(1), at=MORNING + timedelta(minutes=5))
    world.see(person(2), at=MORNING + timedelta(minutes=10), lasts=timedelta(minutes=2))
    world.see(person(3), at=MORNING + timedelta(minutes=59), lasts=timedelta(minutes=6))
    world.see(None, at=MORNING + timedelta(minutes=20))
    world.see(like(person(1), 0.42), at=MORNING + timedelta(minutes=21))
    world.see(person(2), at=MORNING + timedelta(hours=3), lasts=timedelta())

    answer = report(world, DAY, DAY + timedelta(days=1))

    assert starts(answer.rows) == [MORNING, MORNING + timedelta(hours=3)]
    first, second = answer.rows
    assert counts(first) == {
        "staff_visits": 1,
        "visitor_visits": 2,
        "new_visitors": 2,
        "returning_visitors": 0,
        "unidentified_sightings": 2,
    }
    assert first.mean_dwell_seconds == 240.0
    assert counts(second) == {
        "staff_visits": 0,
        "visitor_visits": 1,
        "new_visitors": 0,
        "returning_visitors": 1,
        "unidentified_sightings": 0,
    }
    assert second.mean_dwell_seconds == 0.0
    assert (answer.bucket, answer.source, first.site_id) == ("hour", "live", world.site_id)
    assert answer.as_of is not None
    assert abs(answer.as_of - datetime.now(UTC)) < timedelta(minutes=5)


def test_an_hour_of_staff_alone_has_no_mean_dwell_of_visitors(world: World) -> None:
    world.hire(person(1))
    world.see(person(1))

    [row] = report(world, DAY, DAY + timedelta(days=1)).rows

    assert (row.staff_visits, row.mean_dwell_seconds) == (1, None)


def test_what_is_counted_in_count_only_shows_as_unidentified(worlds: Worlds) -> None:
    counting = worlds("count_only")
    for minute in range(3):
        counting.see(person(minute), at=MORNING + timedelta(minutes=minute))

    [row] = report(counting, DAY, DAY + timedelta(days=1)).rows

    assert (row.unidentified_sightings, row.visitor_visits) == (3, 0)


def test_a_day_is_the_sites_day(worlds: Worlds) -> None:
    """23:30 UTC is the next day in Vienna and still the same day in New York."""
    late = datetime(2026, 11, 20, 23, 30, tzinfo=UTC)
    span = (datetime(2026, 11, 18, tzinfo=UTC), datetime(2026, 11, 23, tzinfo=UTC))
    for zone, day in (("Europe/Vienna", 21), ("America/New_York", 20)):
        world = worlds("identify", timezone=zone)
        world.see(person(1), at=late)

        assert starts(report(world, *span, bucket="day").rows) == [datetime(2026, 11, day, tzinfo=ZoneInfo(zone))]


def test_hours_are_local_where_the_offset_is_no_whole_hour(worlds: Worlds) -> None:
    kolkata = worlds("identify", timezone="Asia/Kolkata")
    kolkata.see(person(1), at=datetime(2026, 11, 20, 8, 10, tzinfo=UTC))  # 13:40 there

    [row] = report(kolkata, DAY, DAY + timedelta(days=1)).rows

    assert row.bucket_start == datetime(2026, 11, 20, 13, 0, tzinfo=ZoneInfo("Asia/Kolkata"))


def test_when_the_clocks_go_forward_an_hour_is_missing(world: World) -> None:
    """2026-03-29 in Vienna: 01:59 is followed by 03:00, and the day has 23 hours."""
    first = datetime(2026, 3, 28, 23, 15, tzinfo=UTC)  # 00:15
    for hour in range(23):
        world.see(person(hour), at=first + timedelta(hours=hour))
    day = datetime(2026, 3, 29, tzinfo=VIENNA)
    next_day = datetime(2026, 3, 30, tzinfo=VIENNA)

    by_hour = report(world, day, next_day).rows
    by_day = report(world, day, next_day, bucket="day").rows

    local = [row.bucket_start.astimezone(VIENNA).strftime("%H:%M") for row in by_hour]
    assert local == [f"{hour:02}:00" for hour in range(24) if hour != 2]
    assert all(row.visitor_visits == 1 for row in by_hour)
    assert [(row.bucket_start, row.visitor_visits) for row in by_day] == [(day, 23)]


def test_when_the_clocks_go_back_the_hour_shown_twice_is_two_hours(world: World) -> None:
    """2026-10-25 in Vienna: 02:59 summer time is followed by 02:00 standard time, and the day has 25 hours."""
    first = datetime(2026, 10, 24, 22, 15, tzinfo=UTC)  # 00:15
    for hour in range(25):
        world.see(person(hour), at=first + timedelta(hours=hour))
    day = datetime(2026, 10, 25, tzinfo=VIENNA)
    next_day = datetime(2026, 10, 26, tzinfo=VIENNA)

    by_hour = report(world, day, next_day).rows
    by_day = report(world, day, next_day, bucket="day").rows

    assert len(by_hour) == 25
    assert all(row.visitor_visits == 1 for row in by_hour)
    twice = [row.bucket_start for row in by_hour if row.bucket_start.astimezone(VIENNA).hour == 2]
    assert twice == [datetime(2026, 10, 25, 0, 0, tzinfo=UTC), datetime(2026, 10, 25, 1, 0, tzinfo=UTC)]
    assert [(row.bucket_start, row.visitor_visits) for row in by_day] == [(day, 25)]


def test_buckets_are_whole(world: World) -> None:
    """A bucket belongs to the span when it starts there, and then with everything in it, as in the marts."""
    world.see(person(1), at=MORNING + timedelta(minutes=10))
    world.see(person(2), at=MORNING + timedelta(minutes=50))

    starts_within = report(world, MORNING, MORNING + timedelta(minutes=20)).rows
    starts_before = report(world, MORNING + timedelta(minutes=5), MORNING + timedelta(hours=1)).rows

    assert [row.visitor_visits for row in starts_within] == [2]
    assert starts_before == ()


def test_reports_keep_to_the_sites_that_are_asked_for_and_allowed(world: World, worlds: Worlds) -> None:
    other = worlds("identify")
    world.see(person(1))
    other.see(person(1))
    span = (DAY, DAY + timedelta(days=1))

    assert [row.site_id for row in report(world, *span).rows] == [world.site_id]
    assert len(report(world, *span, site_id=world.site_id).rows) == 1
    assert report(world, *span, site_id=other.site_id).rows == ()
    assert report(world, *span, allowed_sites=frozenset()).rows == ()
    assert len(report(world, *span, allowed_sites=frozenset({world.site_id, other.site_id})).rows) == 1


@pytest.mark.parametrize(
    ("since", "until", "bucket", "message"),
    [
        (DAY, DAY, "hour", "since must lie before until"),
        (DAY, DAY - timedelta(days=1), "hour", "since must lie before until"),
        (DAY, DAY + timedelta(days=101), "hour", "at most 100 days"),
        (DAY, DAY + timedelta(days=3661), "day", "at most 3660 days"),
        (DAY.replace(tzinfo=None), DAY, "hour", "since has no time zone"),
        (DAY, datetime.max.replace(tzinfo=UTC), "day", "until lies outside"),
    ],
)
def test_spans_that_cannot_be_reported_are_refused(
    world: World, since: datetime, until: datetime, bucket: str, message: str
) -> None:
    with pytest.raises(InputError, match=message):
        report(world, since, until, bucket=bucket)
