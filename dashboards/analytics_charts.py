"""Charts of the reports: pure functions from contracts to Altair charts. Traffic over time is `dashboards.charts`'."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from contracts.analytics import Cohort, DistributionRow, DwellBucket, TypicalHour

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_BAR = "#2a9d8f"


def heat_map(rows: Sequence[DistributionRow]) -> alt.Chart:
    """Weekdays down, hours across; a report by `hour_of_week` has every cell."""
    frame = pd.DataFrame(
        [{"weekday": WEEKDAYS[row.weekday - 1], "hour": row.hour, "visits": row.visits} for row in rows if row.weekday],
        columns=["weekday", "hour", "visits"],
    )
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_rect(cornerRadius=2)
        .encode(
            x=alt.X("hour:O", title=None, axis=alt.Axis(labelAngle=0, labelExpr="datum.value % 3 ? '' : datum.value")),
            y=alt.Y("weekday:O", title=None, sort=list(WEEKDAYS)),
            color=alt.Color("visits:Q", title="Visits", scale=alt.Scale(scheme="tealblues", domainMin=0), legend=None),
            tooltip=[
                alt.Tooltip("weekday:O", title="Weekday"),
                alt.Tooltip("hour:O", title="Hour"),
                alt.Tooltip("visits:Q", title="Visits"),
            ],
        )
        .properties(height=240)
    )
    return chart


def dwell_chart(histogram: Sequence[DwellBucket]) -> alt.Chart:
    """Bars of how many visits lasted how long, in the report's own buckets."""
    names = [span_name(bucket) for bucket in histogram]
    frame = pd.DataFrame(
        {
            "length": names,
            "visits": [bucket.visits for bucket in histogram],
            "share": [bucket.share for bucket in histogram],
        }
    )
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(color=_BAR, cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X("length:O", title=None, sort=names, axis=alt.Axis(labelAngle=0)),
            y=alt.Y("visits:Q", title="Visits", axis=alt.Axis(tickMinStep=1)),
            tooltip=[
                alt.Tooltip("length:O", title="Stayed"),
                alt.Tooltip("visits:Q", title="Visits"),
                alt.Tooltip("share:Q", title="Share", format=".0%"),
            ],
        )
        .properties(height=240)
    )
    return chart


def span_name(bucket: DwellBucket) -> str:
    """`under 1 min`, `5–15 min`, `over 1 h`."""
    if bucket.to_seconds is None:
        return f"over {_length(bucket.from_seconds)}"
    if bucket.from_seconds == 0:
        return f"under {_length(bucket.to_seconds)}"
    return f"{bucket.from_seconds // 60}–{bucket.to_seconds // 60} min"


def hours_frame(hours: Sequence[TypicalHour]) -> pd.DataFrame:
    """The busiest hours of the week, in words."""
    return pd.DataFrame(
        [
            {
                "When": f"{WEEKDAYS[hour.weekday - 1]} {hour.hour:02d}–{(hour.hour + 1) % 24:02d} h",
                "Visits on average": round(hour.mean_visits, 1),
                "Visits": hour.visits,
            }
            for hour in hours
        ],
        columns=["When", "Visits on average", "Visits"],
    )


def cohorts_frame(cohorts: Sequence[Cohort]) -> pd.DataFrame:
    """First-time visitors and how many came again; empty where the time to do so is not over."""
    return pd.DataFrame(
        [
            {
                "First seen from": cohort.cohort_start,
                "New": cohort.new_customers,
                "Observed long enough": cohort.observed,
                "Came again": cohort.returned if cohort.observed else None,
                "Share": cohort.rate,
            }
            for cohort in cohorts
        ],
        columns=["First seen from", "New", "Observed long enough", "Came again", "Share"],
    )


def _length(seconds: int) -> str:
    return f"{seconds // 3600} h" if seconds >= 3600 else f"{seconds // 60} min"
