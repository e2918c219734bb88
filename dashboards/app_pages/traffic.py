"""Traffic over hours, weeks and months: how many came, when, for how long, and who came again."""

from __future__ import annotations

from datetime import timedelta

import pandas as pd
import streamlit as st

from contracts.reports import Bucket
from dashboards.analytics_charts import cohorts_frame, dwell_chart, heat_map, hours_frame
from dashboards.charts import csv_bytes, duration_text, suppression_text, traffic_chart, traffic_frame
from dashboards.day_charts import latest_frame, occupancy_chart, occupancy_frame, unusual_frame
from dashboards.filters import all_sites, choose_period, choose_site, day_start, whole_buckets, zone_of
from dashboards.session import api_errors, require_session
from dashboards.stay_charts import cohort_chart, cohort_frame, stays_chart, stays_frame

_BUCKETS: dict[str, Bucket] = {"15 min": "15min", "Hour": "hour", "Day": "day", "Week": "week", "Month": "month"}
_RETURN_DAYS = 30
_COHORT_WEEKS = 12
_DAY = {"Day": st.column_config.DateColumn(format="DD.MM.YYYY")}

client = require_session().client
st.title("Traffic")

with api_errors():
    sites = all_sites(client)
left, middle, right = st.columns([1, 1, 1.4])
with left:
    site = choose_site(sites, key="traffic")
zone = zone_of(site, sites)
with middle:
    since, until = choose_period(zone, key="traffic", days=14)
with right:
    chosen = st.segmented_control("By", list(_BUCKETS), default="Day", required=True, key="traffic-bucket")
bucket = _BUCKETS[chosen or "Day"]
since = whole_buckets(since, bucket)
site_id = site.site_id if site else None

with api_errors():
    report = client.traffic(bucket=bucket, source="marts", site_id=site_id, since=since, until=until)
    if report.as_of is None:
        # Nothing was built yet, for these buckets at least: a new installation is no reason for an empty page.
        report = client.traffic(bucket=bucket, source="live", site_id=site_id, since=since, until=until)
    lengths = client.dwell(site_id=site_id, since=since, until=until)
    week = client.distribution(by="hour_of_week", site_id=site_id, since=since, until=until)
    peaks = client.peak_hours(limit=5, site_id=site_id, since=since, until=until)
    again = client.repeat_rate(within_days=_RETURN_DAYS, cohort="week", site_id=site_id, since=since, until=until)
    days = client.days(site_id=site_id, since=since, until=until)
    latest = max((row.bucket_start for row in days.rows), default=since).astimezone(zone).date()
    opened, closed = day_start(latest, zone), day_start(latest + timedelta(days=1), zone)
    inside = client.occupancy(site_id=site_id, since=opened, until=closed)
    stays = client.daily_dwell(site_id=site_id, since=since, until=until)
    first_week = whole_buckets(until - timedelta(weeks=_COHORT_WEEKS), "week")
    returns = client.cohorts(site_id=site_id, since=first_week, until=until)

built = "Built" if report.source == "marts" else "Counted"
if report.as_of is not None:
    st.caption(f"{built} {report.as_of.astimezone(zone):%d %B %Y, %H:%M} ({zone.key}). Hours are each site's own.")
if left_out := sum(each.suppressed for each in (report, lengths, week, peaks, again, days, inside, stays, returns)):
    st.caption(suppression_text(left_out))
if not report.rows:
    st.info("No visits in this period.", icon=":material/hourglass_empty:")
    st.stop()

new = sum(row.new_visitors or 0 for row in report.rows)
returning = sum(row.returning_visitors or 0 for row in report.rows)
median = lengths.overall.median_seconds
figures = st.columns(6)
figures[0].metric("Visitors", f"{new + returning:,}", border=True)
figures[1].metric("New", f"{new:,}", border=True)
figures[2].metric("Returning", f"{returning:,}", border=True)
figures[3].metric(
    "Came twice or more",
    "–" if again.repeat_rate is None else f"{again.repeat_rate:.0%}",
    border=True,
    help="Share of the period's different visitors who came at least twice in it.",
)
figures[4].metric("Median stay", "–" if median is None else duration_text(median), border=True)
figures[5].metric(
    "Unidentified",
    f"{sum(row.unidentified_sightings or 0 for row in report.rows):,}",
    border=True,
    help="Faces that were counted without an identity.",
)

st.altair_chart(traffic_chart(traffic_frame(report.rows, zone), report.bucket, since, until), width="stretch")

if days.as_of is None:
    st.info(
        "Days that stand out, people inside over the day, stays by the day and who came back are shown once the marts "
        "have been built; Dagster does so by itself.",
        icon=":material/event_upcoming:",
    )
else:
    standing, people = st.columns([1, 1])
    own = ["Site"] if site else []
    with standing:
        st.subheader("Beside the week before")
        newest = latest_frame(days.rows, days.as_of)
        if newest.empty:
            st.caption("No day of this period is over yet.")
        else:
            st.dataframe(
                newest.drop(columns=own),
                hide_index=True,
                width="stretch",
                column_config={**_DAY, "Change": st.column_config.NumberColumn(format="percent")},
            )
        st.subheader("Days that stand out")
        unusual = unusual_frame(days.rows)
        if unusual.empty:
            st.caption("None in this period. A day can once its weekday has been counted in four weeks before.")
        else:
            st.dataframe(unusual.drop(columns=own), hide_index=True, width="stretch", column_config=_DAY)
    with people:
        st.subheader(f"Inside on {latest:%d %B %Y}")
        if inside.rows:
            st.altair_chart(occupancy_chart(occupancy_frame(inside.rows, zone), opened, closed), width="stretch")
        else:
            st.caption("Nobody with an identity was inside on that day.")

when, length = st.columns([1.2, 1])
with when:
    st.subheader("When they come")
    st.altair_chart(heat_map(week.rows), width="stretch")
with length:
    st.subheader("How long they stay")
    st.altair_chart(dwell_chart(lengths.overall.histogram), width="stretch")

busiest, cohorts = st.columns([1, 1.4])
with busiest:
    st.subheader("Busiest hours of the week")
    st.dataframe(hours_frame(peaks.typical), hide_index=True, width="stretch")
with cohorts:
    st.subheader(f"Who came again within {_RETURN_DAYS} days")
    st.dataframe(
        cohorts_frame(again.cohorts),
        hide_index=True,
        width="stretch",
        column_config={
            "First seen from": st.column_config.DateColumn(format="DD.MM.YYYY"),
            "Share": st.column_config.NumberColumn(format="percent"),
        },
    )

if days.as_of is not None:
    by_day, by_week = st.columns([1, 1])
    with by_day:
        st.subheader("How long they stayed, day by day")
        if stays.rows:
            st.altair_chart(stays_chart(stays_frame(stays.rows), since, until), width="stretch")
        else:
            st.caption("No visitor with an identity came in this period.")
    with by_week:
        st.subheader("Who came back, week by week")
        came_back = cohort_frame(returns.rows, first_week.date())
        if came_back.empty:
            st.caption(f"No visitor came for the first time in the last {_COHORT_WEEKS} weeks.")
        else:
            st.altair_chart(cohort_chart(came_back, _COHORT_WEEKS), width="stretch")

table = pd.DataFrame(
    [
        {
            "Site": row.site_name,
            "From": row.bucket_start.replace(tzinfo=None),
            "Visitors": row.visitor_visits,
            "New": row.new_visitors,
            "Returning": row.returning_visitors,
            "Staff": row.staff_visits,
            "Unidentified": row.unidentified_sightings,
            "Mean stay (s)": None if row.mean_dwell_seconds is None else round(row.mean_dwell_seconds),
        }
        for row in report.rows
    ]
)
with st.expander("The numbers", icon=":material/table:"):
    st.dataframe(table, hide_index=True, width="stretch")
st.download_button("Download as CSV", csv_bytes(table), "traffic.csv", "text/csv", icon=":material/download:")
