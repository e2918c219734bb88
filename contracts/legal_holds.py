"""API v1: legal holds, which keep retention and erasure from what somebody must be able to show. Nothing else."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Name

HoldSubject = Literal["tenant", "camera", "customer", "staff"]


class LegalHoldCreate(Contract):
    subject_kind: HoldSubject = Field(description="What is held: everything of the tenant, or of one camera or person.")
    subject_id: UUID = Field(description="Its id; of a tenant, the caller's own.")
    reference: Name = Field(description="Where the reason is recorded: a file's number, a letter's date. No names.")


class LegalHold(Contract):
    """A hold stands until it is lifted, and stays on record after that."""

    hold_id: UUID
    subject_kind: HoldSubject
    subject_id: UUID
    reference: str
    placed_at: AwareDatetime
    placed_by: str
    lifted_at: AwareDatetime | None = None
    lifted_by: str | None = None


class LegalHoldPage(Contract):
    items: tuple[LegalHold, ...]
    next_cursor: str | None = None
