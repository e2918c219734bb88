"""Today at a glance: who is in, today's traffic by the hour, the last visits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from client import FootfallClient
from contracts.places import Site
from dashboards.charts import duration_text, suppression_text, traffic_chart, traffic_frame, visits_frame
from dashboards.filters import all_sites, choose_site, day_start, zone_of
from dashboards.session import api_errors, require_session

REFRESH = "10s"


@st.fragment(run_every=REFRESH)
def show_today(client: FootfallClient, sites: Sequence[Site], site: Site | None) -> None:
    """Reads itself again while the page is open, without the rest of it."""
    zone = zone_of(site, sites)
    now = datetime.now(zone)
    today = day_start(now.date(), zone)
    site_id = site.site_id if site else None
    with api_errors():
        report = client.traffic(bucket="hour", source="live", site_id=site_id, since=today, until=now)
        recent = client.visits(site_id=site_id, limit=50)
    rows = report.rows
    inside = [visit for visit in recent.items if visit.is_open]
    dwell = [(row.mean_dwell_seconds, row.visitor_visits or 0) for row in rows if row.mean_dwell_seconds is not None]
    weight = sum(visits for _, visits in dwell)
    mean_dwell = sum(seconds * visits for seconds, visits in dwell) / weight if weight else None

    columns = st.columns(6)
    columns[0].metric("Visitors today", sum(row.visitor_visits or 0 for row in rows), border=True)
    columns[1].metric("New", sum(row.new_visitors or 0 for row in rows), border=True)
    columns[2].metric("Returning", sum(row.returning_visitors or 0 for row in rows), border=True)
    columns[3].metric("Staff", sum(row.staff_visits or 0 for row in rows), border=True)
    columns[4].metric(
        "Seen recently",
        len(inside),
        border=True,
        help="People whose last sighting is less than the site's visit gap ago, among the last 50 visits.",
    )
    columns[5].metric("Mean stay", duration_text(mean_dwell) if mean_dwell is not None else "–", border=True)
    unidentified = sum(row.unidentified_sightings or 0 for row in rows)
    st.caption(f"{now:%A, %d %B %Y, %H:%M} in {zone.key}. {unidentified} faces were counted without an identity today.")

    if report.suppressed:
        st.caption(suppression_text(report.suppressed))

    st.subheader("Today by the hour")
    if any(row.visitor_visits or row.staff_visits for row in rows):
        st.altair_chart(
            traffic_chart(traffic_frame(rows, zone), "hour", today, today + timedelta(days=1)), width="stretch"
        )
    else:
        st.info("No visit has begun today.", icon=":material/hourglass_empty:")

    st.subheader("Last visits")
    if recent.items:
        zones = {one.name: ZoneInfo(one.timezone) for one in sites}
        st.dataframe(
            visits_frame(recent.items[:10], zones).drop(columns=["Best score"]), hide_index=True, width="stretch"
        )
    else:
        st.info(
            "Nobody has been seen yet. Point a camera at the entrance: the README says how.", icon=":material/videocam:"
        )


client = require_session().client
st.title("Overview")

with api_errors():
    known_sites = all_sites(client)
    chosen = choose_site(known_sites, key="overview")
show_today(client, known_sites, chosen)
