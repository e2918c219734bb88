"""Reports as tables for CSV: which rows and columns a report has. How a cell is written is `footfall.exports`'."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, get_args

from contracts.analytics import (
    DistributionBy,
    DistributionReport,
    DwellReport,
    DwellStatistics,
    NewReturningReport,
    PeakHoursReport,
    RepeatRateReport,
)
from contracts.base import Contract
from contracts.mart_reports import MartReport
from contracts.reports import TrafficReport
from footfall.exports import Cell, table_csv

AnyReport = (
    TrafficReport
    | MartReport[Any]
    | DistributionReport
    | NewReturningReport
    | DwellReport
    | PeakHoursReport
    | RepeatRateReport
)

_CELLS: Mapping[DistributionBy, tuple[str, ...]] = {
    "hour_of_week": ("weekday", "hour"),
    "camera": ("camera_id", "camera_name"),
    "person_kind": ("person_kind",),
    "dwell": ("from_seconds", "to_seconds"),
}
_DWELL = (
    "site_id", "site_name", "visits", "mean_seconds", "median_seconds", "p75_seconds", "p90_seconds", "p95_seconds",
    "longest_seconds",
)  # fmt: skip
_PEAKS = (
    "list", "weekday", "hour", "site_id", "site_name", "hour_start", "visits", "occurrences", "mean_visits",
)  # fmt: skip


def report_csv(report: AnyReport) -> bytes:
    """The report's rows with a header."""
    return table_csv(*_table(report))


def _table(report: AnyReport) -> tuple[list[dict[str, Cell]], Sequence[str]]:
    match report:
        case TrafficReport() | MartReport() | NewReturningReport():
            return _dumped(report.rows), _fields_of_rows(type(report))
        case DistributionReport():
            return _dumped(report.rows), (*_CELLS[report.by], "visits", "share")
        case DwellReport():
            found = [dict(_dwell(row)) for row in (report.overall, *report.sites)]
            return found, (*_DWELL, *(name for name in found[0] if name not in _DWELL))
        case PeakHoursReport():
            typical = [{"list": "typical", **row} for row in _dumped(report.typical)]
            busiest = [{"list": "busiest", **row} for row in _dumped(report.busiest)]
            return [*typical, *busiest], _PEAKS
        case RepeatRateReport():
            return _dumped(report.cohorts), ("cohort_start", "new_customers", "observed", "returned", "rate")


def _fields_of_rows(report: type[Contract]) -> tuple[str, ...]:
    """Also of a report without any."""
    row, _ = get_args(report.model_fields["rows"].annotation)
    return tuple(row.model_fields)


def _dumped(rows: Sequence[Any]) -> list[dict[str, Cell]]:
    """Of contract models; their values stay Python's own."""
    return [row.model_dump() for row in rows]


def _dwell(row: DwellStatistics) -> Iterator[tuple[str, Cell]]:
    for name in _DWELL:
        yield name, getattr(row, name)
    for bucket in row.histogram:
        end = "" if bucket.to_seconds is None else f"_to_{bucket.to_seconds}"
        yield f"visits_from_{bucket.from_seconds}{end}_seconds", bucket.visits
