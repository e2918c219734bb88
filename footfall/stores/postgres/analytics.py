"""Reports computed from the visits as they are: lengths, cameras, who came again. Sums of hours are
`footfall.stores.postgres.hour_counts`'. Rows out; spans and meanings are `footfall.analytics`'.

Every statement begins with the same two tables of its own: the sites that may be seen, and their visits of the span.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.analytics import CohortBucket, Whose
from contracts.base import SiteId

PLACES = """
    with places as materialized (
        select tenant_id, site_id, name, timezone
        from footfall.sites
        where (cast(:site_id as uuid) is null or site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or site_id = any(cast(:allowed_sites as uuid[])))
    )
"""

_SEEN = """
    , seen as (
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
    """Visits that began in [since, until), of one site or of all the sites that `allowed_sites` leaves. `marts`: may
    read what the marts have settled, which is the same and sooner there."""

    since: datetime
    until: datetime
    whose: Whose
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None
    marts: bool = True


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


def _rows(connection: Connection, sql: str, span: ReportSpan, **more: Any) -> Sequence[RowMapping]:
    """Of a statement that goes on after `_SEEN`; all of it is written in the code."""
    statement = text(PLACES + _SEEN + sql)
    return connection.execute(statement, {**bounds_of(span), **more}).mappings().all()


def bounds_of(span: ReportSpan) -> dict[str, object]:
    """A span's values for a statement that begins with `PLACES`."""
    return {
        "since": span.since,
        "until": span.until,
        "person_kind": None if span.whose == "everyone" else span.whose,
        "site_id": span.site_id,
        "allowed_sites": None if span.allowed_sites is None else list(span.allowed_sites),
    }
