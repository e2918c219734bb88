"""Stays by the day and cohorts by the week as the page shows them: sums over sites, none of what was left out."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.mart_reports import CohortRow, DailyDwellRow
from dashboards.stay_charts import cohort_chart, cohort_frame, stays_chart, stays_frame

VIENNA = ZoneInfo("Europe/Vienna")
SHOP, GATE = UUID(int=1), UUID(int=2)
MONDAY = datetime(2026, 11, 2, tzinfo=VIENNA)


def stays(short: int | None, long: int | None, *, site: UUID = SHOP, at: datetime = MONDAY) -> DailyDwellRow:
    return DailyDwellRow(
        site_id=site,
        site_name="Any",
        bucket_start=at,
        visitor_visits=None if short is None or long is None else short + long,
        mean_seconds=60,
        median_seconds=50,
        p90_seconds=90,
        under_1_minute=short,
        from_1_to_5_minutes=0,
        from_5_to_15_minutes=0,
        from_15_to_60_minutes=0,
        over_1_hour=long,
    )


def cohort(cohort_week: int, weeks_since: int, customers: int | None, site: UUID = SHOP) -> CohortRow:
    return CohortRow(
        site_id=site,
        site_name="Any",
        bucket_start=MONDAY + timedelta(weeks=cohort_week + weeks_since),
        cohort_week=MONDAY.date() + timedelta(weeks=cohort_week),
        weeks_since=weeks_since,
        customers=customers,
    )


def test_stays_add_up_over_sites_and_what_is_left_out_adds_nothing() -> None:
    frame = stays_frame([stays(6, None), stays(7, 5, site=GATE), stays(9, 0, at=MONDAY + timedelta(days=1))])
    told = frame[frame["visits"] > 0]
    assert [(day.day, length, visits) for day, length, visits in told[["day", "length", "visits"]].values.tolist()] == [
        (2, "over 1 h", 5), (2, "under 1 min", 13), (3, "under 1 min", 9),
    ]  # fmt: skip


def test_the_chart_of_stays_has_the_whole_period_also_of_nobody() -> None:
    chart = stays_chart(stays_frame([]), MONDAY, MONDAY + timedelta(days=7)).to_dict()
    assert chart["encoding"]["x"]["scale"]["domain"] == [
        {"year": 2026, "month": 11, "date": 2},
        {"year": 2026, "month": 11, "date": 9},
    ]
    assert chart["encoding"]["order"] == {"field": "place", "type": "quantitative"}


def test_a_cohort_is_told_by_the_weeks_since_it_was_new() -> None:
    rows = [cohort(0, 0, 20), cohort(0, 0, 10, GATE), cohort(0, 2, 6), cohort(1, 0, 8), cohort(-9, 10, 7)]
    frame = cohort_frame(rows, MONDAY.date())
    assert frame.values.tolist() == [
        [date(2026, 11, 2), 0, 30, 1.0],
        [date(2026, 11, 2), 2, 6, 0.2],
        [date(2026, 11, 9), 0, 8, 1.0],
    ]


def test_a_sum_of_which_a_part_was_left_out_is_not_told_and_makes_no_share() -> None:
    frame = cohort_frame(
        [cohort(0, 0, 20), cohort(0, 0, None, GATE), cohort(0, 1, 6), cohort(0, 2, None)], MONDAY.date()
    )
    assert frame[["weeks", "customers"]].values.tolist() == [[1, 6]]
    assert frame["share"].isna().all()


def test_cohorts_stand_in_the_order_of_their_weeks_and_one_alone_is_no_wider_than_a_week() -> None:
    frame = cohort_frame([cohort(-1, 0, 9), cohort(0, 0, 8), cohort(4, 0, 7)], date(2026, 10, 26))
    encoding = cohort_chart(frame, 12).to_dict()["layer"][0]["encoding"]
    assert encoding["y"]["sort"] == ["26 Oct", "02 Nov", "30 Nov"]
    assert encoding["x"]["scale"]["domain"] == list(range(13))
