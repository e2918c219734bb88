"""Example bodies of the reports that the marts alone tell, as contract values, so that none can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from contracts.base import Contract
from contracts.mart_reports import (
    CameraDayRow,
    CameraHealthReport,
    CohortRow,
    CohortsReport,
    DailyDwellReport,
    DailyDwellRow,
    DayRow,
    DaysReport,
    OccupancyReport,
    OccupancyRow,
    StaffDayRow,
    StaffPresenceReport,
)

_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_STAFF = UUID("9b1c8f5e-7a64-4d0b-9d3a-1f0e2d3c4b07")
_SEEN = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)
_PLACE: dict[str, Any] = {"site_id": _SITE, "site_name": "Main Street 1"}
_DAY = datetime(2026, 11, 20, tzinfo=UTC)

MART_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "reportDays": DaysReport(
            as_of=_SEEN,
            rows=(
                DayRow(
                    **_PLACE,
                    bucket_start=_DAY,
                    visitor_visits=90,
                    new_visitors=63,
                    returning_visitors=27,
                    returning_share=0.3,
                    visitor_visits_week_before=45,
                    week_over_week=1.0,
                    usual_visits=40.5,
                    anomaly="high",
                ),
            ),
        ),
        "reportOccupancy": OccupancyReport(
            as_of=_SEEN,
            rows=(
                OccupancyRow(
                    **_PLACE,
                    bucket_start=datetime(2026, 11, 21, 10, 15, tzinfo=UTC),
                    visitors_inside=14,
                    staff_inside=2,
                ),
            ),
        ),
        "reportDailyDwell": DailyDwellReport(
            as_of=_SEEN,
            rows=(
                DailyDwellRow(
                    **_PLACE,
                    bucket_start=_DAY,
                    visitor_visits=90,
                    mean_seconds=412.5,
                    median_seconds=240,
                    p90_seconds=1100,
                    under_1_minute=12,
                    from_1_to_5_minutes=41,
                    from_5_to_15_minutes=24,
                    from_15_to_60_minutes=13,
                    over_1_hour=0,
                ),
            ),
        ),
        "reportCohorts": CohortsReport(
            as_of=_SEEN,
            rows=(
                CohortRow(
                    **_PLACE,
                    bucket_start=datetime(2026, 11, 16, tzinfo=UTC),
                    cohort_week=date(2026, 11, 2),
                    weeks_since=2,
                    customers=17,
                ),
            ),
        ),
        "reportStaffPresence": StaffPresenceReport(
            as_of=_SEEN,
            rows=(
                StaffDayRow(
                    **_PLACE,
                    bucket_start=_DAY,
                    staff_id=_STAFF,
                    display_name="Ada Lovelace",
                    first_seen_at=_DAY.replace(hour=7, minute=58),
                    last_seen_at=_DAY.replace(hour=16, minute=12),
                    visits=6,
                    present_seconds=24_300,
                ),
            ),
        ),
        "reportCameraHealth": CameraHealthReport(
            as_of=_SEEN,
            rows=(
                CameraDayRow(
                    **_PLACE,
                    bucket_start=_DAY,
                    camera_id=_CAMERA,
                    camera_name="Entrance",
                    sightings=214,
                    poor_quality_sightings=31,
                    unsure_sightings=9,
                    first_sighting_at=_DAY.replace(hour=7, minute=58),
                    last_sighting_at=_DAY.replace(hour=18, minute=40),
                    mean_quality_score=0.71,
                    median_delay_seconds=0.9,
                    late_sightings=0,
                    sightings_from_the_future=0,
                ),
            ),
        ),
    }
)
"""By operation id: the body of the successful answer."""
