"""Days beside what is usual, and occupancy, from the marts that alone hold them. Rows out; what may be told of them is
`footfall.mart_reports`'."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, TextClause, text

from contracts.base import SiteId
from contracts.reports import DayRow, OccupancyRow
from footfall.report_spans import at_site

DAYS = "marts.site_traffic"
OCCUPANCY = "marts.occupancy"

_EXISTS = text("select to_regclass(:table) is not null as found")
_BUILT_AT = {
    table: text(f"select max(built_at) from {table}")  # noqa: S608 - the table's name is one of those above
    for table in (DAYS, OCCUPANCY)
}

# The window is the mart's own for usual_visits, over all the days of a site, before the span cuts any off.
_SELECT_DAYS = text(f"""
    select m.site_id, m.site_name, s.timezone, m.bucket_start, m.visitor_visits, m.new_visitors, m.returning_visitors,
           m.returning_share, m.visitor_visits_week_before, m.week_over_week, m.usual_visits, m.anomaly,
           m.fewest_compared
    from (
        select d.*, min(nullif(d.visitor_visits, 0)) over (
            partition by d.tenant_id, d.site_id, extract(isodow from d.bucket_local)
            order by d.bucket_local
            rows between 8 preceding and 1 preceding
        ) as fewest_compared
        from {DAYS} as d
        where (cast(:site_id as uuid) is null or d.site_id = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or d.site_id = any(cast(:allowed_sites as uuid[])))
    ) as m
    inner join footfall.sites as s on s.tenant_id = m.tenant_id and s.site_id = m.site_id
    where m.bucket_start >= :since and m.bucket_start < :until
    order by m.bucket_start, m.site_name, m.site_id
""")  # noqa: S608 - the mart's name is the one above

_SELECT_OCCUPANCY = text(f"""
    select m.site_id, m.site_name, s.timezone, m.bucket_start, m.visitors_inside, m.staff_inside
    from {OCCUPANCY} as m
    inner join footfall.sites as s on s.tenant_id = m.tenant_id and s.site_id = m.site_id
    where m.bucket_start >= :since and m.bucket_start < :until
      and (cast(:site_id as uuid) is null or m.site_id = cast(:site_id as uuid))
      and (cast(:allowed_sites as uuid[]) is null or m.site_id = any(cast(:allowed_sites as uuid[])))
    order by m.bucket_start, m.site_name, m.site_id
""")  # noqa: S608 - the mart's name is the one above


@dataclass(frozen=True, slots=True)
class MartSpan:
    """Buckets that start in [since, until), of one site, or of all the sites that `allowed_sites` leaves."""

    since: datetime
    until: datetime
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """`fewest_compared`: the smallest count above nothing among the days that the row's usual count is the mean of."""

    row: DayRow
    fewest_compared: int | None


def select_days(connection: Connection, span: MartSpan) -> tuple[datetime | None, list[ComparedDay]]:
    """When the tenant's part of the mart was built, and its days; None and none while there is no mart."""
    built_at, rows = _read(connection, DAYS, _SELECT_DAYS, span)
    return built_at, [ComparedDay(_day(row), row["fewest_compared"]) for row in rows]


def select_occupancy(connection: Connection, span: MartSpan) -> tuple[datetime | None, list[OccupancyRow]]:
    """As `select_days`, by the quarter of an hour."""
    built_at, rows = _read(connection, OCCUPANCY, _SELECT_OCCUPANCY, span)
    return built_at, [
        OccupancyRow(
            site_id=row["site_id"],
            site_name=row["site_name"],
            bucket_start=at_site(row["bucket_start"], row["timezone"]),
            visitors_inside=row["visitors_inside"],
            staff_inside=row["staff_inside"],
        )
        for row in rows
    ]


def _read(
    connection: Connection, mart: str, statement: TextClause, span: MartSpan
) -> tuple[datetime | None, Sequence[RowMapping]]:
    if not connection.execute(_EXISTS, {"table": mart}).scalar_one():
        return None, []
    built_at: datetime | None = connection.execute(_BUILT_AT[mart]).scalar_one()
    bounds = {
        "since": span.since,
        "until": span.until,
        "site_id": span.site_id,
        "allowed_sites": None if span.allowed_sites is None else list(span.allowed_sites),
    }
    return built_at, connection.execute(statement, bounds).mappings().all()


def _day(row: RowMapping) -> DayRow:
    return DayRow(
        site_id=row["site_id"],
        site_name=row["site_name"],
        bucket_start=at_site(row["bucket_start"], row["timezone"]),
        visitor_visits=row["visitor_visits"],
        new_visitors=row["new_visitors"],
        returning_visitors=row["returning_visitors"],
        returning_share=row["returning_share"],
        visitor_visits_week_before=row["visitor_visits_week_before"],
        week_over_week=row["week_over_week"],
        usual_visits=row["usual_visits"],
        anomaly=row["anomaly"],
    )
