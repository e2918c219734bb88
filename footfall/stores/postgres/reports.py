"""Traffic, computed from visits and face events or read from the marts. Rows out; the buckets' bounds come in."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import SiteId
from contracts.reports import Bucket, TrafficRow

_LIVE = text("""
    with places as (
        select tenant_id, site_id, name, timezone
        from footfall.sites
        where (cast(:site_id as uuid) is null or site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or site_id = any(cast(:allowed_sites as uuid[])))
    ),
    observed as (
        -- date_trunc with a zone keeps the two hours apart that a clock going back shows twice.
        select p.site_id, p.name, date_trunc(cast(:bucket as text), v.started_at, p.timezone) as bucket_start,
               v.person_kind, v.is_first_visit,
               extract(epoch from v.ended_at - v.started_at) as dwell_seconds
        from places as p
        inner join footfall.visits as v on v.tenant_id = p.tenant_id and v.site_id = p.site_id
        where v.started_at >= :since and v.started_at < cast(:until as timestamptz) + interval '26 hours'
        union all
        select p.site_id, p.name, date_trunc(cast(:bucket as text), e.captured_at, p.timezone), 'nobody', false, null
        from places as p
        inner join footfall.face_events as e on e.tenant_id = p.tenant_id and e.site_id = p.site_id
        where e.visit_id is null
          and e.captured_at >= :since and e.captured_at < cast(:until as timestamptz) + interval '26 hours'
    )
    select site_id, name as site_name, bucket_start,
           count(*) filter (where person_kind = 'staff') as staff_visits,
           count(*) filter (where person_kind = 'customer') as visitor_visits,
           count(*) filter (where person_kind = 'customer' and is_first_visit) as new_visitors,
           count(*) filter (where person_kind = 'customer' and not is_first_visit) as returning_visitors,
           count(*) filter (where person_kind = 'nobody') as unidentified_sightings,
           avg(dwell_seconds) filter (where person_kind = 'customer') as mean_dwell_seconds
    from observed
    -- Whole buckets only, as the marts hold them.
    where bucket_start >= :since and bucket_start < :until
    group by site_id, name, bucket_start
    order by bucket_start, name, site_id
""")

_MARTS: dict[Bucket, str] = {"hour": "marts.visits_hourly", "day": "marts.visits_daily"}

_FROM_MART = {
    bucket: text(f"""
        select site_id, site_name, bucket_start, staff_visits, visitor_visits, new_visitors, returning_visitors,
               unidentified_sightings, mean_dwell_seconds
        from {table}
        where bucket_start >= :since and bucket_start < :until
          and (cast(:site_id as uuid) is null or site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or site_id = any(cast(:allowed_sites as uuid[])))
        order by bucket_start, site_name, site_id
    """)  # noqa: S608 - the table's name is one of the two above
    for bucket, table in _MARTS.items()
}

_BUILT_AT = {
    bucket: text(f"select max(built_at) from {table}")  # noqa: S608 - the table's name is one of the two above
    for bucket, table in _MARTS.items()
}


@dataclass(frozen=True, slots=True)
class TrafficSpan:
    """Buckets that start in [since, until), of one site, or of all the sites that `allowed_sites` leaves."""

    bucket: Bucket
    since: datetime
    until: datetime
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None


def select_live_traffic(connection: Connection, span: TrafficSpan) -> list[TrafficRow]:
    rows = connection.execute(_LIVE, {"bucket": span.bucket, **_bounds(span)})
    return [_row(row) for row in rows.mappings()]


def select_mart_traffic(connection: Connection, span: TrafficSpan) -> tuple[datetime | None, list[TrafficRow]]:
    """When the tenant's part of the mart was built, and its rows; None and no rows while there is no mart."""
    exists = connection.execute(
        text("select to_regclass(:table) is not null as found"), {"table": _MARTS[span.bucket]}
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
        bucket_start=row["bucket_start"],
        staff_visits=row["staff_visits"],
        visitor_visits=row["visitor_visits"],
        new_visitors=row["new_visitors"],
        returning_visitors=row["returning_visitors"],
        unidentified_sightings=row["unidentified_sightings"],
        mean_dwell_seconds=None if mean is None else float(mean),
    )
