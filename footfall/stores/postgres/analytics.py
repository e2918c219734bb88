"""Reports computed from the visits as they are. Rows out; spans and meanings are `footfall.analytics`'.

Every statement begins with the same two tables of its own: the sites that may be seen, and their visits of the span.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.analytics import CohortBucket, ReturnBucket, Whose
from contracts.base import SiteId
from footfall.stores.postgres.reports import bucket_of

_SEEN = """
    with places as materialized (
        select tenant_id, site_id, name, timezone
        from footfall.sites
        where (cast(:site_id as uuid) is null or site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or site_id = any(cast(:allowed_sites as uuid[])))
    ),
    seen as (
        select p.site_id, p.name as site_name, p.timezone, v.visit_id, v.person_kind, v.customer_id, v.started_at,
               v.is_first_visit, v.camera_ids, v.started_at at time zone p.timezone as local_start,
               cast(extract(epoch from v.ended_at - v.started_at) as double precision) as dwell_seconds
        from places as p
        inner join footfall.visits as v on v.tenant_id = p.tenant_id and v.site_id = p.site_id
        where v.started_at >= :since and v.started_at < :until
          and (cast(:person_kind as text) is null or v.person_kind = cast(:person_kind as text))
    )
"""


@dataclass(frozen=True, slots=True)
class ReportSpan:
    """Visits that began in [since, until), of one site or of all the sites that `allowed_sites` leaves."""

    since: datetime
    until: datetime
    whose: Whose
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None


def count_visits(connection: Connection, span: ReportSpan) -> int:
    return int(_rows(connection, "select count(*) as visits from seen", span)[0]["visits"])


def by_hour_of_week(connection: Connection, span: ReportSpan) -> Sequence[RowMapping]:
    """weekday, hour, visits, total: all 168."""
    return _rows(
        connection,
        """
        , counted as (
            select extract(isodow from local_start) as weekday, extract(hour from local_start) as hour,
                   count(*) as visits
            from seen
            group by 1, 2
        )
        select w.weekday, h.hour, coalesce(c.visits, 0) as visits, (select count(*) from seen) as total
        from generate_series(1, 7) as w (weekday)
        cross join generate_series(0, 23) as h (hour)
        left join counted as c on c.weekday = w.weekday and c.hour = h.hour
        order by w.weekday, h.hour
        """,
        span,
    )


def by_camera(connection: Connection, span: ReportSpan) -> Sequence[RowMapping]:
    """camera_id, camera_name, visits, total, most first."""
    return _rows(
        connection,
        """
        select c.camera_id, c.name as camera_name, count(*) as visits, (select count(*) from seen) as total
        from seen as s
        cross join lateral unnest(s.camera_ids) as looked (camera_id)
        inner join footfall.cameras as c on c.camera_id = looked.camera_id
        group by c.camera_id, c.name
        order by visits desc, c.name, c.camera_id
        """,
        span,
    )


def by_person_kind(connection: Connection, span: ReportSpan) -> Sequence[RowMapping]:
    """person_kind, visits, total: both kinds."""
    return _rows(
        connection,
        """
        select k.person_kind, count(s.visit_id) as visits, (select count(*) from seen) as total
        from (values ('customer'), ('staff')) as k (person_kind)
        left join seen as s on s.person_kind = k.person_kind
        group by k.person_kind
        order by k.person_kind
        """,
        span,
    )


def by_dwell(connection: Connection, span: ReportSpan, edges_seconds: Sequence[int]) -> Sequence[RowMapping]:
    """site_id, site_name, visits, figures and `histogram`: counts by bucket. The row of all sites has no site_id."""
    return _rows(
        connection,
        """
        , placed as (
            select site_id, site_name, dwell_seconds,
                   width_bucket(dwell_seconds, cast(:edges as double precision[])) as bucket
            from seen
        ),
        counted as (
            select site_id, bucket, count(*) as visits
            from placed
            group by grouping sets ((site_id, bucket), (bucket))
        )
        select p.site_id, max(p.site_name) as site_name, count(*) as visits, avg(p.dwell_seconds) as mean_seconds,
               percentile_cont(array[0.5, 0.75, 0.9, 0.95]) within group (order by p.dwell_seconds) as percentiles,
               max(p.dwell_seconds) as longest_seconds,
               (
                   select json_object_agg(c.bucket, c.visits)
                   from counted as c
                   where c.site_id is not distinct from p.site_id
               ) as histogram
        from placed as p
        group by grouping sets ((p.site_id), ())
        order by site_name, p.site_id
        """,
        span,
        edges=[float(edge) for edge in edges_seconds],
    )


def by_return(connection: Connection, span: ReportSpan, bucket: ReturnBucket) -> Sequence[RowMapping]:
    """site_id, site_name, timezone, bucket_start, new_visitors, returning_visitors, in order of time."""
    return _rows(
        connection,
        """
        select site_id, site_name, timezone, {bucket} as bucket_start,
               count(*) filter (where is_first_visit) as new_visitors,
               count(*) filter (where not is_first_visit) as returning_visitors
        from seen
        group by 1, 2, 3, 4
        order by 4, 2, 1
        """,
        span,
        bucket=bucket_of(bucket, "started_at", "timezone"),
    )


@dataclass(frozen=True, slots=True)
class CustomerCounts:
    """Different customers, those of them with two visits or more, and the visits of all."""

    customers: int
    repeating: int
    visits: int


def count_customers(connection: Connection, span: ReportSpan) -> CustomerCounts:
    [row] = _rows(
        connection,
        """
        select count(*) as customers, count(*) filter (where visits > 1) as repeating,
               cast(coalesce(sum(visits), 0) as bigint) as visits
        from (select count(*) as visits from seen where customer_id is not null group by customer_id) as each_one
        """,
        span,
    )
    return CustomerCounts(**row)


def typical_hours(connection: Connection, span: ReportSpan, *, limit: int) -> Sequence[RowMapping]:
    """weekday, hour, visits, occurrences, the highest mean first.

    How often the period has an hour is counted on each site's own clock: one that goes forward skips an hour, and one
    that goes back has it twice. An hour that the period cuts into counts as a whole one.
    """
    return _rows(
        connection,
        """
        , hours as (
            select p.site_id, date_trunc('hour', h.at, p.timezone) at time zone p.timezone as local_hour
            from places as p
            cross join lateral generate_series(
                date_trunc('hour', cast(:since as timestamptz), p.timezone),
                cast(:until as timestamptz) - interval '1 microsecond',
                interval '1 hour'
            ) as h (at)
        ),
        occurring as (
            select extract(isodow from local_hour) as weekday, extract(hour from local_hour) as hour,
                   count(*) as occurrences
            from hours
            group by 1, 2
        ),
        counted as (
            select extract(isodow from local_start) as weekday, extract(hour from local_start) as hour,
                   count(*) as visits
            from seen
            group by 1, 2
        )
        select cast(c.weekday as integer) as weekday, cast(c.hour as integer) as hour, c.visits, o.occurrences
        from counted as c
        inner join occurring as o on o.weekday = c.weekday and o.hour = c.hour
        order by cast(c.visits as double precision) / o.occurrences desc, c.weekday, c.hour
        limit :limit
        """,
        span,
        limit=limit,
    )


def busiest_hours(connection: Connection, span: ReportSpan, *, limit: int) -> Sequence[RowMapping]:
    """site_id, site_name, timezone, hour_start, visits, most first."""
    return _rows(
        connection,
        """
        select site_id, site_name, timezone, {bucket} as hour_start, count(*) as visits
        from seen
        group by 1, 2, 3, 4
        order by visits desc, hour_start desc, site_name, site_id
        limit :limit
        """,
        span,
        bucket=bucket_of("hour", "started_at", "timezone"),
        limit=limit,
    )


def cohorts(connection: Connection, span: ReportSpan, bucket: CohortBucket, within: timedelta) -> Sequence[RowMapping]:
    """cohort_start, new_customers, observed, returned, in order of time. A customer who came again at any site that may
    be seen has returned."""
    return _rows(
        connection,
        """
        , firsts as (
            select cast(date_trunc(cast(:cohort as text), s.local_start) as date) as cohort_start, s.customer_id,
                   s.started_at + cast(:within as interval) <= now() as is_observed,
                   exists (
                       select 1
                       from footfall.visits as again
                       inner join places as p on p.tenant_id = again.tenant_id and p.site_id = again.site_id
                       where again.customer_id = s.customer_id and again.visit_id <> s.visit_id
                         and again.started_at > s.started_at
                         and again.started_at <= s.started_at + cast(:within as interval)
                   ) as came_again
            from seen as s
            where s.is_first_visit and s.customer_id is not null
        )
        select cohort_start, count(*) as new_customers, count(*) filter (where is_observed) as observed,
               count(*) filter (where is_observed and came_again) as returned
        from firsts
        group by cohort_start
        order by cohort_start
        """,
        span,
        cohort=bucket,
        within=within,
    )


def _rows(connection: Connection, sql: str, span: ReportSpan, *, bucket: str = "", **more: Any) -> Sequence[RowMapping]:
    """Of a statement that goes on after `_SEEN`, with `bucket_of`'s `bucket` in its place; all of it is written in the
    code."""
    statement = text(_SEEN + sql.replace("{bucket}", bucket))
    return connection.execute(statement, {**_bounds(span), **more}).mappings().all()


def _bounds(span: ReportSpan) -> dict[str, object]:
    return {
        "since": span.since,
        "until": span.until,
        "person_kind": None if span.whose == "everyone" else span.whose,
        "site_id": span.site_id,
        "allowed_sites": None if span.allowed_sites is None else list(span.allowed_sites),
    }
