"""Traffic, computed from visits and face events or read from the marts. Rows out; the buckets' bounds come in."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, RowMapping, text

from contracts.reports import Bucket, TrafficRow
from footfall.report_spans import at_site
from footfall.stores.postgres.mart_rows import SiteSpan, bounds_of, of_sites, rows_of

_LIVE = """
    with places as (
        select tenant_id, site_id, name, timezone
        from footfall.sites
        where {of_sites}
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

_COUNTS = (
    "m.staff_visits", "m.visitor_visits", "m.new_visitors", "m.returning_visitors", "m.unidentified_sightings",
    "m.mean_dwell_seconds",
)  # fmt: skip
_FROM_MART = {
    bucket: rows_of(table, ["m.site_id", "m.site_name", "m.bucket_start", *_COUNTS]) for bucket, table in MARTS.items()
}


def bucket_of(bucket: Bucket, instant: str, zone: str) -> str:
    """SQL for the start of the bucket that holds an instant, of expressions that are written in the code.

    date_trunc with a zone keeps the two hours apart that a clock going back shows twice. Quarters of an hour need none:
    every zone's offset is whole quarters.
    """
    if bucket == "15min":
        return f"date_bin('15 minutes', {instant}, timestamptz 'epoch')"
    return f"date_trunc('{bucket}', {instant}, {zone})"


def select_live_traffic(connection: Connection, bucket: Bucket, span: SiteSpan) -> list[TrafficRow]:
    statement = _LIVE.format(
        of_sites=of_sites("site_id"),
        started_bucket=bucket_of(bucket, "v.started_at", "p.timezone"),
        captured_bucket=bucket_of(bucket, "e.captured_at", "p.timezone"),
    )
    rows = connection.execute(text(statement), {"longest_bucket": _LONGEST_BUCKET[bucket], **bounds_of(span)})
    return [_row(row) for row in rows.mappings()]


def select_mart_traffic(
    connection: Connection, bucket: Bucket, span: SiteSpan
) -> tuple[datetime | None, list[TrafficRow]]:
    """When the tenant's part of the mart was built, and its rows; None and no rows while there is no mart."""
    built_at, rows = _FROM_MART[bucket].read(connection, span)
    return built_at, [_row(row) for row in rows]


def select_now(connection: Connection) -> datetime:
    """The server's clock at the start of the transaction."""
    now: datetime = connection.execute(text("select now()")).scalar_one()
    return now


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
