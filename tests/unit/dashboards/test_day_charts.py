"""Days and people inside as the page shows them: what stands out in words, the latest whole day, and quarters that add
up."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.mart_reports import DayRow, OccupancyRow
from dashboards.day_charts import latest_frame, occupancy_chart, occupancy_frame, unusual_frame

VIENNA = ZoneInfo("Europe/Vienna")
SHOP, GATE = UUID(int=1), UUID(int=2)
FRIDAY = datetime(2026, 11, 20, tzinfo=VIENNA)


def day(start: datetime, **told: Any) -> DayRow:
    quiet = dict.fromkeys(DayRow.model_fields) | {"site_id": SHOP, "site_name": "Shop", "suppressed": False}
    return DayRow.model_validate(quiet | {"bucket_start": start, "visitor_visits": 90} | told)


def quarter(start: datetime, visitors: int | None, staff: int | None, site: UUID = SHOP) -> OccupancyRow:
    return OccupancyRow(site_id=site, site_name="Any", bucket_start=start, visitors_inside=visitors, staff_inside=staff)


def test_days_that_stand_out_are_told_in_words_the_latest_first() -> None:
    told = unusual_frame(
        [
            day(FRIDAY, anomaly="high", usual_visits=40.4),
            day(FRIDAY + timedelta(days=1)),
            day(FRIDAY + timedelta(days=2), anomaly="low", usual_visits=140.0),
        ]
    )
    assert told.values.tolist() == [
        [date(2026, 11, 22), "Shop", "Quieter than usual", 90, 140],
        [date(2026, 11, 20), "Shop", "Busier than usual", 90, 40],
    ]
    assert unusual_frame([day(FRIDAY)]).empty


def test_the_latest_day_of_each_site_is_one_that_is_over() -> None:
    rows = [
        day(FRIDAY, visitor_visits_week_before=45, week_over_week=1.0),
        day(FRIDAY, site_id=GATE, site_name="Gate"),
        day(FRIDAY + timedelta(days=1), visitor_visits=3),
    ]
    at_noon = latest_frame(rows, FRIDAY + timedelta(days=1, hours=12))
    assert at_noon[["Site", "Day"]].values.tolist() == [["Gate", FRIDAY.date()], ["Shop", FRIDAY.date()]]
    assert at_noon[["Visitors", "Week before", "Change"]].values.tolist()[1] == [90, 45, 1.0]
    assert latest_frame(rows, FRIDAY + timedelta(days=2, hours=3))["Visitors"].tolist() == [90, 3]
    assert latest_frame(rows, FRIDAY + timedelta(hours=12)).empty


def test_people_inside_add_up_over_sites_and_what_is_left_out_adds_nothing() -> None:
    at = FRIDAY + timedelta(hours=9)
    frame = occupancy_frame([quarter(at, 6, None), quarter(at.astimezone(UTC), 7, 2, GATE)], VIENNA)
    assert dict(zip(frame["who"], frame["inside"], strict=True)) == {"Visitors": 13, "Staff": 2}
    assert {at.isoformat() for at in frame["quarter"]} == {"2026-11-20T09:00:00"}


def test_an_hour_that_the_clock_shows_twice_does_not_double_who_is_inside() -> None:
    once = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    frame = occupancy_frame([quarter(once, 6, 0), quarter(once + timedelta(hours=1), 8, 0)], VIENNA)
    assert frame[frame["who"] == "Visitors"]["inside"].tolist() == [8]


def test_the_chart_has_the_whole_day_also_of_nobody() -> None:
    chart = occupancy_chart(occupancy_frame([], VIENNA), FRIDAY, FRIDAY + timedelta(days=1)).to_dict()
    assert chart["encoding"]["x"]["scale"]["domain"] == [
        {"year": 2026, "month": 11, "date": 20},
        {"year": 2026, "month": 11, "date": 21},
    ]


def test_visitors_stand_on_top_of_staff() -> None:
    at = FRIDAY + timedelta(hours=9)
    frame = occupancy_frame([quarter(at, 6, 2), quarter(at + timedelta(minutes=15), 5, 0)], VIENNA)
    [bars] = occupancy_chart(frame, FRIDAY, FRIDAY + timedelta(days=1)).to_dict()["datasets"].values()
    assert [(bar["quarter"], bar["until"], bar["who"], bar["base"], bar["top"]) for bar in bars] == [
        ("2026-11-20T09:00:00", "2026-11-20T09:15:00", "Staff", 0, 2),
        ("2026-11-20T09:00:00", "2026-11-20T09:15:00", "Visitors", 2, 8),
        ("2026-11-20T09:15:00", "2026-11-20T09:30:00", "Staff", 0, 0),
        ("2026-11-20T09:15:00", "2026-11-20T09:30:00", "Visitors", 0, 5),
    ]
