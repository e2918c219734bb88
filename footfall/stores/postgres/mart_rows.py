"""How a mart is read: the rows of a span of time, of the sites that may be seen, and when dbt built them. Which columns
a report takes is `footfall.stores.postgres.reports`' and `mart_reports`'."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, TextClause, text

from contracts.base import SiteId

_EXISTS = text("select to_regclass(:table) is not null as found")


@dataclass(frozen=True, slots=True)
class SiteSpan:
    """Buckets that start in [since, until), of one site, or of all the sites that `allowed_sites` leaves."""

    since: datetime
    until: datetime
    site_id: SiteId | None
    allowed_sites: Collection[UUID] | None


def bounds_of(span: SiteSpan) -> dict[str, object]:
    """The parameters of a statement with `of_sites` in it."""
    return {
        "since": span.since,
        "until": span.until,
        "site_id": span.site_id,
        "allowed_sites": None if span.allowed_sites is None else list(span.allowed_sites),
    }


def of_sites(site_id: str) -> str:
    """SQL for the sites of a span, of the name of a column that is written in the code."""
    return f"""(cast(:site_id as uuid) is null or {site_id} = cast(:site_id as uuid))
          and (cast(:allowed_sites as uuid[]) is null or {site_id} = any(cast(:allowed_sites as uuid[])))"""


@dataclass(frozen=True, slots=True)
class MartRows:
    """`table`: what dbt built, with its schema. `statement` finds its rows, with `timezone` of each one's site."""

    table: str
    built_at: TextClause
    statement: TextClause

    def read(self, connection: Connection, span: SiteSpan) -> tuple[datetime | None, Sequence[RowMapping]]:
        """When the tenant's part of the mart was built, and its rows; None and none while there is no mart."""
        if not connection.execute(_EXISTS, {"table": self.table}).scalar_one():
            return None, []
        built_at: datetime | None = connection.execute(self.built_at).scalar_one()
        return built_at, connection.execute(self.statement, bounds_of(span)).mappings().all()


def rows_of(
    table: str, columns: Iterable[str], *, rows: str | None = None, joins: str = "", within_bucket: Sequence[str] = ()
) -> MartRows:
    """Of names and SQL that are written in the code. `rows`: what is read in place of the table, if more than it.
    `within_bucket`: the order of a site's rows of one bucket."""
    statement = f"""
        select {", ".join(columns)}, s.timezone
        from {rows or table} as m
        inner join footfall.sites as s on s.tenant_id = m.tenant_id and s.site_id = m.site_id
        {joins}
        where m.bucket_start >= :since and m.bucket_start < :until
          and {of_sites("m.site_id")}
        order by {", ".join(("m.bucket_start", "m.site_name", "m.site_id", *within_bucket))}
    """  # noqa: S608 - its parts are written in the code
    return MartRows(table, text(f"select max(built_at) from {table}"), text(statement))  # noqa: S608 - as above
