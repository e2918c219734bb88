"""What the marts of traffic tell of a tenant, and what its record tells live. No test is here."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import pytest

from contracts.base import SiteId
from contracts.reports import Bucket, TrafficRow
from footfall import reports
from tests.integration.marts import Place, Record

ZONES = ("Europe/Vienna", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "America/Santiago", "UTC")
# Around the days of 2026 on which the clocks of these zones change.
CHANGES = ("2026-03-08", "2026-03-29", "2026-04-05", "2026-09-06", "2026-10-04", "2026-10-25", "2026-11-01")
TRAFFIC = ("visits_hourly", "visits_daily")
SINCE, UNTIL = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)


def marts(record: Record, bucket: Bucket = "day", place: Place | None = None) -> list[TrafficRow]:
    return _traffic(record, bucket, "marts", place)


def _traffic(record: Record, bucket: Bucket, source: str, place: Place | None = None) -> list[TrafficRow]:
    rows: list[TrafficRow] = []
    since = SINCE
    while since < UNTIL:  # a report of hours spans a hundred days at most
        until = min(since + timedelta(days=90), UNTIL)
        report = reports.traffic(
            record.engine,
            record.tenant_id,
            bucket=bucket,
            since=since,
            until=until,
            source="marts" if source == "marts" else "live",
            site_id=None if place is None else SiteId(place.site_id),
        )
        rows += report.rows
        since = until
    return sorted(rows, key=lambda row: (row.bucket_start, row.site_id))


def assert_marts_tell_the_record(record: Record) -> None:
    for bucket in ("hour", "day"):
        told, live = _traffic(record, bucket, "marts"), _traffic(record, bucket, "live")
        assert [_without_mean(row) for row in told] == [_without_mean(row) for row in live]
        assert [row.mean_dwell_seconds for row in told] == [
            None if row.mean_dwell_seconds is None else pytest.approx(row.mean_dwell_seconds) for row in live
        ]


def _without_mean(row: TrafficRow) -> TrafficRow:
    return row.model_copy(update={"mean_dwell_seconds": None})


def some_instant(dice: random.Random) -> datetime:
    day = datetime.fromisoformat(dice.choice(CHANGES)).replace(tzinfo=UTC)
    return day + timedelta(minutes=dice.randrange(-24 * 60, 48 * 60))
