"""Every visit of a period, by site, kind and score, in any order, page by page; all of them as CSV."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import streamlit as st

from contracts.base import PersonKind
from contracts.records import VisitRecordV1
from contracts.reports import VisitSort
from dashboards.charts import visits_frame
from dashboards.filters import all_sites, choose_period, choose_site, zone_of
from dashboards.session import api_errors, require_session

_PAGE = 200
_WEAK_SCORE = 0.55
_SORTS: dict[str, VisitSort] = {
    "Latest first": "-started_at",
    "Earliest first": "started_at",
    "Longest first": "-dwell_seconds",
    "Most sightings first": "-sightings",
}
_KINDS: dict[str, PersonKind | None] = {"Everyone": None, "Visitors": "customer", "Staff": "staff"}

client = require_session().client
st.title("Visits")

with api_errors():
    sites = all_sites(client)
left, middle, right, order = st.columns([1, 1, 1, 1])
with left:
    site = choose_site(sites, key="visits")
with middle:
    since, until = choose_period(zone_of(site, sites), key="visits", days=7)
with right:
    kind = st.segmented_control("Who", list(_KINDS), default="Everyone", required=True, key="visits-kind")
with order:
    sort = st.selectbox("Order", list(_SORTS), key="visits-sort")
weak_only = st.toggle(
    "Only uncertain matches",
    key="visits-weak",
    help=f"Visits whose best match scored under {_WEAK_SCORE:.2f}: worth a look when somebody may have been mistaken.",
)
max_score = _WEAK_SCORE if weak_only else None

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
            max_score=max_score,
            sort=_SORTS[sort],
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
st.caption(f"{len(visits)} visits{' so far' if cursor else ''}; times are the site's own.")
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
download.download_button(
    "Download all as CSV",
    # Made when it is asked for, of every page: what is shown may be the first of many.
    lambda: client.visits_csv(
        site_id=site.site_id if site else None,
        person_kind=_KINDS[kind or "Everyone"],
        since=since,
        until=until,
        max_score=max_score,
    ),
    "visits.csv",
    "text/csv",
    icon=":material/download:",
)
