"""Traffic, computed from visits and face events or read from the marts. Rows out; the buckets' bounds come in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import SiteId
from contracts.reports import Bucket, TrafficRow
from footfall.report_spans import at_site

_LIVE = """
    with places as (
        select tenant_id, site_id, name, timezone
        from footfall.sites
        where (cast(:site_id as uuid) is null or site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or site_id = any(cast(:allowed_sites as uuid[])))
    ),
    observed as (
        select p.site_id, p.name, p.timezone, {started_bucket} as bucket_start,
               v.person_kind, v.is_first_visit,
               extract(epoch from v.ended_at - v.started_at) as dwell_seconds
        from places as p
        inner join footfall.visits as v on v.tenant_id = p.tenant_id and v.site_id = p.site_id
        where v.started_at >= :since and v.started_at < cast(:until as timestamptz) + cast(:longest_bucket as interval)
        union all
        select p.site_id, p.name, p.timezone, {captured_bucket}, 'nobody', false, null
        from places as p
        inner join footfall.face_events as e on e.tenant_id = p.tenant_id and e.site_id = p.site_id
        where e.visit_id is null
          and e.captured_at >= :since
          and e.captured_at < cast(:until as timestamptz) + cast(:longest_bucket as interval)
    )
    select site_id, name as site_name, timezone, bucket_start,
           count(*) filter (where person_kind = 'staff') as staff_visits,
           count(*) filter (where person_kind = 'customer') as visitor_visits,
           count(*) filter (where person_kind = 'customer' and is_first_visit) as new_visitors,
           count(*) filter (where person_kind = 'customer' and not is_first_visit) as returning_visitors,
           count(*) filter (where person_kind = 'nobody') as unidentified_sightings,
           avg(dwell_seconds) filter (where person_kind = 'customer') as mean_dwell_seconds
    from observed
    -- Whole buckets only, as the marts hold them.
    where bucket_start >= :since and bucket_start < :until
    group by site_id, name, timezone, bucket_start
    order by bucket_start, name, site_id
"""

MARTS: dict[Bucket, str] = {
    "15min": "marts.visits_15min",
    "hour": "marts.visits_hourly",
    "day": "marts.visits_daily",
    "week": "marts.visits_weekly",
    "month": "marts.visits_monthly",
}

_LONGEST_BUCKET: dict[Bucket, timedelta] = {
    "15min": timedelta(minutes=15),
    "hour": timedelta(hours=1),
    "day": timedelta(hours=26),
    "week": timedelta(days=8),
    "month": timedelta(days=32),
}
"""No bucket of the kind lasts longer, whatever the clocks do."""

_FROM_MART = {
    bucket: text(f"""
        select m.site_id, m.site_name, s.timezone, m.bucket_start, m.staff_visits, m.visitor_visits, m.new_visitors,
               m.returning_visitors, m.unidentified_sightings, m.mean_dwell_seconds
        from {table} as m
        inner join footfall.sites as s on s.tenant_id = m.tenant_id and s.site_id = m.site_id
        where m.bucket_start >= :since and m.bucket_start < :until
          and (cast(:site_id as uuid) is null or m.site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or m.site_id = any(cast(:allowed_sites as uuid[])))
        order by m.bucket_start, m.site_name, m.site_id
    """)  # noqa: S608 - the table's name is one of those above
    for bucket, table in MARTS.items()
}

_BUILT_AT = {
    bucket: text(f"select max(built_at) from {table}")  # noqa: S608 - the table's name is one of those above
    for bucket, table in MARTS.items()
}


@dataclass(frozen=True, slots=True)
class TrafficSpan:
    """Buckets that start in [since, until), of one site, or of all the sites that `allowed_sites` leaves."""

    bucket: Bucket
    since: datetime
    until: datetime
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None


def bucket_of(bucket: Bucket, instant: str, zone: str) -> str:
    """SQL for the start of the bucket that holds an instant, of expressions that are written in the code.

    date_trunc with a zone keeps the two hours apart that a clock going back shows twice. Quarters of an hour need none:
    every zone's offset is whole quarters.
    """
    if bucket == "15min":
        return f"date_bin('15 minutes', {instant}, timestamptz 'epoch')"
    return f"date_trunc('{bucket}', {instant}, {zone})"


def select_live_traffic(connection: Connection, span: TrafficSpan) -> list[TrafficRow]:
    statement = _LIVE.format(
        started_bucket=bucket_of(span.bucket, "v.started_at", "p.timezone"),
        captured_bucket=bucket_of(span.bucket, "e.captured_at", "p.timezone"),
    )
    rows = connection.execute(text(statement), {"longest_bucket": _LONGEST_BUCKET[span.bucket], **_bounds(span)})
    return [_row(row) for row in rows.mappings()]


def select_mart_traffic(connection: Connection, span: TrafficSpan) -> tuple[datetime | None, list[TrafficRow]]:
    """When the tenant's part of the mart was built, and its rows; None and no rows while there is no mart."""
    exists = connection.execute(
        text("select to_regclass(:table) is not null as found"), {"table": MARTS[span.bucket]}
    ).scalar_one()
    if not exists:
        return None, []
    built_at: datetime | None = connection.execute(_BUILT_AT[span.bucket]).scalar_one()
    rows = connection.execute(_FROM_MART[span.bucket], _bounds(span))
    return built_at, [_row(row) for row in rows.mappings()]


def select_now(connection: Connection) -> datetime:
    """The server's clock at the start of the transaction."""
    now: datetime = connection.execute(text("select now()")).scalar_one()
    return now


def _bounds(span: TrafficSpan) -> dict[str, object]:
    return {
        "since": span.since,
        "until": span.until,
        "site_id": span.site_id,
        "allowed_sites": None if span.allowed_sites is None else list(span.allowed_sites),
    }


def _row(row: RowMapping) -> TrafficRow:
    mean = row["mean_dwell_seconds"]
    return TrafficRow(
        site_id=row["site_id"],
        site_name=row["site_name"],
        bucket_start=at_site(row["bucket_start"], row["timezone"]),
        staff_visits=row["staff_visits"],
        visitor_visits=row["visitor_visits"],
        new_visitors=row["new_visitors"],
        returning_visitors=row["returning_visitors"],
        unidentified_sightings=row["unidentified_sightings"],
        mean_dwell_seconds=None if mean is None else float(mean),
    )
