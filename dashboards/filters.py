"""Widgets that several pages share: the site and the period. No page of its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from client import FootfallClient
from contracts.places import Site
from contracts.reports import Bucket


def all_sites(client: FootfallClient) -> tuple[Site, ...]:
    """Every site of the tenant; stops the page with a pointer when there is none yet."""
    sites: list[Site] = []
    cursor: str | None = None
    while True:
        page = client.sites(cursor=cursor)
        sites.extend(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break
    if not sites:
        st.info(
            "There is no site yet. An administrator makes one with `POST /v1/sites`; cameras and visits follow.",
            icon=":material/add_business:",
        )
        st.stop()
    return tuple(sites)


def choose_site(sites: Sequence[Site], *, key: str) -> Site | None:
    """One site, or None for all of them; a tenant with a single site is not asked."""
    if len(sites) == 1:
        return sites[0]
    return st.selectbox(
        "Site", [None, *sites], format_func=lambda site: site.name if site else "All sites", key=f"{key}-site"
    )


def zone_of(site: Site | None, sites: Sequence[Site]) -> ZoneInfo:
    """The site's zone; for all sites the first one's, which the pages name."""
    return ZoneInfo((site or sites[0]).timezone)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, tzinfo=zone)


def choose_period(zone: ZoneInfo, *, key: str, days: int) -> tuple[datetime, datetime]:
    """[since, until) in whole local days; by default the last `days`, today included."""
    today = datetime.now(zone).date()
    chosen = st.date_input("Period", value=(today - timedelta(days=days - 1), today), key=f"{key}-period")
    if len(chosen) != 2:  # the first click has chosen one day; the second is still to come
        st.caption("Choose the last day too.")
        st.stop()
    first, last = chosen
    return day_start(first, zone), day_start(last + timedelta(days=1), zone)


def whole_buckets(since: datetime, bucket: Bucket) -> datetime:
    """`since`, or the beginning of its week or month: traffic counts buckets that begin in the period."""
    if bucket == "week":
        return day_start(since.date() - timedelta(days=since.weekday()), _zone(since))
    if bucket == "month":
        return day_start(since.date().replace(day=1), _zone(since))
    return since


def _zone(instant: datetime) -> ZoneInfo:
    if not isinstance(instant.tzinfo, ZoneInfo):
        raise TypeError("periods of the pages are in a site's zone")
    return instant.tzinfo
