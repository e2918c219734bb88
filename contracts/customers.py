"""API v1: pages of customers and of their sightings. The profile itself is in `contracts.records`."""

from __future__ import annotations

from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine
from contracts.people import DecisionKind
from contracts.records import CustomerProfileV1


class CustomerPage(Contract):
    items: tuple[CustomerProfileV1, ...]
    next_cursor: str | None = None


class Sighting(Contract):
    """One face event of a person. `decision` is what was decided when it came, whatever was corrected since."""

    event_id: UUID
    site_id: UUID
    camera_id: UUID
    started_at: AwareDatetime
    ended_at: AwareDatetime
    visit_id: UUID | None
    decision: DecisionKind
    score: Cosine | None
    in_gallery: bool = Field(description="Its template is one that the person is recognised by.")
    crop_url: str | None = Field(default=None, description="Presigned, valid for minutes; none once it has expired.")


class SightingPage(Contract):
    items: tuple[Sighting, ...]
    next_cursor: str | None = None
