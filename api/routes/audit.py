"""The audit log of the caller's tenant."""

from __future__ import annotations

from typing import Annotated

import fastapi
from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.routes.paging import Contained, Instant, PageQuery
from api.state import State
from contracts.audit import AuditPage, AuditSort
from footfall import audit
from footfall.stores.postgres.audit import AuditFilter

router = APIRouter(tags=["audit"])


class AuditQuery(PageQuery):
    sort: AuditSort = Field(default="-at", description="Latest first, or oldest first.")
    actor: Contained | None = Field(default=None, description="As entries name it: `user:<id>`, `key:<id>`, a job.")
    action: Contained | None = Field(default=None, description="As entries name it, for instance `site.changed`.")
    subject_kind: Contained | None = Field(default=None, description="What was acted on, for instance `site`.")
    subject_id: Contained | None = Field(default=None, description="Which record was acted on.")
    since: Instant | None = Field(default=None, description="Entries of then or later.")
    until: Instant | None = Field(default=None, description="Entries from before.")


@router.get("/v1/audit", operation_id="listAudit", summary="List the audit log")
def list_audit(query: Annotated[AuditQuery, fastapi.Query()], caller: Caller, state: State) -> AuditPage:
    """Latest first, unless sorted otherwise. Nothing can be taken out of it; `footfall audit verify` proves that
    nothing was."""
    wanted = AuditFilter(
        actor=query.actor,
        action=query.action,
        subject_kind=query.subject_kind,
        subject_id=query.subject_id,
        since=query.since,
        until=query.until,
    )
    return audit.list_entries(
        state.services.engine,
        caller.tenant_id,
        wanted,
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
    )
