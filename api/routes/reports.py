"""Traffic and reports on the visits of the caller's tenant, as JSON or CSV. The numbers are `footfall.reports`' and
`footfall.analytics`'; what the marts alone tell is `api.routes.mart_reports`'."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeVar

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.auth import Caller
from api.routes.paging import Instant
from api.routes.report_answers import EITHER, SpanQuery, least_told, sent
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
from contracts.reports import Bucket, ReportSource, TrafficReport
from footfall import analytics, reports
from footfall.access import Principal
from footfall.small_counts import CountedReport, without_small_counts
from footfall.stores.postgres.analytics import ReportSpan

router = APIRouter(tags=["reports"])

_DEFAULT_SPAN: dict[Bucket, timedelta] = {
    "15min": timedelta(days=1),
    "hour": timedelta(days=7),
    "day": timedelta(days=90),
    "week": timedelta(days=366),
    "month": timedelta(days=1098),
}
_DEFAULT_DAYS = timedelta(days=30)

Answer = TypeVar("Answer", bound=CountedReport)


class TrafficQuery(SpanQuery):
    bucket: Bucket = Field(default="hour", description="Of each site's local time; weeks begin on Monday.")
    since: Instant | None = Field(
        default=None,
        description="Buckets that begin then or later; by default 1, 7, 90, 366 or 1098 days before, by bucket.",
    )
    source: ReportSource = Field(default="marts", description="What dbt built last, or computed now.")


class ReportQuery(SpanQuery):
    since: Instant | None = Field(
        default=None, description="Visits that began then or later; by default the 30 days before. At most 366 days."
    )


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
    responses=EITHER,
)
def report_traffic(
    request: Request, query: Annotated[TrafficQuery, fastapi.Query()], caller: Caller, state: State
) -> TrafficReport | Response:
    """Visits by the bucket in which they began. A site manager sees their sites. `Accept: text/csv` gets the rows."""
    since, until = query.ends(_DEFAULT_SPAN[query.bucket])
    report = reports.traffic(
        state.services.engine,
        caller.tenant_id,
        bucket=query.bucket,
        site_id=site_filter(state, caller, query.site_id),
        since=since,
        until=until,
        source=query.source,
        allowed_sites=caller.site_ids,
    )
    return _answer(request, caller, state, report, "traffic")


@router.get(
    "/v1/reports/distribution",
    operation_id="reportDistribution",
    summary="Report how visits spread",
    response_model=DistributionReport,
    responses=EITHER,
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
    responses=EITHER,
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
    responses=EITHER,
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
    responses=EITHER,
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
    responses=EITHER,
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
    since, until = query.ends(_DEFAULT_DAYS)
    return ReportSpan(
        since=since,
        until=until,
        whose=whose,
        site_id=site_filter(state, caller, query.site_id),
        allowed_sites=caller.site_ids,
    )


def _answer(request: Request, caller: Principal, state: ApiState, report: Answer, name: str) -> Answer | Response:
    """Without counts of few people, for those who may not see them."""
    return sent(request, without_small_counts(report, least_told(caller, state)), name)
