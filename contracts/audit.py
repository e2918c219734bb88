"""API v1: entries of the audit log. How they are chained is `footfall.audit_chain`'s."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, Field

from contracts.base import Contract

AuditSort = Literal["-at", "at"]


class AuditEntry(Contract):
    """Who did what to which record, when and from where."""

    audit_id: int = Field(ge=1)
    at: AwareDatetime
    actor: str = Field(description="`user:<id>` or `key:<id>`, or the name of a job that acts by itself.")
    action: str = Field(description="`<subject>.<verb>`, for instance `site.changed`.")
    subject_kind: str
    subject_id: str
    detail: dict[str, object]
    client_address: str | None = Field(default=None, description="None for what the machine does by itself.")
    request_id: str | None = Field(default=None, description="The request's `X-Request-ID`.")
    seq: int | None = Field(
        default=None, ge=1, description="Its place in the tenant's chain; none when the chain was tampered with."
    )
    link: str | None = Field(
        default=None,
        description="SHA-256 in hex over the link before, the place and the entry: keep the latest somewhere else, and "
        "`footfall audit verify --anchors` proves that nothing before it was changed.",
    )


class AuditPage(Contract):
    items: tuple[AuditEntry, ...]
    next_cursor: str | None = None
