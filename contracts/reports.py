"""API v1: pages of visits and traffic reports."""

from __future__ import annotations

from typing import Literal
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


class TrafficRow(Contract):
    """Visits that began within one bucket of the site's local time."""

    site_id: UUID
    site_name: str
    bucket_start: AwareDatetime
    staff_visits: int = Field(ge=0)
    visitor_visits: int = Field(ge=0)
    new_visitors: int = Field(ge=0)
    returning_visitors: int = Field(ge=0)
    unidentified_sightings: int = Field(ge=0, description="Faces counted without an identity.")
    mean_dwell_seconds: float | None = Field(default=None, ge=0)


class TrafficReport(Contract):
    """`marts` is what dbt built last (`as_of` says when); `live` is computed from the visits now."""

    bucket: Bucket
    source: ReportSource
    as_of: AwareDatetime | None
    rows: tuple[TrafficRow, ...]


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
