"""Reports on the caller's tenant, as JSON or CSV. The numbers are `footfall.reports`' and `footfall.analytics`'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, TypeVar
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.auth import Caller
from api.csv_answers import CSV_CONTENT, csv_answer, wants_csv
from api.routes.paging import FormatQuery, Instant
from api.routes.scope import site_filter
from api.state import ApiState, State
from contracts.analytics import (
    CohortBucket,
    DistributionBy,
    DistributionReport,
    DwellReport,
    NewReturningReport,
    PeakHoursReport,
    RepeatRateReport,
    ReturnBucket,
    Whose,
)
from contracts.reports import Bucket, DaysReport, OccupancyReport, ReportSource, TrafficReport
from footfall import analytics, mart_reports, reports
from footfall.access import Principal
from footfall.export_tables import AnyReport, report_csv
from footfall.small_counts import CountedReport, sees_all, without_small_counts
from footfall.stores.postgres.analytics import ReportSpan
from footfall.tenant_records import smallest_count

router = APIRouter(tags=["reports"])

_DEFAULT_SPAN: dict[Bucket, timedelta] = {
    "15min": timedelta(days=1),
    "hour": timedelta(days=7),
    "day": timedelta(days=90),
    "week": timedelta(days=366),
    "month": timedelta(days=1098),
}
_DEFAULT_DAYS = timedelta(days=30)
_EITHER: dict[int | str, dict[str, Any]] = {200: {"content": CSV_CONTENT}}

Answer = TypeVar("Answer", bound=CountedReport)
Sent = TypeVar("Sent", bound=AnyReport)


class TrafficQuery(FormatQuery):
    bucket: Bucket = Field(default="hour", description="Of each site's local time; weeks begin on Monday.")
    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = Field(
        default=None,
        description="Buckets that begin then or later; by default 1, 7, 90, 366 or 1098 days before, by bucket.",
    )
    until: Instant | None = Field(default=None, description="Buckets that begin before; by default now.")
    source: ReportSource = Field(default="marts", description="What dbt built last, or computed now.")


class DaysQuery(FormatQuery):
    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = Field(
        default=None, description="Days that begin then or later; by default the 90 days before. At most 3660 days."
    )
    until: Instant | None = Field(default=None, description="Days that begin before; by default now.")


class OccupancyQuery(FormatQuery):
    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = Field(
        default=None, description="Quarters that begin then or later; by default the day before. At most 31 days."
    )
    until: Instant | None = Field(default=None, description="Quarters that begin before; by default now.")


class ReportQuery(FormatQuery):
    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = Field(
        default=None, description="Visits that began then or later; by default the 30 days before. At most 366 days."
    )
    until: Instant | None = Field(default=None, description="Visits that began before; by default now.")


class WhoseQuery(ReportQuery):
    whose: Whose = Field(default="customer", description="Whose visits count.")


class DistributionQuery(WhoseQuery):
    by: DistributionBy = Field(default="hour_of_week", description="What the visits are spread over.")


class NewReturningQuery(ReportQuery):
    bucket: ReturnBucket = Field(default="day", description="Of each site's local time; weeks begin on Monday.")


class PeakHoursQuery(WhoseQuery):
    limit: int = Field(default=10, ge=1, le=analytics.MOST_HOURS, description="Hours of either list.")


class RepeatRateQuery(ReportQuery):
    within_days: int = Field(
        default=30, ge=1, le=analytics.MOST_RETURN_DAYS, description="Days after a first visit to come again in."
    )
    cohort: CohortBucket = Field(default="month", description="Whose first visits are taken together.")


@router.get(
    "/v1/reports/traffic",
    operation_id="reportTraffic",
    summary="Report traffic",
    response_model=TrafficReport,
    responses=_EITHER,
)
def report_traffic(
    request: Request, query: Annotated[TrafficQuery, fastapi.Query()], caller: Caller, state: State
) -> TrafficReport | Response:
    """Visits by the bucket in which they began. A site manager sees their sites. `Accept: text/csv` gets the rows."""
    until = query.until or datetime.now(UTC)
    report = reports.traffic(
        state.services.engine,
        caller.tenant_id,
        bucket=query.bucket,
        site_id=site_filter(state, caller, query.site_id),
        since=query.since or until - _DEFAULT_SPAN[query.bucket],
        until=until,
        source=query.source,
        allowed_sites=caller.site_ids,
    )
    return _answer(request, caller, state, report, "traffic")


@router.get(
    "/v1/reports/days",
    operation_id="reportDays",
    summary="Report days beside the usual",
    response_model=DaysReport,
    responses=_EITHER,
)
def report_days(
    request: Request, query: Annotated[DaysQuery, fastapi.Query()], caller: Caller, state: State
) -> DaysReport | Response:
    """Visitors by the day beside the same weekday a week before and what is usual, and which days stand out."""
    until = query.until or datetime.now(UTC)
    report = mart_reports.days(
        state.services.engine,
        caller.tenant_id,
        site_id=site_filter(state, caller, query.site_id),
        since=query.since or until - _DEFAULT_SPAN["day"],
        until=until,
        least=_least(caller, state),
        allowed_sites=caller.site_ids,
    )
    return _sent(request, report, "days")


@router.get(
    "/v1/reports/occupancy",
    operation_id="reportOccupancy",
    summary="Report people inside",
    response_model=OccupancyReport,
    responses=_EITHER,
)
def report_occupancy(
    request: Request, query: Annotated[OccupancyQuery, fastapi.Query()], caller: Caller, state: State
) -> OccupancyReport | Response:
    """Visitors and staff who were inside, by the quarter of an hour of each site's clock."""
    until = query.until or datetime.now(UTC)
    report = mart_reports.occupancy(
        state.services.engine,
        caller.tenant_id,
        site_id=site_filter(state, caller, query.site_id),
        since=query.since or until - _DEFAULT_SPAN["15min"],
        until=until,
        allowed_sites=caller.site_ids,
    )
    return _answer(request, caller, state, report, "occupancy")


@router.get(
    "/v1/reports/distribution",
    operation_id="reportDistribution",
    summary="Report how visits spread",
    response_model=DistributionReport,
    responses=_EITHER,
)
def report_distribution(
    request: Request, query: Annotated[DistributionQuery, fastapi.Query()], caller: Caller, state: State
) -> DistributionReport | Response:
    """Visits over the hours of the week in each site's local time, over cameras, kinds of person or lengths."""
    span = _span(query, caller, state, query.whose)
    report = analytics.distribution(state.services.engine, caller.tenant_id, span, by=query.by)
    return _answer(request, caller, state, report, f"distribution-by-{query.by}")


@router.get(
    "/v1/reports/new-returning",
    operation_id="reportNewReturning",
    summary="Report new visitors",
    response_model=NewReturningReport,
    responses=_EITHER,
)
def report_new_returning(
    request: Request, query: Annotated[NewReturningQuery, fastapi.Query()], caller: Caller, state: State
) -> NewReturningReport | Response:
    """Customers' first visits and their later ones, by the bucket in which they began."""
    span = _span(query, caller, state, "customer")
    report = analytics.new_returning(state.services.engine, caller.tenant_id, span, bucket=query.bucket)
    return _answer(request, caller, state, report, "new-returning")


@router.get(
    "/v1/reports/dwell",
    operation_id="reportDwell",
    summary="Report lengths of visits",
    response_model=DwellReport,
    responses=_EITHER,
)
def report_dwell(
    request: Request, query: Annotated[WhoseQuery, fastapi.Query()], caller: Caller, state: State
) -> DwellReport | Response:
    """Mean, median, percentiles and histogram of how long visits last, over all sites and for each."""
    report = analytics.dwell(state.services.engine, caller.tenant_id, _span(query, caller, state, query.whose))
    return _answer(request, caller, state, report, "dwell")


@router.get(
    "/v1/reports/peak-hours",
    operation_id="reportPeakHours",
    summary="Report the busiest hours",
    response_model=PeakHoursReport,
    responses=_EITHER,
)
def report_peak_hours(
    request: Request, query: Annotated[PeakHoursQuery, fastapi.Query()], caller: Caller, state: State
) -> PeakHoursReport | Response:
    """The hours of the week in which most visits begin on average, and the busiest single hours."""
    span = _span(query, caller, state, query.whose)
    report = analytics.peak_hours(state.services.engine, caller.tenant_id, span, limit=query.limit)
    return _answer(request, caller, state, report, "peak-hours")


@router.get(
    "/v1/reports/repeat-rate",
    operation_id="reportRepeatRate",
    summary="Report who comes again",
    response_model=RepeatRateReport,
    responses=_EITHER,
)
def report_repeat_rate(
    request: Request, query: Annotated[RepeatRateQuery, fastapi.Query()], caller: Caller, state: State
) -> RepeatRateReport | Response:
    """Customers who came twice, and of those who came for the first time the share that came again."""
    span = _span(query, caller, state, "customer")
    report = analytics.repeat_rate(
        state.services.engine, caller.tenant_id, span, within_days=query.within_days, cohort=query.cohort
    )
    return _answer(request, caller, state, report, "repeat-rate")


def _span(query: ReportQuery, caller: Principal, state: ApiState, whose: Whose) -> ReportSpan:
    until = query.until or datetime.now(UTC)
    return ReportSpan(
        since=query.since or until - _DEFAULT_DAYS,
        until=until,
        whose=whose,
        site_id=site_filter(state, caller, query.site_id),
        allowed_sites=caller.site_ids,
    )


def _answer(request: Request, caller: Principal, state: ApiState, report: Answer, name: str) -> Answer | Response:
    """Without counts of few people, for those who may not see them."""
    return _sent(request, without_small_counts(report, _least(caller, state)), name)


def _least(caller: Principal, state: ApiState) -> int:
    """The smallest count that reports tell the caller."""
    return 1 if sees_all(caller.role) else smallest_count(state.services.engine, caller.tenant_id)


def _sent(request: Request, report: Sent, name: str) -> Sent | Response:
    return csv_answer(report_csv(report), f"{name}.csv") if wants_csv(request) else report
