"""Frames and exports that the pages show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from contracts.reports import TrafficRow
from dashboards.charts import csv_bytes, duration_text, traffic_chart, traffic_frame

VIENNA = ZoneInfo("Europe/Vienna")


def row(hour_utc: int, *, new: int, returning: int, staff: int) -> TrafficRow:
    return TrafficRow(
        site_id=uuid4(),
        site_name="Main",
        bucket_start=datetime(2026, 7, 1, hour_utc, tzinfo=UTC),
        staff_visits=staff,
        visitor_visits=new + returning,
        new_visitors=new,
        returning_visitors=returning,
        unidentified_sightings=0,
    )


def test_hours_are_the_sites_own() -> None:
    frame = traffic_frame([row(22, new=1, returning=0, staff=0)], VIENNA)
    assert set(frame["bucket"]) == {pd.Timestamp(2026, 7, 2, 0)}


def test_sites_add_up_and_nobody_is_counted_twice() -> None:
    frame = traffic_frame([row(8, new=2, returning=1, staff=4), row(8, new=3, returning=0, staff=1)], VIENNA)
    assert dict(zip(frame["who"], frame["visits"], strict=True)) == {
        "New visitors": 5,
        "Returning visitors": 1,
        "Staff": 5,
    }


def test_a_bar_is_as_wide_as_its_bucket() -> None:
    frame = traffic_frame([row(8, new=1, returning=0, staff=0)], VIENNA)
    day = datetime(2026, 7, 1, tzinfo=VIENNA)

    chart = traffic_chart(frame, "15min", day, day + timedelta(days=1)).to_dict()

    assert chart["encoding"]["x"]["timeUnit"] == {"step": 15, "unit": "yearmonthdatehoursminutes"}


@pytest.mark.parametrize(("days", "gap"), [(1, 80 / 96), (14, 80 / 1344)])
def test_a_gap_between_bars_leaves_nine_tenths_of_them(days: int, gap: float) -> None:
    frame = traffic_frame([row(8, new=1, returning=0, staff=0)], VIENNA)
    day = datetime(2026, 7, 1, tzinfo=VIENNA)
    until = day + timedelta(days=days)
    assert traffic_chart(frame, "15min", day, until).to_dict()["mark"]["binSpacing"] == gap
    assert traffic_chart(frame, "day", day, until).to_dict()["mark"]["binSpacing"] == 4


def test_no_rows_make_an_empty_frame_with_the_columns_the_chart_needs() -> None:
    assert list(traffic_frame([], VIENNA).columns) == ["bucket", "who", "visits"]


@pytest.mark.parametrize("cell", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\tx", "\rx", " =1", "' +1", "＝1"])
def test_a_name_that_starts_like_a_formula_is_exported_as_text(cell: str) -> None:
    exported = csv_bytes(pd.DataFrame({"Who": [cell]})).decode()
    assert f"'{cell[0]}" in exported


def test_numbers_keep_their_sign_in_the_export() -> None:
    assert csv_bytes(pd.DataFrame({"Margin": [-0.5]})).decode().splitlines()[1] == "-0.5"


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3599, "1 h 00 min"), (3900, "1 h 05 min")]
)
def test_durations_read_like_a_person_says_them(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
