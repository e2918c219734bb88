"""Reports on how visits are spread, how long they last and who comes again, of the visits as they are now. Traffic by
the bucket is `footfall.reports`'."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Engine, RowMapping

from contracts.analytics import (
    DWELL_EDGES_SECONDS,
    BusyHour,
    Cohort,
    CohortBucket,
    DistributionBy,
    DistributionReport,
    DistributionRow,
    DwellBucket,
    DwellReport,
    DwellStatistics,
    NewReturningReport,
    NewReturningRow,
    PeakHoursReport,
    RepeatRateReport,
    ReturnBucket,
    TypicalHour,
)
from contracts.base import TenantId
from footfall.errors import InputError
from footfall.report_spans import at_site, check_length
from footfall.stores.postgres import analytics as table
from footfall.stores.postgres import hour_counts as hours
from footfall.stores.postgres.analytics import ReportSpan
from footfall.stores.postgres.reports import select_now
from footfall.tenancy import tenant_transaction

LONGEST_SPAN = timedelta(days=366)
MOST_HOURS = 168
MOST_RETURN_DAYS = 366

_SPAN_HINT = "Ask for a shorter span; GET /v1/reports/traffic goes further back."
_EDGES = tuple(zip(DWELL_EDGES_SECONDS, (*DWELL_EDGES_SECONDS[1:], None), strict=True))


def distribution(engine: Engine, tenant_id: TenantId, span: ReportSpan, *, by: DistributionBy) -> DistributionReport:
    """How visits are spread over the hours of the week, cameras, kinds of person or dwell times.

    Raises InputError for a span that is none or longer than LONGEST_SPAN, as every report here does.
    """
    with _connected(engine, tenant_id, span) as connection:
        if by == "dwell":
            overall = _statistics(table.by_dwell(connection, span, DWELL_EDGES_SECONDS))[0]
            cells, total = [bucket.model_dump() for bucket in overall.histogram], overall.visits
        else:
            found = _CELLS[by](connection, span)
            cells = [{name: row[name] for name in row if name != "total"} for row in found]
            # Of the same statement as the rows: a visit that begins between two of them would spoil the shares.
            total = found[0]["total"] if found else 0
        return DistributionReport(
            **_said(connection, span, total),
            by=by,
            rows=tuple(DistributionRow(**{**cell, "share": _share(cell["visits"], total) or 0.0}) for cell in cells),
        )


def new_returning(engine: Engine, tenant_id: TenantId, span: ReportSpan, *, bucket: ReturnBucket) -> NewReturningReport:
    """First and later visits of customers by the bucket of each site's local time in which they began. A bucket that
    the span cuts into is counted within the span."""
    with _connected(engine, tenant_id, span) as connection:
        rows = tuple(
            NewReturningRow(
                site_id=row["site_id"],
                site_name=row["site_name"],
                bucket_start=at_site(row["bucket_start"], row["timezone"]),
                new_visitors=row["new_visitors"],
                returning_visitors=row["returning_visitors"],
                returning_share=row["returning_visitors"] / (row["new_visitors"] + row["returning_visitors"]),
            )
            for row in hours.by_return(connection, span, bucket)
        )
        new, returning = sum(row.new_visitors for row in rows), sum(row.returning_visitors for row in rows)
        return NewReturningReport(
            **_said(connection, span, new + returning),
            bucket=bucket,
            new_visitors=new,
            returning_visitors=returning,
            customers=table.count_customers(connection, span).customers,
            rows=rows,
        )


def dwell(engine: Engine, tenant_id: TenantId, span: ReportSpan) -> DwellReport:
    """How long visits last, over all sites and for each."""
    with _connected(engine, tenant_id, span) as connection:
        overall, *sites = _statistics(table.by_dwell(connection, span, DWELL_EDGES_SECONDS))
        return DwellReport(**_said(connection, span, overall.visits), overall=overall, sites=tuple(sites))


def peak_hours(engine: Engine, tenant_id: TenantId, span: ReportSpan, *, limit: int) -> PeakHoursReport:
    """The `limit` busiest hours of the week, and the busiest single hours. Raises InputError for a limit outside 1 to
    MOST_HOURS."""
    if not 1 <= limit <= MOST_HOURS:
        raise InputError(f"limit must lie between 1 and {MOST_HOURS}, not {limit}.")
    with _connected(engine, tenant_id, span) as connection:
        return PeakHoursReport(
            **_said(connection, span, hours.count_visits(connection, span)),
            typical=tuple(
                TypicalHour(**row, mean_visits=row["visits"] / row["occurrences"])
                for row in hours.typical_hours(connection, span, limit=limit)
            ),
            busiest=tuple(
                BusyHour(
                    site_id=row["site_id"],
                    site_name=row["site_name"],
                    hour_start=at_site(row["hour_start"], row["timezone"]),
                    visits=row["visits"],
                )
                for row in hours.busiest_hours(connection, span, limit=limit)
            ),
        )


def repeat_rate(
    engine: Engine, tenant_id: TenantId, span: ReportSpan, *, within_days: int, cohort: CohortBucket
) -> RepeatRateReport:
    """Who comes again. Customers whose `within_days` are not over yet are in no rate: they would only lower it. Raises
    InputError for days outside 1 to MOST_RETURN_DAYS."""
    if not 1 <= within_days <= MOST_RETURN_DAYS:
        raise InputError(f"within_days must lie between 1 and {MOST_RETURN_DAYS}, not {within_days}.")
    with _connected(engine, tenant_id, span) as connection:
        counts = table.count_customers(connection, span)
        return RepeatRateReport(
            **_said(connection, span, counts.visits),
            customers=counts.customers,
            repeat_customers=counts.repeating,
            repeat_rate=_share(counts.repeating, counts.customers),
            visits_per_customer=counts.visits / counts.customers if counts.customers else None,
            within_days=within_days,
            cohort=cohort,
            cohorts=tuple(
                Cohort(**row, rate=_share(row["returned"], row["observed"]))
                for row in table.cohorts(connection, span, cohort, timedelta(days=within_days))
            ),
        )


def _connected(engine: Engine, tenant_id: TenantId, span: ReportSpan) -> AbstractContextManager[Connection]:
    check_length(span.since, span.until, LONGEST_SPAN, what="The report", hint=_SPAN_HINT)
    return tenant_transaction(engine, tenant_id)


_CELLS: Mapping[DistributionBy, Callable[[Connection, ReportSpan], Sequence[RowMapping]]] = MappingProxyType(
    {"hour_of_week": hours.by_hour_of_week, "camera": table.by_camera, "person_kind": hours.by_person_kind}
)


def _statistics(rows: Sequence[RowMapping]) -> list[DwellStatistics]:
    """Of all sites first."""
    return sorted(map(_dwell, rows), key=lambda found: (found.site_id is not None, found.site_name or "", found.visits))


def _dwell(row: RowMapping) -> DwellStatistics:
    visits, counts = row["visits"], row["histogram"] or {}
    median, p75, p90, p95 = row["percentiles"] or (None, None, None, None)
    # width_bucket counts from 1.
    buckets = [(start, end, counts.get(str(number), 0)) for number, (start, end) in enumerate(_EDGES, start=1)]
    return DwellStatistics(
        site_id=row["site_id"],
        site_name=None if row["site_id"] is None else row["site_name"],
        visits=visits,
        mean_seconds=row["mean_seconds"],
        median_seconds=median,
        p75_seconds=p75,
        p90_seconds=p90,
        p95_seconds=p95,
        longest_seconds=row["longest_seconds"],
        histogram=tuple(
            DwellBucket(from_seconds=start, to_seconds=end, visits=count, share=_share(count, visits) or 0.0)
            for start, end, count in buckets
        ),
    )


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def _said(connection: Connection, span: ReportSpan, visits: int) -> dict[str, Any]:
    """The fields of every report."""
    return {"since": span.since, "until": span.until, "as_of": select_now(connection), "visits": visits}
