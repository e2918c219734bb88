"""API v1: pages of visits, traffic reports, and health. Reports on the visits themselves are in `contracts.analytics`,
what the marts alone tell in `contracts.mart_reports`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract
from contracts.records import VisitRecordV1

Bucket = Literal["15min", "hour", "day", "week", "month"]
ReportSource = Literal["marts", "live"]
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
SmallCount = Annotated[int, Field(ge=0)] | None


class TrafficRow(Contract):
    """Visits that began within one bucket of the site's local time. `suppressed`: counts of so few people that the
    caller's role may not see them are null."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    staff_visits: SmallCount
    visitor_visits: SmallCount
    new_visitors: SmallCount
    returning_visitors: SmallCount
    unidentified_sightings: SmallCount = Field(description="Faces counted without an identity.")
    mean_dwell_seconds: float | None = Field(default=None, ge=0)
    suppressed: bool = False


class TrafficReport(Contract):
    """`marts` is what dbt built last (`as_of` says when); `live` is computed from the visits now."""

    bucket: Bucket
    source: ReportSource
    as_of: AwareDatetime | None
    rows: tuple[TrafficRow, ...]
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
