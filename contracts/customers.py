"""API v1: pages of customers and of their sightings, and changing one. The profile itself is in `contracts.records`,
asking for one to be erased in `contracts.erasure`."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine, Name, Patch
from contracts.people import DecisionKind, LivenessReport
from contracts.records import CustomerProfileV1

CustomerSort = Literal["-last_seen_at", "last_seen_at", "-first_seen_at", "first_seen_at"]


class CustomerPatch(Patch):
    """What is left out stays as it is; `external_ref` null takes the number away."""

    external_ref: Name | None = None


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
    liveness: LivenessReport | None = Field(default=None, description="None when no liveness model was on.")
    crop_url: str | None = Field(default=None, description="Path of its picture on this API; none once it has expired.")


class SightingPage(Contract):
    items: tuple[Sighting, ...]
    next_cursor: str | None = None
