"""Reports that the marts alone can tell: how long each may be and what is told of its rows. Traffic, which can be
counted live too, is `footfall.reports`'."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Generic, Protocol, TypeVar

from sqlalchemy import Engine

from contracts.base import TenantId
from contracts.mart_reports import (
    CameraDayRow,
    CameraHealthReport,
    CohortsReport,
    DailyDwellReport,
    DailyDwellRow,
    DayRow,
    DaysReport,
    MartReport,
    OccupancyReport,
    OccupancyRow,
    StaffPresenceReport,
)
from footfall.mart_small_counts import (
    camera_without_small_counts,
    cohorts_without_small_counts,
    day_without_small_counts,
    quarter_without_small_counts,
    stays_without_small_counts,
)
from footfall.report_spans import check_length
from footfall.reports import LONGEST
from footfall.stores.postgres import mart_reports as table
from footfall.stores.postgres.mart_rows import SiteSpan
from footfall.tenancy import tenant_transaction

Found = TypeVar("Found")
Told = TypeVar("Told", bound=MartReport[Any])


class _Row(Protocol):
    @property
    def suppressed(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MartReports(Generic[Found, Told]):
    """`rows`: what may be told of those found by one who may see no count under the least. `longest`: the most that
    its rows stay few for; `usual`: for one who names no beginning."""

    name: str
    report: type[Told]
    mart: table.Mart[Found]
    rows: Callable[[Sequence[Found], int], Sequence[_Row]]
    usual: timedelta
    longest: timedelta


def read(
    engine: Engine, tenant_id: TenantId, reports: MartReports[Found, Told], span: SiteSpan, *, least: int = 1
) -> Told:
    """Buckets of each site's own time that start in the span, in order of time. Counts between 1 and `least` - 1 are
    left out here and not by the caller, for they follow from rows that need not be in the report. No rows and no
    `as_of` until dbt has built the mart. Raises InputError for bounds without a time zone, the wrong way round, or
    further apart than the longest."""
    what = f"A report of {reports.name.replace('-', ' ')}"
    check_length(span.since, span.until, reports.longest, what=what, hint="Ask for a shorter span.")
    with tenant_transaction(engine, tenant_id) as connection:
        as_of, found = table.select(connection, reports.mart, span)
    rows = tuple(reports.rows(found, least))
    return reports.report(as_of=as_of, rows=rows, suppressed=sum(row.suppressed for row in rows))


def _days(found: Sequence[table.ComparedDay], least: int) -> list[DayRow]:
    return [day_without_small_counts(day.row, day.fewest_compared, least) for day in found]


def _quarters(found: Sequence[OccupancyRow], least: int) -> list[OccupancyRow]:
    return [quarter_without_small_counts(row, least) for row in found]


def _stays(found: Sequence[DailyDwellRow], least: int) -> list[DailyDwellRow]:
    return [stays_without_small_counts(row, least) for row in found]


def _cameras(found: Sequence[CameraDayRow], least: int) -> list[CameraDayRow]:
    return [camera_without_small_counts(row, least) for row in found]


DAYS = MartReports("days", DaysReport, table.DAYS, _days, timedelta(days=90), LONGEST["day"])
OCCUPANCY = MartReports("occupancy", OccupancyReport, table.OCCUPANCY, _quarters, timedelta(days=1), LONGEST["15min"])
DAILY_DWELL = MartReports(
    "daily-dwell", DailyDwellReport, table.DAILY_DWELL, _stays, timedelta(days=90), LONGEST["day"]
)
# Each week has a row for every week before it: two years of a site are some 5,000.
COHORTS = MartReports(
    "cohorts", CohortsReport, table.COHORTS, cohorts_without_small_counts, timedelta(weeks=12), timedelta(weeks=104)
)
# For administrators alone, who see everything.
STAFF_PRESENCE = MartReports(
    "staff-presence",
    StaffPresenceReport,
    table.STAFF_PRESENCE,
    lambda found, _: found,
    timedelta(days=30),
    timedelta(days=366),
)
CAMERA_HEALTH = MartReports(
    "camera-health", CameraHealthReport, table.CAMERA_HEALTH, _cameras, timedelta(days=30), timedelta(days=366)
)
