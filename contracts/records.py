"""Records that Footfall hands out: `VisitRecord.v1` and `CustomerProfile.v1`. Requests live in their own modules."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine, PersonKind


class VisitRecordV1(Contract):
    """One person's stay at one site: sightings closer together than the site's visit gap."""

    type: Literal["VisitRecord.v1"] = "VisitRecord.v1"
    visit_id: UUID
    tenant_id: UUID
    site_id: UUID
    site_name: str
    person_kind: PersonKind
    person_id: UUID = Field(
        description="Whose visit it is; of an anonymous visit its own id, for nobody stands behind it."
    )
    display_name: str | None = Field(default=None, description="Staff only; customers have no name.")
    started_at: AwareDatetime
    ended_at: AwareDatetime
    dwell_seconds: float = Field(ge=0)
    sightings: int = Field(ge=1)
    camera_ids: tuple[UUID, ...]
    is_first_visit: bool = Field(description="The person's first visit to any site of the tenant.")
    is_open: bool = Field(description="True until the gap has passed since the last sighting.")
    best_score: Cosine | None = Field(
        default=None, description="Best match score among the sightings; none for a first."
    )
    is_anonymous: bool = Field(
        default=False, description="True once the visitor was forgotten: the visit is counted, and nobody's."
    )


class CustomerProfileV1(Contract):
    """What is known of a visitor with an identity. Never an image, never a template."""

    type: Literal["CustomerProfile.v1"] = "CustomerProfile.v1"
    customer_id: UUID
    tenant_id: UUID
    first_seen_at: AwareDatetime
    last_seen_at: AwareDatetime
    visits: int = Field(ge=0)
    site_ids: tuple[UUID, ...]
    templates: int = Field(ge=0)
    external_ref: str | None = Field(
        default=None, description="The company's own number for the visitor, of a loyalty card for instance."
    )
    version: int = Field(default=1, ge=1, description="Grows with every change of `external_ref`; the ETag names it.")
