"""What rows of the marts leave out for those who may not see counts of few people: these, and what would tell them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from contracts.mart_reports import CameraDayRow, CohortRow, DailyDwellRow, DayRow, OccupancyRow
from footfall.mart_small_counts import (
    camera_without_small_counts,
    cohorts_without_small_counts,
    day_without_small_counts,
    quarter_without_small_counts,
    stays_without_small_counts,
)

SITE = UUID("c4a3c0de-0000-4000-8000-000000000001")
AT = datetime(2026, 6, 1, tzinfo=UTC)


def day(new: int, returning: int, week_before: int | None = 20) -> DayRow:
    visitors = new + returning
    return DayRow(
        site_id=SITE,
        site_name="Lobby",
        bucket_start=AT,
        visitor_visits=visitors,
        new_visitors=new,
        returning_visitors=returning,
        returning_share=returning / visitors if visitors else None,
        visitor_visits_week_before=week_before,
        week_over_week=(visitors - week_before) / week_before if week_before else None,
        usual_visits=60,
        anomaly="low",
    )


_OF_VISITORS = {"new_visitors", "returning_visitors", "returning_share"}


@pytest.mark.parametrize(
    ("row", "fewest_compared", "hidden"),
    [
        (day(6, 5), 20, set[str]()),
        (day(0, 0, 0), None, set[str]()),
        (day(2, 9), 20, _OF_VISITORS),
        (day(2, 1), 20, {"visitor_visits", "week_over_week", "anomaly", *_OF_VISITORS}),
        (day(6, 5, 4), 4, {"visitor_visits_week_before", "week_over_week", "usual_visits", "anomaly"}),
        # Not the week before, but one of the weeks that the mean is of.
        (day(6, 5), 1, {"usual_visits", "anomaly"}),
    ],
)
def test_a_day_keeps_what_tells_no_small_count(row: DayRow, fewest_compared: int | None, hidden: set[str]) -> None:
    told = day_without_small_counts(row, fewest_compared, 5)
    assert {name for name, value in row if value is not None and getattr(told, name) is None} == hidden
    assert told.suppressed is bool(hidden)
    assert day_without_small_counts(row, fewest_compared, 1) == row


@pytest.mark.parametrize(
    ("inside", "told"), [((0, 9), (0, 9)), ((4, 9), (None, 9)), ((9, 1), (9, None)), ((1, 1), (None, None))]
)
def test_a_quarter_of_an_hour_keeps_what_is_not_few(
    inside: tuple[int, int], told: tuple[int | None, int | None]
) -> None:
    row = OccupancyRow(
        site_id=SITE, site_name="Lobby", bucket_start=AT, visitors_inside=inside[0], staff_inside=inside[1]
    )
    left = quarter_without_small_counts(row, 5)
    assert (left.visitors_inside, left.staff_inside) == told
    assert left.suppressed is (None in told)
    assert quarter_without_small_counts(row, 1) == row


def stays(*lengths: int) -> DailyDwellRow:
    """So many visits under one, five, fifteen and sixty minutes, and over."""
    names = ("under_1_minute", "from_1_to_5_minutes", "from_5_to_15_minutes", "from_15_to_60_minutes", "over_1_hour")
    return DailyDwellRow(
        site_id=SITE,
        site_name="Lobby",
        bucket_start=AT,
        visitor_visits=sum(lengths),
        mean_seconds=300,
        median_seconds=200,
        p90_seconds=900,
        **dict(zip(names, lengths, strict=True)),
    )


def lengths_of(row: DailyDwellRow) -> list[int | None]:
    return [
        row.under_1_minute, row.from_1_to_5_minutes, row.from_5_to_15_minutes, row.from_15_to_60_minutes,
        row.over_1_hour,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("lengths", "told"),
    [
        ((0, 9, 7, 0, 5), [0, 9, 7, 0, 5]),
        # Twenty visits less the seventeen that are told would be the three.
        ((9, 8, 3, 0, 0), [9, None, None, 0, 0]),
        ((9, 8, 1, 1, 0), [9, None, None, None, 0]),
        ((9, 8, 3, 2, 0), [9, 8, None, None, 0]),
    ],
)
def test_a_days_stays_keep_the_lengths_that_tell_no_small_count(
    lengths: tuple[int, ...], told: list[int | None]
) -> None:
    row = stays_without_small_counts(stays(*lengths), 5)
    assert lengths_of(row) == told
    assert (row.visitor_visits, row.mean_seconds, row.suppressed) == (sum(lengths), 300, None in told)
    assert stays_without_small_counts(stays(*lengths), 1) == stays(*lengths)


def test_of_a_day_with_few_visits_no_length_is_told() -> None:
    row = stays_without_small_counts(stays(1, 2, 0, 0, 1), 5)
    assert set(row.model_dump(exclude={"site_id", "site_name", "bucket_start"}).values()) == {None, True}


@given(some.lists(some.integers(0, 12), min_size=5, max_size=5), some.integers(2, 8))
def test_what_the_lengths_of_a_day_leave_out_is_no_small_count_together(lengths: list[int], least: int) -> None:
    row = stays_without_small_counts(stays(*lengths), least)
    told = [count for count in lengths_of(row) if count is not None]
    assert not [count for count in told if 0 < count < least]
    if row.visitor_visits is not None:
        assert not 0 < row.visitor_visits - sum(told) < least


def cohort(week: int, weeks_since: int, customers: int, site: UUID = SITE) -> CohortRow:
    return CohortRow(
        site_id=site,
        site_name="Lobby",
        bucket_start=AT + timedelta(weeks=week),
        cohort_week=date(2026, 6, 1) + timedelta(weeks=week - weeks_since),
        weeks_since=weeks_since,
        customers=customers,
    )


def test_a_small_cohort_goes_with_the_one_that_would_tell_it() -> None:
    """The week's different customers, whom another report tells, less those that are left."""
    rows = [
        cohort(0, 0, 30),
        cohort(1, 0, 20), cohort(1, 1, 9), cohort(1, 2, 3),
        cohort(2, 0, 4),
        # Another site's week has a sum of its own.
        cohort(1, 0, 6, UUID(int=2)), cohort(1, 1, 7, UUID(int=2)),
    ]  # fmt: skip
    told = cohorts_without_small_counts(rows, 5)
    assert [row.customers for row in told] == [30, 20, None, None, None, 6, 7]
    assert [row.suppressed for row in told] == [False, False, True, True, True, False, False]
    assert cohorts_without_small_counts(rows, 1) == tuple(rows)


def camera(sightings: int, poor: int = 0, unsure: int = 0, late: int = 0) -> CameraDayRow:
    return CameraDayRow(
        site_id=SITE,
        site_name="Lobby",
        bucket_start=AT,
        camera_id=UUID(int=3),
        camera_name="Entrance",
        sightings=sightings,
        poor_quality_sightings=poor,
        unsure_sightings=unsure,
        first_sighting_at=AT,
        last_sighting_at=AT,
        mean_quality_score=0.7,
        median_delay_seconds=0.9,
        late_sightings=late,
        sightings_from_the_future=0,
    )


@pytest.mark.parametrize(
    ("row", "hidden"),
    [
        (camera(40), set[str]()),
        (camera(40, poor=9, unsure=1, late=2), {"unsure_sightings", "late_sightings"}),
        (
            camera(4, poor=4),
            {
                "sightings", "poor_quality_sightings", "unsure_sightings", "mean_quality_score", "median_delay_seconds",
                "late_sightings", "sightings_from_the_future",
            },
        ),
    ],
)  # fmt: skip
def test_a_cameras_day_keeps_what_is_not_few_and_no_single_persons_time(row: CameraDayRow, hidden: set[str]) -> None:
    told = camera_without_small_counts(row, 5)
    moments = {"first_sighting_at", "last_sighting_at"}
    assert {name for name, value in row if value is not None and getattr(told, name) is None} == hidden | moments
    assert told.suppressed is bool(hidden)
    assert camera_without_small_counts(row, 1) == row
