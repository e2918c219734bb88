"""Charts and tables from API rows: pure functions from contracts to Altair charts and frames. No widget, no request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import altair as alt
import pandas as pd

from contracts.records import VisitRecordV1
from contracts.reports import Bucket, TrafficRow

_DATE_PARTS = {"year": "year", "month": "month", "date": "day", "hours": "hour"}
_DAY = timedelta(days=1)
# Vega's time unit of a bar, which is how wide it is, how long that is, and how its tooltip names it.
_UNITS: dict[Bucket, tuple[alt.TimeUnitParams, timedelta, str]] = {
    "15min": (alt.TimeUnitParams(unit="yearmonthdatehoursminutes", step=15), timedelta(minutes=15), "%d %b %H:%M"),
    "hour": (alt.TimeUnitParams(unit="yearmonthdatehours"), timedelta(hours=1), "%d %b %H:00"),
    "day": (alt.TimeUnitParams(unit="yearmonthdate"), _DAY, "%d %b %Y"),
    "week": (alt.TimeUnitParams(unit="yearmonthdate"), _DAY, "week of %d %b %Y"),
    "month": (alt.TimeUnitParams(unit="yearmonth"), timedelta(days=30), "%B %Y"),
}
_WIDEST_GAP_PIXELS = 4
COLOURS = {"New visitors": "#2a9d8f", "Returning visitors": "#264653", "Staff": "#e9c46a"}


def traffic_frame(rows: Sequence[TrafficRow], zone: ZoneInfo) -> pd.DataFrame:
    """Long form: `bucket` (local wall time, naive), `who`, `visits`. Rows of several sites add up; a count that was
    left out adds nothing."""
    records = [
        {"bucket": row.bucket_start.astimezone(zone).replace(tzinfo=None), "who": who, "visits": visits}
        for row in rows
        for who, visits in (
            ("New visitors", row.new_visitors or 0),
            ("Returning visitors", row.returning_visitors or 0),
            ("Staff", row.staff_visits or 0),
        )
    ]
    frame = pd.DataFrame(records, columns=["bucket", "who", "visits"])
    return frame.groupby(["bucket", "who"], sort=True)["visits"].sum().reset_index()


def traffic_chart(frame: pd.DataFrame, bucket: Bucket, since: datetime, until: datetime) -> alt.Chart:
    """Stacked bars of visits by bucket of local time, over the whole of [since, until) in the site's zone: hours
    without anybody are part of the picture."""
    ends = [{part: getattr(end, name) for part, name in _DATE_PARTS.items()} for end in (since, until)]
    unit, length, label = _UNITS[bucket]
    days = (until - since).days
    axis = alt.Axis(format="%H:00", tickCount=12) if days <= 1 else alt.Axis(format="%d %b", tickCount=min(days, 14))
    chart: alt.Chart = (
        alt.Chart(frame)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2, binSpacing=bar_gap((until - since) / length))
        .encode(
            x=alt.X(
                "bucket:T",
                timeUnit=unit,
                title=None,
                axis=axis,
                scale=alt.Scale(domain=[alt.DateTime(**end) for end in ends]),
            ),
            y=alt.Y("sum(visits):Q", title="Visits", axis=alt.Axis(tickMinStep=1)),
            color=alt.Color(
                "who:N",
                title=None,
                scale=alt.Scale(domain=list(COLOURS), range=list(COLOURS.values())),
                legend=alt.Legend(orient="top"),
            ),
            tooltip=[
                alt.Tooltip("bucket:T", timeUnit=unit, title="From", format=label),
                alt.Tooltip("who:N", title="Who"),
                alt.Tooltip("sum(visits):Q", title="Visits"),
            ],
        )
        .properties(height=320)
    )
    return chart


def bar_gap(bars: float, *, pixels: int = 800) -> float:
    """Pixels between so many bars on a chart as wide as that: a tenth of narrow ones. A gap that does not shrink with
    them takes more than there is of a bar; Vega then draws what is left, or less than nothing as too wide."""
    return min(_WIDEST_GAP_PIXELS, pixels / 10 / bars)


def visits_frame(visits: Sequence[VisitRecordV1], zones: dict[str, ZoneInfo]) -> pd.DataFrame:
    """One row a visit, times in the visit's own site's zone. `zones`: by site name."""
    return pd.DataFrame(
        [
            {
                "Who": visit.display_name or f"Visitor {str(visit.person_id)[:8]}",
                "Kind": "Staff" if visit.person_kind == "staff" else "Visitor",
                "Site": visit.site_name,
                "From": visit.started_at.astimezone(zones.get(visit.site_name, ZoneInfo("UTC"))).replace(tzinfo=None),
                "To": visit.ended_at.astimezone(zones.get(visit.site_name, ZoneInfo("UTC"))).replace(tzinfo=None),
                "Stayed": duration_text(visit.dwell_seconds),
                "Sightings": visit.sightings,
                "First visit": visit.is_first_visit,
                "Inside": visit.is_open,
                "Best score": visit.best_score,
            }
            for visit in visits
        ],
        columns=["Who", "Kind", "Site", "From", "To", "Stayed", "Sightings", "First visit", "Inside", "Best score"],
    )


def duration_text(seconds: float) -> str:
    """`45 s`, `12 min`, `1 h 05 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"


def suppression_text(left_out: int) -> str:
    """What stands where a report leaves counts out."""
    return f"{left_out} figures of too few people are left out here; administrators see them."


def csv_bytes(frame: pd.DataFrame) -> bytes:
    """UTF-8 CSV in which no cell can run as a spreadsheet formula: text that starts like one, whatever blanks and
    quotes stand before it, gets a leading quote (OWASP, CSV injection)."""
    safe = frame.map(lambda cell: f"'{cell}" if isinstance(cell, str) and _like_a_formula(cell) else cell)
    return safe.to_csv(index=False).encode("utf-8")


def _like_a_formula(text: str) -> bool:
    return text.startswith(("\t", "\r")) or text.lstrip(" \t\r\n\"'").startswith(
        ("=", "+", "-", "@", "＝", "＋", "－", "＠")
    )
