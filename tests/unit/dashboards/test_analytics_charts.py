"""What the reports look like: every cell of the week, lengths in words, and shares only where they can be known."""

from __future__ import annotations

from datetime import date

import pytest

from contracts.analytics import Cohort, DistributionRow, DwellBucket, TypicalHour
from dashboards.analytics_charts import cohorts_frame, dwell_chart, heat_map, hours_frame, span_name


def bucket(start: int, end: int | None, visits: int = 1) -> DwellBucket:
    return DwellBucket(from_seconds=start, to_seconds=end, visits=visits, share=0.5)


def test_the_heat_map_has_every_hour_of_the_week_from_monday_on() -> None:
    rows = [
        DistributionRow(weekday=weekday, hour=hour, visits=weekday * hour, share=0.0)
        for weekday in range(1, 8)
        for hour in range(24)
    ]
    chart = heat_map(rows).to_dict()
    [cells] = chart["datasets"].values()
    assert len(cells) == 168
    assert cells[-1] == {"weekday": "Sun", "hour": 23, "visits": 161}
    assert chart["encoding"]["y"]["sort"][0] == "Mon"


@pytest.mark.parametrize(
    ("start", "end", "name"),
    [(0, 60, "under 1 min"), (60, 300, "1–5 min"), (900, 3600, "15–60 min"), (3600, None, "over 1 h")],
)
def test_lengths_are_named_as_a_person_says_them(start: int, end: int | None, name: str) -> None:
    assert span_name(bucket(start, end)) == name


def test_lengths_stand_in_their_order() -> None:
    chart = dwell_chart([bucket(0, 60, 3), bucket(60, 300, 0), bucket(300, None, 2)]).to_dict()
    assert chart["encoding"]["x"]["sort"] == ["under 1 min", "1–5 min", "over 5 min"]
    [rows] = chart["datasets"].values()
    assert [row["visits"] for row in rows] == [3, 0, 2]


def test_the_hour_before_midnight_ends_at_midnight() -> None:
    frame = hours_frame([TypicalHour(weekday=7, hour=23, visits=3, occurrences=2, mean_visits=1.5)])
    assert frame.to_dict("records") == [{"When": "Sun 23–00 h", "Visits on average": 1.5, "Visits": 3}]


def test_nobody_came_again_yet_is_not_nobody_came_again() -> None:
    known = Cohort(cohort_start=date(2026, 6, 1), new_customers=4, observed=4, returned=0, rate=0.0)
    unknown = Cohort(cohort_start=date(2026, 11, 16), new_customers=4, observed=0, returned=0, rate=None)
    frame = cohorts_frame([known, unknown])
    assert frame["Came again"].isna().tolist() == [False, True]
    assert frame["Share"].isna().tolist() == [False, True]
