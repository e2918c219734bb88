"""Every visit of a period, by site and kind, page by page."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from contracts.base import PersonKind
from contracts.records import VisitRecordV1
from dashboards.charts import csv_bytes, visits_frame
from dashboards.filters import all_sites, choose_period, choose_site, zone_of
from dashboards.session import api_errors, require_session

_PAGE = 200
_KINDS: dict[str, PersonKind | None] = {"Everyone": None, "Visitors": "customer", "Staff": "staff"}

client = require_session().client
st.title("Visits")

with api_errors():
    sites = all_sites(client)
left, middle, right = st.columns([1, 1, 1])
with left:
    site = choose_site(sites, key="visits")
with middle:
    since, until = choose_period(zone_of(site, sites), key="visits", days=7)
with right:
    kind = st.segmented_control("Who", list(_KINDS), default="Everyone", required=True, key="visits-kind")

pages = st.session_state.setdefault("visits-pages", 1)
visits: list[VisitRecordV1] = []
cursor: str | None = None
with api_errors():
    for _ in range(pages):
        page = client.visits(
            site_id=site.site_id if site else None,
            person_kind=_KINDS[kind or "Everyone"],
            since=since,
            until=until,
            limit=_PAGE,
            cursor=cursor,
        )
        visits.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break

if not visits:
    st.info("No visits match.", icon=":material/search_off:")
    st.stop()
frame = visits_frame(visits, {one.name: ZoneInfo(one.timezone) for one in sites})
st.caption(f"{len(visits)} visits{' so far' if cursor else ''}, newest first; times are the site's own.")
st.dataframe(
    frame,
    hide_index=True,
    width="stretch",
    height=560,
    column_config={
        "From": st.column_config.DatetimeColumn(format="DD.MM.YYYY HH:mm:ss"),
        "To": st.column_config.DatetimeColumn(format="HH:mm:ss"),
        "Best score": st.column_config.NumberColumn(
            format="%.3f", help="Cosine of the best match; empty for a first sighting."
        ),
    },
)
more, download = st.columns([1, 1])
if cursor and more.button("Load more", icon=":material/expand_more:"):
    st.session_state["visits-pages"] = pages + 1
    st.rerun()
download.download_button("Download as CSV", csv_bytes(frame), "visits.csv", "text/csv", icon=":material/download:")
