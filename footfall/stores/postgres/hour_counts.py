"""Visits by the hour of each site's clock, and the reports that are sums of them. Days that the marts have settled are
read from there, all others counted from the visits, so the sums are those of the record either way. Rows out; spans and
meanings are `footfall.analytics`'.

A day is settled when it lies whole within the span and nothing in it was noted as changed since a day before the mart
was built: dbt itself looks back that day for transactions that were open meanwhile. Notes, mart and visits are read by
one statement, so they are of one moment.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, text

from contracts.analytics import ReturnBucket
from footfall.stores.postgres.analytics import PLACES, ReportSpan, bounds_of
from footfall.stores.postgres.reports import bucket_of

MART = "marts.visits_hourly"

# Local days of the span, with room around each for zones that change their clocks at midnight. {settled} is written
# below.
_DAYS = """
    days as materialized (
        select p.tenant_id, p.site_id, p.name, p.timezone, d.local_date, e.scan_from, e.scan_until,
               {settled} as is_settled
        from places as p
        cross join lateral (
            select cast(g.day as date) as local_date
            from generate_series(
                cast(cast(:since as timestamptz) at time zone p.timezone as date),
                cast(cast(:until as timestamptz) at time zone p.timezone as date),
                interval '1 day'
            ) as g (day)
        ) as d
        cross join lateral (
            select cast(d.local_date as timestamp) at time zone p.timezone - interval '3 hours' as scan_from,
                   cast(d.local_date + 1 as timestamp) at time zone p.timezone + interval '3 hours' as scan_until
        ) as e
    ),
"""

_SETTLED = """
    coalesce(
        e.scan_from >= :since and e.scan_until <= :until
        and (select b.at from built as b) is not null
        and not exists (
            select from changed as c
            where c.site_id = p.site_id and (c.local_date is null or c.local_date = d.local_date)
        ),
        false
    )
"""

# A note of no time is of a site in another zone: all of its days have changed.
_CHANGED = f"""
    built as materialized (select max(m.built_at) as at from {MART} as m),
    changed as materialized (
        select distinct
            c.site_id,
            case when isfinite(c.touched_at) then cast(c.touched_at at time zone p.timezone as date) end as local_date
        from footfall.traffic_changes as c
        inner join places as p on p.tenant_id = c.tenant_id and p.site_id = c.site_id
        where c.changed_at >= (select b.at - interval '1 day' from built as b)
    ),
"""  # noqa: S608 - the mart's name is the one above

_COUNTED = """
    counted as (
        select d.site_id, d.name as site_name, d.timezone, v.hour_start, v.hour_local, v.staff_visits,
               v.visitor_visits, v.new_visitors
        from days as d
        -- Grouped within, so that each day is one look into the index, whatever the planner expects.
        cross join lateral (
            select date_trunc('hour', w.started_at, d.timezone) as hour_start,
                   date_trunc('hour', w.started_at at time zone d.timezone) as hour_local,
                   count(*) filter (where w.person_kind = 'staff') as staff_visits,
                   count(*) filter (where w.person_kind = 'customer') as visitor_visits,
                   count(*) filter (where w.person_kind = 'customer' and w.is_first_visit) as new_visitors
            from footfall.visits as w
            where w.tenant_id = d.tenant_id and w.site_id = d.site_id
              and w.started_at >= greatest(d.scan_from, cast(:since as timestamptz))
              and w.started_at < least(d.scan_until, cast(:until as timestamptz))
              and cast(w.started_at at time zone d.timezone as date) = d.local_date
            group by 1, 2
        ) as v
        where not d.is_settled
        {from_mart}
    ),
    hours as materialized (
        select site_id, site_name, timezone, hour_start, hour_local, staff_visits, visitor_visits, new_visitors,
               case cast(:person_kind as text)
                   when 'staff' then staff_visits when 'customer' then visitor_visits
                   else staff_visits + visitor_visits
               end as visits
        from counted
    )
"""

_FROM_MART = f"""
        union all
        select d.site_id, d.name, d.timezone, m.bucket_start, m.bucket_local, m.staff_visits, m.visitor_visits,
               m.new_visitors
        from days as d
        inner join {MART} as m
            on m.tenant_id = d.tenant_id and m.site_id = d.site_id and cast(m.bucket_local as date) = d.local_date
        where d.is_settled and m.bucket_start >= :since and m.bucket_start < :until
"""  # noqa: S608 - the mart's name is the one above

_LIVE = PLACES + "," + _DAYS.format(settled="false") + _COUNTED.format(from_mart="")
_MIXED = PLACES + "," + _CHANGED + _DAYS.format(settled=_SETTLED) + _COUNTED.format(from_mart=_FROM_MART)


def count_visits(connection: Connection, span: ReportSpan) -> int:
    [row] = _rows(connection, "select cast(coalesce(sum(visits), 0) as bigint) as visits from hours", span)
    return int(row["visits"])


def by_hour_of_week(connection: Connection, span: ReportSpan) -> Sequence[RowMapping]:
    """weekday, hour, visits, total: all 168."""
    return _rows(
        connection,
        """
        , of_week as (
            select extract(isodow from hour_local) as weekday, extract(hour from hour_local) as hour,
                   sum(visits) as visits
            from hours
            group by 1, 2
        )
        select w.weekday, h.hour, cast(coalesce(c.visits, 0) as bigint) as visits,
               cast((select coalesce(sum(visits), 0) from hours) as bigint) as total
        from generate_series(1, 7) as w (weekday)
        cross join generate_series(0, 23) as h (hour)
        left join of_week as c on c.weekday = w.weekday and c.hour = h.hour
        order by w.weekday, h.hour
        """,
        span,
    )


def by_person_kind(connection: Connection, span: ReportSpan) -> Sequence[RowMapping]:
    """person_kind, visits, total: both kinds."""
    return _rows(
        connection,
        """
        select k.person_kind, cast(coalesce(sum(k.visits), 0) as bigint) as visits,
               cast((select coalesce(sum(visits), 0) from hours) as bigint) as total
        from (
            select 'customer' as person_kind, sum(visitor_visits) as visits
            from hours where coalesce(cast(:person_kind as text), 'customer') = 'customer'
            union all
            select 'staff' as person_kind, sum(staff_visits) as visits
            from hours where coalesce(cast(:person_kind as text), 'staff') = 'staff'
        ) as k
        group by k.person_kind
        order by k.person_kind
        """,
        span,
    )


def by_return(connection: Connection, span: ReportSpan, bucket: ReturnBucket) -> Sequence[RowMapping]:
    """site_id, site_name, timezone, bucket_start, new_visitors, returning_visitors, in order of time."""
    return _rows(
        connection,
        """
        select site_id, site_name, timezone, {bucket} as bucket_start,
               cast(sum(new_visitors) as bigint) as new_visitors,
               cast(sum(visitor_visits - new_visitors) as bigint) as returning_visitors
        from hours
        where visitor_visits > 0
        group by 1, 2, 3, 4
        order by 4, 2, 1
        """.replace("{bucket}", bucket_of(bucket, "hour_start", "timezone")),
        span,
    )


def typical_hours(connection: Connection, span: ReportSpan, *, limit: int) -> Sequence[RowMapping]:
    """weekday, hour, visits, occurrences, the highest mean first.

    How often the period has an hour is counted on each site's own clock: one that goes forward skips an hour, and one
    that goes back has it twice. An hour that the period cuts into counts as a whole one.
    """
    return _rows(
        connection,
        """
        , clock as (
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
            from clock
            group by 1, 2
        ),
        of_week as (
            select extract(isodow from hour_local) as weekday, extract(hour from hour_local) as hour,
                   cast(sum(visits) as bigint) as visits
            from hours
            where visits > 0
            group by 1, 2
        )
        select cast(c.weekday as integer) as weekday, cast(c.hour as integer) as hour, c.visits, o.occurrences
        from of_week as c
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
        select site_id, site_name, timezone, hour_start, cast(sum(visits) as bigint) as visits
        from hours
        where visits > 0
        group by 1, 2, 3, 4
        order by visits desc, hour_start desc, site_name, site_id
        limit :limit
        """,
        span,
        limit=limit,
    )


def _rows(connection: Connection, sql: str, span: ReportSpan, **more: Any) -> Sequence[RowMapping]:
    """Of a statement that goes on after the table `hours`; all of it is written in the code."""
    built = connection.execute(text("select to_regclass(:mart) is not null as found"), {"mart": MART}).scalar_one()
    statement = text((_MIXED if built and span.marts else _LIVE) + sql)
    return connection.execute(statement, {**bounds_of(span), **more}).mappings().all()
