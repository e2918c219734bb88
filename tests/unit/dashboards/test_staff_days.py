"""Staff's days as the page shows them: the latest first, and the end of a night shift in the day that it belongs to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from contracts.mart_reports import StaffDayRow
from dashboards.staff_days import staff_days_frame

DAY = datetime(2026, 11, 20, tzinfo=UTC)


def seen(at: datetime, hours: float, name: str) -> StaffDayRow:
    return StaffDayRow(
        site_id=UUID(int=1),
        site_name="Shop",
        bucket_start=at.replace(hour=0),
        staff_id=UUID(int=2),
        display_name=name,
        first_seen_at=at,
        last_seen_at=at + timedelta(hours=hours),
        visits=2,
        present_seconds=hours * 3600,
    )


def test_a_night_shift_ends_a_day_later() -> None:
    frame = staff_days_frame([seen(DAY.replace(hour=8), 8, "Ada"), seen(DAY.replace(day=21, hour=22), 7.5, "Grace")])
    assert frame[["Day", "Person", "First seen", "Last seen", "Present"]].values.tolist() == [
        [DAY.replace(day=21).date(), "Grace", "22:00", "05:30 +1", "7 h 30 min"],
        [DAY.date(), "Ada", "08:00", "16:00", "8 h 00 min"],
    ]
