"""Reports that the marts alone tell, as JSON or CSV. The numbers are `footfall.mart_reports`'; traffic and reports on
the visits themselves are `api.routes.reports`'."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, TypeVar

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.auth import Caller
from api.routes.paging import Instant
from api.routes.report_answers import EITHER, SpanQuery, least_told, sent
from api.routes.scope import site_filter
from api.state import ApiState, State
from contracts.mart_reports import (
    CameraHealthReport,
    CohortsReport,
    DailyDwellReport,
    DaysReport,
    MartReport,
    OccupancyReport,
    StaffPresenceReport,
)
from footfall import mart_reports
from footfall.access import Principal
from footfall.mart_reports import MartReports
from footfall.stores.postgres.mart_rows import SiteSpan

router = APIRouter(tags=["reports"])

Found = TypeVar("Found")
Told = TypeVar("Told", bound=MartReport[Any])


def _since(buckets: str, reports: MartReports[Any, Any]) -> Any:
    before = "the day before" if reports.usual == timedelta(days=1) else f"the {reports.usual.days} days before"
    return Field(
        default=None,
        description=f"{buckets} that begin then or later; by default {before}. At most {reports.longest.days} days.",
    )


class DaysQuery(SpanQuery):
    since: Instant | None = _since("Days", mart_reports.DAYS)


class OccupancyQuery(SpanQuery):
    since: Instant | None = _since("Quarters", mart_reports.OCCUPANCY)


class DailyDwellQuery(SpanQuery):
    since: Instant | None = _since("Days", mart_reports.DAILY_DWELL)


class CohortsQuery(SpanQuery):
    since: Instant | None = _since("Weeks", mart_reports.COHORTS)


class StaffPresenceQuery(SpanQuery):
    since: Instant | None = _since("Days", mart_reports.STAFF_PRESENCE)


class CameraHealthQuery(SpanQuery):
    since: Instant | None = _since("Days", mart_reports.CAMERA_HEALTH)


@router.get(
    "/v1/reports/days",
    operation_id="reportDays",
    summary="Report days beside the usual",
    response_model=DaysReport,
    responses=EITHER,
)
def report_days(
    request: Request, query: Annotated[DaysQuery, fastapi.Query()], caller: Caller, state: State
) -> DaysReport | Response:
    """Visitors by the day beside the same weekday a week before and what is usual, and which days stand out."""
    return _answer(request, query, caller, state, mart_reports.DAYS)


@router.get(
    "/v1/reports/occupancy",
    operation_id="reportOccupancy",
    summary="Report people inside",
    response_model=OccupancyReport,
    responses=EITHER,
)
def report_occupancy(
    request: Request, query: Annotated[OccupancyQuery, fastapi.Query()], caller: Caller, state: State
) -> OccupancyReport | Response:
    """Visitors and staff who were inside, by the quarter of an hour of each site's clock."""
    return _answer(request, query, caller, state, mart_reports.OCCUPANCY)


@router.get(
    "/v1/reports/daily-dwell",
    operation_id="reportDailyDwell",
    summary="Report lengths of visits by the day",
    response_model=DailyDwellReport,
    responses=EITHER,
)
def report_daily_dwell(
    request: Request, query: Annotated[DailyDwellQuery, fastapi.Query()], caller: Caller, state: State
) -> DailyDwellReport | Response:
    """How long visitors stayed, day by day: mean, median, what nine of ten stayed under, and how many how long."""
    return _answer(request, query, caller, state, mart_reports.DAILY_DWELL)


@router.get(
    "/v1/reports/cohorts",
    operation_id="reportCohorts",
    summary="Report who came back, week by week",
    response_model=CohortsReport,
    responses=EITHER,
)
def report_cohorts(
    request: Request, query: Annotated[CohortsQuery, fastapi.Query()], caller: Caller, state: State
) -> CohortsReport | Response:
    """Different customers of each week by the week in which they came for the first time."""
    return _answer(request, query, caller, state, mart_reports.COHORTS)


@router.get(
    "/v1/reports/staff-presence",
    operation_id="reportStaffPresence",
    summary="Report when staff were seen",
    response_model=StaffPresenceReport,
    responses=EITHER,
)
def report_staff_presence(
    request: Request, query: Annotated[StaffPresenceQuery, fastapi.Query()], caller: Caller, state: State
) -> StaffPresenceReport | Response:
    """When each member of staff was seen first and last on each day, and for how long in all. What a camera has not
    seen is not in it: it is no record of working hours."""
    return _answer(request, query, caller, state, mart_reports.STAFF_PRESENCE)


@router.get(
    "/v1/reports/camera-health",
    operation_id="reportCameraHealth",
    summary="Report what cameras delivered",
    response_model=CameraHealthReport,
    responses=EITHER,
)
def report_camera_health(
    request: Request, query: Annotated[CameraHealthQuery, fastapi.Query()], caller: Caller, state: State
) -> CameraHealthReport | Response:
    """Sightings of each camera by the day, how good they were and how late they came. A camera without a row saw nobody
    on that day."""
    return _answer(request, query, caller, state, mart_reports.CAMERA_HEALTH)


def _answer(
    request: Request, query: SpanQuery, caller: Principal, state: ApiState, reports: MartReports[Found, Told]
) -> Told | Response:
    since, until = query.ends(reports.usual)
    span = SiteSpan(since, until, site_filter(state, caller, query.site_id), caller.site_ids)
    report = mart_reports.read(state.services.engine, caller.tenant_id, reports, span, least=least_told(caller, state))
    return sent(request, report, reports.name)
