"""Charts and tables of days beside what is usual and of people inside: pure functions from contracts. Traffic over time
is `dashboards.charts`'."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from contracts.mart_reports import Anomaly, DayRow, OccupancyRow
from dashboards.charts import COLOURS

LONGEST_DAY = timedelta(hours=26)
"""As the mart has it: no day lasts longer, whatever the clocks do."""
_QUARTER = timedelta(minutes=15)
_STANDS_OUT: dict[Anomaly, str] = {"high": "Busier than usual", "low": "Quieter than usual"}
_INSIDE = {"Visitors": COLOURS["New visitors"], "Staff": COLOURS["Staff"]}


def unusual_frame(rows: Sequence[DayRow]) -> pd.DataFrame:
    """Days that stand out, the latest first."""
    return pd.DataFrame(
        [
            {
                "Day": row.bucket_start.date(),
                "Site": row.site_name,
                "What": _STANDS_OUT[row.anomaly],
                "Visitors": row.visitor_visits,
                "Usual": None if row.usual_visits is None else round(row.usual_visits),
            }
            for row in reversed(rows)
            if row.anomaly is not None
        ],
        columns=["Day", "Site", "What", "Visitors", "Usual"],
    )


def latest_frame(rows: Sequence[DayRow], as_of: datetime) -> pd.DataFrame:
    """Each site's latest day that was over when the marts were built, beside the week before."""
    latest = {row.site_id: row for row in rows if row.bucket_start + LONGEST_DAY <= as_of}
    return pd.DataFrame(
        [
            {
                "Day": row.bucket_start.date(),
                "Site": row.site_name,
                "Visitors": row.visitor_visits,
                "Week before": row.visitor_visits_week_before,
                "Change": row.week_over_week,
                "Usual": None if row.usual_visits is None else round(row.usual_visits),
            }
            for row in sorted(latest.values(), key=lambda row: row.site_name)
        ],
        columns=["Day", "Site", "Visitors", "Week before", "Change", "Usual"],
    )


def occupancy_frame(rows: Sequence[OccupancyRow], zone: ZoneInfo) -> pd.DataFrame:
    """Long form: `quarter` (local wall time, naive), `who`, `inside`. Sites add up; a count that was left out adds
    nothing. In the hour that a clock shows twice, the quarter with more people is told."""
    frame = pd.DataFrame(
        [
            {"at": row.bucket_start.astimezone(zone), "who": who, "inside": inside or 0}
            for row in rows
            for who, inside in (("Visitors", row.visitors_inside), ("Staff", row.staff_inside))
        ],
        columns=["at", "who", "inside"],
    ).astype({"inside": int})
    together = frame.groupby(["at", "who"], sort=True)["inside"].sum().reset_index()
    together["quarter"] = pd.to_datetime([at.replace(tzinfo=None) for at in together.pop("at")])
    return together.groupby(["quarter", "who"], sort=True)["inside"].max().reset_index()


def occupancy_chart(frame: pd.DataFrame, since: datetime, until: datetime) -> alt.Chart:
    """Visitors on top of staff by the quarter of an hour, over the whole of the day [since, until)."""
    ends = [alt.DateTime(year=at.year, month=at.month, date=at.day) for at in (since, until)]
    # Each bar's edges are told, for Vega stacks no bars that have a beginning and an end.
    staff_first = frame.sort_values(["quarter", "who"])
    top = staff_first.groupby("quarter")["inside"].cumsum()
    bars = staff_first.assign(until=frame["quarter"] + _QUARTER, base=top - staff_first["inside"], top=top)
    chart: alt.Chart = (
        alt.Chart(bars)
        .mark_rect()
        .encode(
            x=alt.X(
                "quarter:T",
                title=None,
                axis=alt.Axis(format="%H:00", tickCount=8),
                scale=alt.Scale(domain=ends),
            ),
            x2="until:T",
            y=alt.Y("base:Q", title="People inside", axis=alt.Axis(tickMinStep=1), scale=alt.Scale(domainMin=0)),
            y2="top:Q",
            color=alt.Color(
                "who:N",
                title=None,
                scale=alt.Scale(domain=list(_INSIDE), range=list(_INSIDE.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("quarter:T", title="From", format="%H:%M"),
                alt.Tooltip("who:N", title="Who"),
                alt.Tooltip("inside:Q", title="Inside"),
            ],
        )
        .properties(height=240)
    )
    return chart
