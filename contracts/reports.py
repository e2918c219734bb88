"""API v1: pages of visits, traffic reports and what else the marts tell of days; and health. Reports on the visits
themselves are in `contracts.analytics`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Unit
from contracts.records import VisitRecordV1

Bucket = Literal["15min", "hour", "day", "week", "month"]
ReportSource = Literal["marts", "live"]
Anomaly = Literal["high", "low"]
VisitSort = Literal[
    "started_at", "-started_at", "ended_at", "-ended_at", "dwell_seconds", "-dwell_seconds", "sightings", "-sightings"
]


class VisitPage(Contract):
    items: tuple[VisitRecordV1, ...]
    next_cursor: str | None = None


Suppressed = Annotated[
    int,
    Field(
        ge=0,
        description="How many rows, figures or buckets are left out, because so few people are in them that the "
        "caller's role may not see it: fewer than the tenant's smallest_count. 0 for administrators.",
    ),
]
_SmallCount = Annotated[int, Field(ge=0)] | None


class TrafficRow(Contract):
    """Visits that began within one bucket of the site's local time. `suppressed`: counts of so few people that the
    caller's role may not see them are null."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    staff_visits: _SmallCount
    visitor_visits: _SmallCount
    new_visitors: _SmallCount
    returning_visitors: _SmallCount
    unidentified_sightings: _SmallCount = Field(description="Faces counted without an identity.")
    mean_dwell_seconds: float | None = Field(default=None, ge=0)
    suppressed: bool = False


class TrafficReport(Contract):
    """`marts` is what dbt built last (`as_of` says when); `live` is computed from the visits now."""

    bucket: Bucket
    source: ReportSource
    as_of: AwareDatetime | None
    rows: tuple[TrafficRow, ...]
    suppressed: Suppressed = 0


class DayRow(Contract):
    """One day of a site, without anybody or not, beside what is usual there. `suppressed`: counts of so few people that
    the caller's role may not see them are null, and so is whatever would tell them."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    visitor_visits: _SmallCount
    new_visitors: _SmallCount
    returning_visitors: _SmallCount
    returning_share: Unit | None = Field(description="None on a day without visitors.")
    visitor_visits_week_before: _SmallCount = Field(description="On that weekday a week before; none in a first week.")
    week_over_week: float | None = Field(
        ge=-1, description="Change against that weekday as a share of it; none where nobody came then."
    )
    usual_visits: float | None = Field(ge=0, description="Mean of that weekday in up to eight weeks before.")
    anomaly: Anomaly | None = Field(
        description="Busier or quieter than usual, by more than six square roots of the usual count; none before four "
        "such weekdays have passed, or while the day lasts."
    )
    suppressed: bool = False


class DaysReport(Contract):
    """Each day from a site's first to its latest, as dbt built them last (`as_of` says when)."""

    as_of: AwareDatetime | None
    rows: tuple[DayRow, ...]
    suppressed: Suppressed = 0


class OccupancyRow(Contract):
    """Who was inside at some time in one quarter of an hour of the site's clock, as long as they were seen."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    visitors_inside: _SmallCount
    staff_inside: _SmallCount
    suppressed: bool = False


class OccupancyReport(Contract):
    """Quarters of an hour in which somebody was inside, as dbt built them last (`as_of` says when)."""

    as_of: AwareDatetime | None
    rows: tuple[OccupancyRow, ...]
    suppressed: Suppressed = 0


class Liveness(Contract):
    """The process answers; whether it can work is Readiness."""

    status: Literal["ok"] = "ok"
    version: str


class ComponentHealth(Contract):
    name: str
    healthy: bool
    detail: str


class Readiness(Contract):
    ready: bool
    version: str
    components: tuple[ComponentHealth, ...]
