"""Charts of how long visitors stayed day by day and who came back week by week: pure functions from the marts' rows.
Lengths of a whole period are `dashboards.analytics_charts`'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime

import altair as alt
import pandas as pd

from contracts.mart_reports import CohortRow, DailyDwellRow
from dashboards.charts import bar_gap

# A sequence, dark for long: the shades are not the ones that tell new visitors from returning ones.
_LENGTHS = {
    "under 1 min": "#cde9e4",
    "1–5 min": "#93d0c7",
    "5–15 min": "#54b3a6",
    "15–60 min": "#23857a",
    "over 1 h": "#114b45",
}

_ROW_PIXELS = 22


def stays_frame(rows: Sequence[DailyDwellRow]) -> pd.DataFrame:
    """Long form: `day` of each site's own clock, `length`, its `place` in their order, `visits`. Sites add up; a count
    that was left out adds nothing."""
    frame = pd.DataFrame(
        [
            {"day": row.bucket_start.replace(tzinfo=None), "length": length, "place": place, "visits": visits or 0}
            for row in rows
            for place, (length, visits) in enumerate(zip(_LENGTHS, _counts(row), strict=True))
        ],
        columns=["day", "length", "place", "visits"],
    ).astype({"place": int, "visits": int})
    return frame.groupby(["day", "length", "place"], sort=True)["visits"].sum().reset_index()


def stays_chart(frame: pd.DataFrame, since: datetime, until: datetime) -> alt.Chart:
    """Stacked bars of visits by day, the short ones below, over the whole of [since, until)."""
    ends = [alt.DateTime(year=at.year, month=at.month, date=at.day) for at in (since, until)]
    day = alt.TimeUnitParams(unit="yearmonthdate")
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(binSpacing=bar_gap((until - since).days, pixels=400))
        .encode(
            x=alt.X(
                "day:T",
                timeUnit=day,
                title=None,
                axis=alt.Axis(format="%d %b", tickCount=min((until - since).days, 7)),
                scale=alt.Scale(domain=ends),
            ),
            y=alt.Y("visits:Q", title="Visits", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "length:N",
                title=None,
                scale=alt.Scale(domain=list(_LENGTHS), range=list(_LENGTHS.values())),
                legend=alt.Legend(orient="top", columns=3),
            ),
            order=alt.Order("place:Q"),
            tooltip=[
                alt.Tooltip("day:T", timeUnit=day, title="Day", format="%d %b %Y"),
                alt.Tooltip("length:N", title="Stayed"),
                alt.Tooltip("visits:Q", title="Visits"),
            ],
        )
        .properties(height=320)
    )
    return chart


def cohort_frame(rows: Sequence[CohortRow], first: date) -> pd.DataFrame:
    """A row for each week's new customers, from the week of `first` on, in each week since: `cohort` (its Monday),
    `weeks`, `customers`, and their `share` of those of the first week. Sites add up; a sum of which a part was left out
    is not there, and neither are shares of it."""
    cells: dict[tuple[date, int], list[int | None]] = defaultdict(list)
    for row in rows:
        if row.cohort_week >= first:
            cells[row.cohort_week, row.weeks_since].append(row.customers)
    sums = {cell: sum(count for count in counts if count) for cell, counts in cells.items() if None not in counts}
    return pd.DataFrame(
        [
            {
                "cohort": cohort,
                "weeks": weeks,
                "customers": customers,
                # Whoever came to two sites in one week counts at both.
                "share": min(1.0, customers / sums[cohort, 0]) if (cohort, 0) in sums else None,
            }
            for (cohort, weeks), customers in sorted(sums.items())
        ],
        columns=["cohort", "weeks", "customers", "share"],
    )


def cohort_chart(frame: pd.DataFrame, weeks: int) -> alt.LayerChart:
    """Weeks of first visits down, so many weeks since across: customers in figures, their share in colour."""
    named = frame.assign(week=[f"{cohort:%d %b}" for cohort in frame["cohort"]]).drop(columns="cohort")
    cells = alt.Chart(named).encode(
        x=alt.X(
            "weeks:O",
            title="Weeks after the first visit",
            axis=alt.Axis(labelAngle=0, orient="top"),
            scale=alt.Scale(domain=list(range(weeks + 1))),
        ),
        y=alt.Y(
            "week:O",
            title="First visit",
            sort=list(dict.fromkeys(named["week"])),
            axis=alt.Axis(labelOverlap=False),
        ),
        tooltip=[
            alt.Tooltip("week:O", title="First visit in the week of"),
            alt.Tooltip("weeks:O", title="Weeks later"),
            alt.Tooltip("customers:Q", title="Visitors"),
            alt.Tooltip("share:Q", title="Share", format=".0%"),
        ],
    )
    colour = alt.Color("share:Q", scale=alt.Scale(scheme="tealblues", domain=[0, 1]), legend=None)
    ink = alt.condition("datum.share > 0.5", alt.value("white"), alt.value("#264653"))
    squares = cells.mark_rect(cornerRadius=2).encode(color=colour)
    figures = cells.mark_text().encode(text="customers:Q", color=ink)
    return alt.LayerChart(layer=[squares, figures], height=alt.Step(_ROW_PIXELS))


def _counts(row: DailyDwellRow) -> tuple[int | None, ...]:
    return (
        row.under_1_minute,
        row.from_1_to_5_minutes,
        row.from_5_to_15_minutes,
        row.from_15_to_60_minutes,
        row.over_1_hour,
    )
