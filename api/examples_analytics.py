"""Example bodies of event batches, alarms and reports, as contract values, so that none can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from contracts.analytics import (
    BusyHour,
    Cohort,
    DistributionReport,
    DistributionRow,
    DwellBucket,
    DwellReport,
    DwellStatistics,
    NewReturningReport,
    NewReturningRow,
    PeakHoursReport,
    RepeatRateReport,
    TypicalHour,
)
from contracts.base import Contract
from contracts.event_batches import EventAlarm, EventAlarmPage, EventBatchItem, EventBatchReceipt
from contracts.people import Decision, EventReceipt
from contracts.problems import Problem

_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_EVENT = UUID("e7d6c5b4-a392-4817-b605-f4e3d2c1b005")
_OTHER_EVENT = UUID("f8e7d6c5-b4a3-4928-8716-a5f4e3d2c106")
_SEEN = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)
_SPAN: dict[str, Any] = {
    "since": datetime(2026, 11, 1, tzinfo=UTC),
    "until": datetime(2026, 11, 22, tzinfo=UTC),
    "as_of": _SEEN,
}

ANALYTICS_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "recordFaceEvents": EventBatchReceipt(
            items=(
                EventBatchItem(
                    index=0,
                    event_id=_EVENT,
                    receipt=EventReceipt(
                        event_id=_EVENT,
                        revision=0,
                        duplicate=False,
                        decision=Decision(
                            kind="counted",
                            reason="the tenant only counts",
                            threshold_low=0.32,
                            threshold_high=0.45,
                            threshold_source="not calibrated",
                        ),
                        committed_at=_SEEN,
                    ),
                ),
                EventBatchItem(
                    index=1,
                    event_id=_OTHER_EVENT,
                    problem=Problem(
                        type="urn:footfall:problem:event-from-future",
                        title="The event's time lies ahead of the server's clock",
                        status=422,
                        detail="The event ends 3600 s ahead of the server's clock.",
                    ),
                ),
            ),
            recorded=1,
            duplicates=0,
            refused=1,
        ),
        "listAlarms": EventAlarmPage(
            items=(
                EventAlarm(
                    event_id=_EVENT,
                    verdict="disagrees",
                    cosine=0.04,
                    site_id=_SITE,
                    camera_id=_CAMERA,
                    worker="entrance-1",
                    captured_at=_SEEN,
                    committed_at=_SEEN,
                    decision="new_customer",
                ),
            )
        ),
        "reportDistribution": DistributionReport(
            **_SPAN, visits=40, by="hour_of_week", rows=(DistributionRow(weekday=1, hour=9, visits=6, share=0.15),)
        ),
        "reportNewReturning": NewReturningReport(
            **_SPAN,
            visits=40,
            bucket="day",
            new_visitors=28,
            returning_visitors=12,
            customers=31,
            rows=(
                NewReturningRow(
                    site_id=_SITE,
                    site_name="Main Street 1",
                    bucket_start=datetime(2026, 11, 16, tzinfo=UTC),
                    new_visitors=7,
                    returning_visitors=3,
                    returning_share=0.3,
                ),
            ),
        ),
        "reportDwell": DwellReport(
            **_SPAN,
            visits=40,
            overall=DwellStatistics(
                visits=40,
                mean_seconds=412.5,
                median_seconds=240,
                p75_seconds=510,
                p90_seconds=1100,
                p95_seconds=1900,
                longest_seconds=4200,
                histogram=(
                    DwellBucket(from_seconds=0, to_seconds=60, visits=10, share=0.25),
                    DwellBucket(from_seconds=60, to_seconds=None, visits=30, share=0.75),
                ),
            ),
            sites=(),
        ),
        "reportPeakHours": PeakHoursReport(
            **_SPAN,
            visits=40,
            typical=(TypicalHour(weekday=6, hour=11, visits=9, occurrences=3, mean_visits=3.0),),
            busiest=(
                BusyHour(
                    site_id=_SITE,
                    site_name="Main Street 1",
                    hour_start=datetime(2026, 11, 21, 10, tzinfo=UTC),
                    visits=5,
                ),
            ),
        ),
        "reportRepeatRate": RepeatRateReport(
            **_SPAN,
            visits=40,
            customers=31,
            repeat_customers=7,
            repeat_rate=0.226,
            visits_per_customer=1.29,
            within_days=7,
            cohort="week",
            cohorts=(
                Cohort(cohort_start=date(2026, 11, 2), new_customers=12, observed=12, returned=3, rate=0.25),
                Cohort(cohort_start=date(2026, 11, 16), new_customers=9, observed=0, returned=0, rate=None),
            ),
        ),
    }
)
"""By operation id: the body of the successful answer."""
