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
from contracts.reports import DayRow, OccupancyReport, OccupancyRow, TrafficReport, TrafficRow

CountedReport = (
    TrafficReport
    | OccupancyReport
    | DistributionReport
    | NewReturningReport
    | DwellReport
    | PeakHoursReport
    | RepeatRateReport
)
"""A report from which small counts can be left out as it is; days need to be told what they are compared with."""

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
        case OccupancyReport():
            quarters = tuple(_quarter(row, least) for row in found.rows)
            update = {"rows": quarters, "suppressed": sum(row.suppressed for row in quarters)}
        case _ if _few(found.visits, least):
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


def shown(rows: Sequence[Row], counts: Callable[[Row], Sequence[int]], least: int) -> tuple[Row, ...]:
    """Rows without a small count, in their order. Where that leaves out one row alone, the row with the smallest count
    of the others goes, too: their sum would tell it."""
    small = [index for index, row in enumerate(rows) if any(_few(count, least) for count in counts(row))]
    if len(small) == 1:
        others = [index for index, row in enumerate(rows) if index not in small and any(counts(row))]
        if others:
            small.append(min(others, key=lambda index: sum(counts(rows[index]))))
    return tuple(row for index, row in enumerate(rows) if index not in set(small))


def _traffic_row(row: TrafficRow, least: int) -> TrafficRow:
    hidden = {
        name
        for name in ("staff_visits", "visitor_visits", "new_visitors", "returning_visitors", "unidentified_sightings")
        if _few(getattr(row, name), least)
    }
    if "visitor_visits" in hidden:
        hidden |= {"new_visitors", "returning_visitors", "mean_dwell_seconds"}
    elif hidden & {"new_visitors", "returning_visitors"}:
        # Either would follow from the other and the sum of both.
        hidden |= {"new_visitors", "returning_visitors"}
    if not hidden:
        return row
    return row.model_copy(update={"suppressed": True, **dict.fromkeys(hidden)})


def day_without_small_counts(row: DayRow, fewest_compared: int | None, least: int) -> DayRow:
    """The day without small counts and what would tell them. `fewest_compared`: the smallest count above nothing among
    the days that `usual_visits` is the mean of.

    A mean with a small count in it goes, for the other days of it are told. So every mean that is left is one of counts
    that are told as well, and means of several weeks held against each other tell nothing more.
    """
    hidden = {
        name
        for name in ("visitor_visits", "new_visitors", "returning_visitors", "visitor_visits_week_before")
        if _few(getattr(row, name), least)
    }
    if hidden & {"visitor_visits", "new_visitors", "returning_visitors"}:
        hidden |= {"new_visitors", "returning_visitors", "returning_share"}
    if hidden & {"visitor_visits", "visitor_visits_week_before"}:
        hidden.add("week_over_week")
    if _few(fewest_compared, least):
        hidden.add("usual_visits")
    if hidden & {"visitor_visits", "usual_visits"}:
        # It says on which side of a bound the one lies that the other gives.
        hidden.add("anomaly")
    if not hidden:
        return row
    return row.model_copy(update={"suppressed": True, **dict.fromkeys(hidden)})


def _quarter(row: OccupancyRow, least: int) -> OccupancyRow:
    hidden = {name for name in ("visitors_inside", "staff_inside") if _few(getattr(row, name), least)}
    return row.model_copy(update={"suppressed": True, **dict.fromkeys(hidden)}) if hidden else row


def _new_returning(report: NewReturningReport, least: int) -> dict[str, object]:
    rows = shown(report.rows, lambda row: (row.new_visitors, row.returning_visitors), least)
    left_out = len(report.rows) - len(rows)
    if _few(report.new_visitors, least) or _few(report.returning_visitors, least):
        # One of the two would follow from the other and `visits`.
        return {**_nothing(report), "suppressed": len(report.rows)}
    few = _few(report.customers, least)
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
        if not any(_few(count, least) for count in (cohort.new_customers, cohort.observed, cohort.returned))
    )
    left_out = len(report.cohorts) - len(cohorts)
    if not _few(report.customers, least) and not _few(report.repeat_customers, least):
        return {"cohorts": cohorts, "suppressed": left_out}
    customers = None if _few(report.customers, least) else report.customers
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


def _few(count: int | None, least: int) -> bool:
    return count is not None and 0 < count < least
