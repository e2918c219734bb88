"""Reports that the marts alone can tell: days beside what is usual, and who was inside by the quarter of an hour.
Traffic, which can be counted live too, is `footfall.reports`'."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import SiteId, TenantId
from contracts.reports import DaysReport, OccupancyReport
from footfall.report_spans import check_length
from footfall.reports import LONGEST
from footfall.small_counts import day_without_small_counts
from footfall.stores.postgres import mart_reports as table
from footfall.tenancy import tenant_transaction

LONGEST_DAYS: timedelta = LONGEST["day"]
LONGEST_OCCUPANCY: timedelta = LONGEST["15min"]


def days(
    engine: Engine,
    tenant_id: TenantId,
    *,
    since: datetime,
    until: datetime,
    least: int = 1,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> DaysReport:
    """Days of each site's own time that start in [since, until), those without anybody too, in order of time.

    Counts between 1 and `least` - 1 are left out here and not by the caller, for a day's usual count rests on days
    that need not be in the report. No rows and no `as_of` until dbt has built the mart. Raises InputError for bounds
    without a time zone, the wrong way round, or further apart than LONGEST_DAYS.
    """
    check_length(since, until, LONGEST_DAYS, what="A report of days", hint="Ask for a shorter span.")
    span = table.MartSpan(since, until, site_id, allowed_sites)
    with tenant_transaction(engine, tenant_id) as connection:
        as_of, found = table.select_days(connection, span)
    rows = tuple(day_without_small_counts(day.row, day.fewest_compared, least) for day in found)
    return DaysReport(as_of=as_of, rows=rows, suppressed=sum(row.suppressed for row in rows))


def occupancy(
    engine: Engine,
    tenant_id: TenantId,
    *,
    since: datetime,
    until: datetime,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> OccupancyReport:
    """Visitors and staff inside by quarters of an hour that start in [since, until), empty ones left out, in order of
    time. No rows and no `as_of` until dbt has built the mart. Raises InputError as `days`, by LONGEST_OCCUPANCY."""
    check_length(since, until, LONGEST_OCCUPANCY, what="A report of occupancy", hint="Ask for a shorter span.")
    span = table.MartSpan(since, until, site_id, allowed_sites)
    with tenant_transaction(engine, tenant_id) as connection:
        as_of, rows = table.select_occupancy(connection, span)
    return OccupancyReport(as_of=as_of, rows=tuple(rows))
