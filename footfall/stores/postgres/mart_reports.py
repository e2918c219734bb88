"""The marts that alone hold what their reports tell, and the columns these take. Rows out; what may be told of them is
`footfall.mart_reports`'."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Generic, TypeVar

from sqlalchemy import Connection, RowMapping

from contracts.mart_reports import CameraDayRow, CohortRow, DailyDwellRow, DayRow, OccupancyRow, Row, StaffDayRow
from footfall.report_spans import at_site
from footfall.stores.postgres.mart_rows import MartRows, SiteSpan, rows_of

Found = TypeVar("Found")

_NO_NAMES: Mapping[str, str] = MappingProxyType({})

# The window is the mart's own for usual_visits, over all the days of a site, before the span cuts any off.
_COMPARED_DAYS = """(
    select d.*, min(nullif(d.visitor_visits, 0)) over (
        partition by d.tenant_id, d.site_id, extract(isodow from d.bucket_local)
        order by d.bucket_local
        rows between 8 preceding and 1 preceding
    ) as fewest_compared
    from marts.site_traffic as d
)"""


@dataclass(frozen=True, slots=True)
class ComparedDay:
    """`fewest_compared`: the smallest count above nothing among the days that the row's usual count is the mean of."""

    row: DayRow
    fewest_compared: int | None


@dataclass(frozen=True, slots=True)
class Mart(Generic[Found]):
    rows: MartRows
    found: Callable[[RowMapping], Found]


def select(connection: Connection, mart: Mart[Found], span: SiteSpan) -> tuple[datetime | None, list[Found]]:
    """When the tenant's part of the mart was built, and its rows in order of time; None and none while there is no
    mart."""
    built_at, rows = mart.rows.read(connection, span)
    return built_at, [mart.found(row) for row in rows]


def _columns(row: type[Row], named: Mapping[str, str] = _NO_NAMES) -> list[str]:
    """The mart has a column for each of the row's fields, but for those that are `named` here. What is suppressed is
    not for the mart to say."""
    return [f"{named.get(name, f'm.{name}')} as {name}" for name in row.model_fields if name != "suppressed"]


def _as(row: type[Row]) -> Callable[[RowMapping], Row]:
    """Times as the site's clock shows them."""

    def found(columns: RowMapping) -> Row:
        zone = columns["timezone"]
        told = {name: columns[name] for name in row.model_fields if name in columns}
        return row.model_validate(
            {name: at_site(value, zone) if isinstance(value, datetime) else value for name, value in told.items()}
        )

    return found


def _compared_day(columns: RowMapping) -> ComparedDay:
    return ComparedDay(_as(DayRow)(columns), columns["fewest_compared"])


DAYS = Mart(rows_of("marts.site_traffic", [*_columns(DayRow), "m.fewest_compared"], rows=_COMPARED_DAYS), _compared_day)
OCCUPANCY = Mart(rows_of("marts.occupancy", _columns(OccupancyRow)), _as(OccupancyRow))
DAILY_DWELL = Mart(rows_of("marts.dwell", _columns(DailyDwellRow)), _as(DailyDwellRow))
COHORTS = Mart(rows_of("marts.repeat_cohorts", _columns(CohortRow), within_bucket=["m.cohort_week"]), _as(CohortRow))
# Whoever has been erased has no row, even before dbt builds the mart anew.
STAFF_PRESENCE = Mart(
    rows_of(
        "marts.staff_presence",
        _columns(StaffDayRow, {"display_name": "p.display_name"}),
        joins="inner join footfall.staff as p on p.tenant_id = m.tenant_id and p.staff_id = m.staff_id",
        within_bucket=["p.display_name", "m.staff_id"],
    ),
    _as(StaffDayRow),
)
CAMERA_HEALTH = Mart(
    rows_of(
        "marts.camera_health",
        _columns(CameraDayRow, {"camera_name": "c.name"}),
        joins="left join footfall.cameras as c on c.tenant_id = m.tenant_id and c.camera_id = m.camera_id",
        within_bucket=["c.name", "m.camera_id"],
    ),
    _as(CameraDayRow),
)
