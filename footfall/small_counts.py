"""Reports without counts of so few people that a site manager could tell who they are. Pure; the role says who may see
all of a report, and the tenant how few is few.

A count that is left out must not follow from those beside it and their sum. So where one alone would be left out, the
next smallest goes with it (secondary suppression: Hundepool et al., Statistical Disclosure Control, 2012, chapter 4).
Reports of one period by different buckets are not held against each other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar, cast

from contracts.analytics import (
    DistributionReport,
    DwellReport,
    DwellStatistics,
    NewReturningReport,
    PeakHoursReport,
    RepeatRateReport,
)
from contracts.base import Role
from contracts.reports import TrafficReport, TrafficRow

CountedReport = (
    TrafficReport | DistributionReport | NewReturningReport | DwellReport | PeakHoursReport | RepeatRateReport
)
"""A report from which small counts can be left out; those that the marts alone tell are `mart_small_counts`'."""

_SEES_ALL: frozenset[Role] = frozenset({"tenant_admin", "system_admin"})

Row = TypeVar("Row")
Told = TypeVar("Told", bound=CountedReport)


def sees_all(role: Role) -> bool:
    """Whether reports tell the role every count."""
    return role in _SEES_ALL


def without_small_counts(report: Told, least: int) -> Told:
    """The report without counts between 1 and `least` - 1; `suppressed` says how many went."""
    if least <= 1:
        return report
    found: CountedReport = report
    match found:
        case TrafficReport():
            rows = tuple(_traffic_row(row, least) for row in found.rows)
            update = {"rows": rows, "suppressed": sum(row.suppressed for row in rows)}
        case _ if is_small(found.visits, least):
            update = _nothing(found)
        case DistributionReport():
            cells = shown(found.rows, lambda row: (row.visits,), least)
            update = {"rows": cells, "suppressed": len(found.rows) - len(cells)}
        case NewReturningReport():
            update = _new_returning(found, least)
        case DwellReport():
            update = _dwell(found, least)
        case PeakHoursReport():
            typical = tuple(hour for hour in found.typical if hour.visits >= least)
            busiest = tuple(hour for hour in found.busiest if hour.visits >= least)
            left_out = len(found.typical) + len(found.busiest) - len(typical) - len(busiest)
            update = {"typical": typical, "busiest": busiest, "suppressed": left_out}
        case RepeatRateReport():
            update = _repeat_rate(found, least)
    # A copy of its own type: the fields above are those of the report that came in.
    return cast(Told, report.model_copy(update=update))


def is_small(count: int | None, least: int) -> bool:
    """Whether the count is of people, and of so few that only administrators may see it."""
    return count is not None and 0 < count < least


def shown(rows: Sequence[Row], counts: Callable[[Row], Sequence[int]], least: int) -> tuple[Row, ...]:
    """Rows without those that are `not_told`, in their order."""
    left_out = not_told([counts(row) for row in rows], least)
    return tuple(row for index, row in enumerate(rows) if index not in left_out)


def not_told(counts: Sequence[Sequence[int]], least: int) -> frozenset[int]:
    """Which rows of a sum may not be told, by their counts: those with a small count and, while that is one row alone
    or what they come to is small itself, the row with the smallest counts of the others. The sum would tell it."""
    small = [index for index, row in enumerate(counts) if any(is_small(count, least) for count in row)]
    others = [index for index, row in enumerate(counts) if any(row) and index not in small]
    others.sort(key=lambda index: sum(counts[index]))
    while others and (len(small) == 1 or any(is_small(count, least) for count in _sums(counts, small))):
        small.append(others.pop(0))
    return frozenset(small)


def _sums(counts: Sequence[Sequence[int]], rows: Sequence[int]) -> list[int]:
    return [sum(column) for column in zip(*(counts[index] for index in rows), strict=True)]


def _traffic_row(row: TrafficRow, least: int) -> TrafficRow:
    hidden = {
        name
        for name in ("staff_visits", "visitor_visits", "new_visitors", "returning_visitors", "unidentified_sightings")
        if is_small(getattr(row, name), least)
    }
    if "visitor_visits" in hidden:
        hidden |= {"new_visitors", "returning_visitors", "mean_dwell_seconds"}
    elif hidden & {"new_visitors", "returning_visitors"}:
        # Either would follow from the other and the sum of both.
        hidden |= {"new_visitors", "returning_visitors"}
    if not hidden:
        return row
    return row.model_copy(update={"suppressed": True, **dict.fromkeys(hidden)})


def _new_returning(report: NewReturningReport, least: int) -> dict[str, object]:
    rows = shown(report.rows, lambda row: (row.new_visitors, row.returning_visitors), least)
    left_out = len(report.rows) - len(rows)
    if is_small(report.new_visitors, least) or is_small(report.returning_visitors, least):
        # One of the two would follow from the other and `visits`.
        return {**_nothing(report), "suppressed": len(report.rows)}
    few = is_small(report.customers, least)
    return {
        "rows": rows,
        "customers": None if few else report.customers,
        "suppressed": left_out + few,
    }


def _dwell(report: DwellReport, least: int) -> dict[str, object]:
    sites = shown(report.sites, lambda site: (site.visits,), least)
    told = [_statistics(site, least) for site in (report.overall, *sites)]
    return {
        "overall": told[0][0],
        "sites": tuple(site for site, _ in told[1:]),
        "suppressed": len(report.sites) - len(sites) + sum(left_out for _, left_out in told),
    }


def _statistics(site: DwellStatistics, least: int) -> tuple[DwellStatistics, int]:
    """The longest visit is one person's, and never shown; the percentiles rest on `least` visits or more."""
    buckets = shown(site.histogram, lambda bucket: (bucket.visits,), least)
    return (
        site.model_copy(update={"histogram": buckets, "longest_seconds": None}),
        len(site.histogram) - len(buckets),
    )


def _repeat_rate(report: RepeatRateReport, least: int) -> dict[str, object]:
    cohorts = tuple(
        cohort
        for cohort in report.cohorts
        if not any(is_small(count, least) for count in (cohort.new_customers, cohort.observed, cohort.returned))
    )
    left_out = len(report.cohorts) - len(cohorts)
    if not is_small(report.customers, least) and not is_small(report.repeat_customers, least):
        return {"cohorts": cohorts, "suppressed": left_out}
    customers = None if is_small(report.customers, least) else report.customers
    return {
        "cohorts": cohorts,
        "customers": customers,
        "repeat_customers": None,
        "repeat_rate": None,
        "visits_per_customer": None if customers is None else report.visits_per_customer,
        "suppressed": left_out + 1,
    }


def _nothing(report: CountedReport) -> dict[str, object]:
    """Of a report that rests on few visits: that there is something, and no more."""
    nothing: dict[str, object] = {"visits": 0, "suppressed": 1}
    match report:
        case DistributionReport():
            return {**nothing, "rows": ()}
        case NewReturningReport():
            return {**nothing, "rows": (), "new_visitors": 0, "returning_visitors": 0, "customers": None}
        case DwellReport():
            figures = {name: None for name in DwellStatistics.model_fields if name.endswith("_seconds")}
            overall = report.overall.model_copy(update={**figures, "visits": 0, "histogram": ()})
            return {**nothing, "overall": overall, "sites": ()}
        case PeakHoursReport():
            return {**nothing, "typical": (), "busiest": ()}
        case RepeatRateReport():
            unsaid = dict.fromkeys(("customers", "repeat_customers", "repeat_rate", "visits_per_customer"))
            return {**nothing, **unsaid, "cohorts": ()}
        case _:
            return nothing
