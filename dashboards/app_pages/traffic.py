"""Traffic over days and weeks, from the marts that dbt builds."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from dashboards.charts import csv_bytes, traffic_chart, traffic_frame
from dashboards.filters import all_sites, choose_period, choose_site, zone_of
from dashboards.session import api_errors, require_session

client = require_session().client
st.title("Traffic")

with api_errors():
    sites = all_sites(client)
left, middle, right = st.columns([1, 1, 1])
with left:
    site = choose_site(sites, key="traffic")
zone = zone_of(site, sites)
with middle:
    since, until = choose_period(zone, key="traffic", days=14)
with right:
    bucket = st.segmented_control("By", ["day", "hour"], default="day", required=True, key="traffic-bucket")

with api_errors():
    report = client.traffic(
        bucket="hour" if bucket == "hour" else "day",
        source="marts",
        site_id=site.site_id if site else None,
        since=since,
        until=until,
    )

if report.as_of is None:
    st.info("The marts have not been built yet. Run the job `refresh_all` in Dagster.", icon=":material/database:")
    st.stop()
st.caption(f"Built {report.as_of.astimezone(zone):%d %B %Y, %H:%M} ({zone.key}).")
if not report.rows:
    st.info("No visits in this period.", icon=":material/hourglass_empty:")
    st.stop()

st.altair_chart(traffic_chart(traffic_frame(report.rows, zone), report.bucket, since, until), width="stretch")
table = pd.DataFrame(
    [
        {
            "Site": row.site_name,
            "From": row.bucket_start.astimezone(zone).replace(tzinfo=None),
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
st.dataframe(table, hide_index=True, width="stretch")
st.download_button("Download as CSV", csv_bytes(table), "traffic.csv", "text/csv", icon=":material/download:")
