"""API v1: the gallery of staff as a worker holds it. Customers' templates never leave the server."""

from __future__ import annotations

from uuid import UUID

from pydantic import Field

from contracts.base import Contract, Cosine
from contracts.events import Embedding


class StaffTemplate(Contract):
    template_id: UUID
    staff_id: UUID
    embedding: Embedding


class StaffGallery(Contract):
    """Templates of everybody on the staff, for a worker that recognises them on its own. It is a secret: a worker keeps
    it encrypted, and forgets it when the tenant only counts."""

    version: int = Field(ge=1, description="Of the content: the same templates and thresholds have the same one.")
    model_version: str
    threshold: Cosine = Field(description="From this cosine on a template is a staff member's, as the server decides.")
    templates: tuple[StaffTemplate, ...]
