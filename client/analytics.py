"""The client's operations on visits and reports: a part of `FootfallClient`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from client.sending import Sends
from client.transport import Parameter
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
from contracts.base import PersonKind
from contracts.mart_reports import (
    CameraHealthReport,
    CohortsReport,
    DailyDwellReport,
    DaysReport,
    OccupancyReport,
    StaffPresenceReport,
)
from contracts.reports import Bucket, ReportSource, TrafficReport, VisitPage, VisitSort


class VisitFilters(TypedDict, total=False):
    """Which visits; what is absent or None leaves its question open."""

    site_id: UUID | None
    camera_id: UUID | None
    person_kind: PersonKind | None
    staff_id: UUID | None
    customer_id: UUID | None
    since: datetime | None
    until: datetime | None
    min_score: float | None
    max_score: float | None


class ReportSpan(TypedDict, total=False):
    """Of which site and time; by default all sites and the last 30 days."""

    site_id: UUID | None
    since: datetime | None
    until: datetime | None


class AnalyticsOperations:
    """Who came, and what follows from it. Every method raises as those of `FootfallClient`."""

    def visits(
        self: Sends,
        *,
        sort: VisitSort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
        **which: Unpack[VisitFilters],
    ) -> VisitPage:
        return self._get("/v1/visits", VisitPage, **_plain(which), sort=sort, limit=limit, cursor=cursor)

    def visits_csv(self: Sends, **which: Unpack[VisitFilters]) -> bytes:
        """Every visit that fits, in UTF-8. It is held in memory whole; ask for a period."""
        return self._send("GET", "/v1/visits.csv", params=_plain(which)).content

    def traffic(
        self: Sends, *, bucket: Bucket = "hour", source: ReportSource = "marts", **span: Unpack[ReportSpan]
    ) -> TrafficReport:
        return self._get("/v1/reports/traffic", TrafficReport, bucket=bucket, source=source, **_plain(span))

    def days(self: Sends, **span: Unpack[ReportSpan]) -> DaysReport:
        """By default the last 90 days."""
        return self._get("/v1/reports/days", DaysReport, **_plain(span))

    def occupancy(self: Sends, **span: Unpack[ReportSpan]) -> OccupancyReport:
        """By default the last day."""
        return self._get("/v1/reports/occupancy", OccupancyReport, **_plain(span))

    def daily_dwell(self: Sends, **span: Unpack[ReportSpan]) -> DailyDwellReport:
        """By default the last 90 days."""
        return self._get("/v1/reports/daily-dwell", DailyDwellReport, **_plain(span))

    def cohorts(self: Sends, **span: Unpack[ReportSpan]) -> CohortsReport:
        """By default the last twelve weeks."""
        return self._get("/v1/reports/cohorts", CohortsReport, **_plain(span))

    def staff_presence(self: Sends, **span: Unpack[ReportSpan]) -> StaffPresenceReport:
        """For administrators."""
        return self._get("/v1/reports/staff-presence", StaffPresenceReport, **_plain(span))

    def camera_health(self: Sends, **span: Unpack[ReportSpan]) -> CameraHealthReport:
        return self._get("/v1/reports/camera-health", CameraHealthReport, **_plain(span))

    def distribution(
        self: Sends, *, by: DistributionBy, whose: Whose = "customer", **span: Unpack[ReportSpan]
    ) -> DistributionReport:
        return self._get("/v1/reports/distribution", DistributionReport, by=by, whose=whose, **_plain(span))

    def new_returning(self: Sends, *, bucket: ReturnBucket = "day", **span: Unpack[ReportSpan]) -> NewReturningReport:
        return self._get("/v1/reports/new-returning", NewReturningReport, bucket=bucket, **_plain(span))

    def dwell(self: Sends, *, whose: Whose = "customer", **span: Unpack[ReportSpan]) -> DwellReport:
        return self._get("/v1/reports/dwell", DwellReport, whose=whose, **_plain(span))

    def peak_hours(
        self: Sends, *, limit: int | None = None, whose: Whose = "customer", **span: Unpack[ReportSpan]
    ) -> PeakHoursReport:
        return self._get("/v1/reports/peak-hours", PeakHoursReport, limit=limit, whose=whose, **_plain(span))

    def repeat_rate(
        self: Sends,
        *,
        within_days: int | None = None,
        cohort: CohortBucket = "month",
        **span: Unpack[ReportSpan],
    ) -> RepeatRateReport:
        return self._get(
            "/v1/reports/repeat-rate", RepeatRateReport, within_days=within_days, cohort=cohort, **_plain(span)
        )


def _plain(which: Mapping[str, object]) -> dict[str, Parameter]:
    """Of a typed dictionary, whose values are parameters all."""
    return {name: value for name, value in which.items() if isinstance(value, UUID | datetime | str | int | float)}
