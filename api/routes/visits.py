"""Visits of the caller's tenant."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.routes.paging import Instant, PageQuery
from api.routes.scope import camera_filter, site_filter
from api.state import State
from contracts.base import PersonKind
from contracts.reports import VisitPage
from footfall import reports

router = APIRouter(tags=["visits"])


class VisitQuery(PageQuery):
    site_id: UUID | None = Field(default=None, description="Visits at this site alone.")
    camera_id: UUID | None = Field(default=None, description="Visits that this camera has seen.")
    person_kind: PersonKind | None = Field(default=None, description="Staff or customers alone.")
    since: Instant | None = Field(default=None, description="Visits that began then or later.")
    until: Instant | None = Field(default=None, description="Visits that began before.")


@router.get("/v1/visits", operation_id="listVisits", summary="List visits")
def list_visits(query: Annotated[VisitQuery, fastapi.Query()], caller: Caller, state: State) -> VisitPage:
    """Latest first. A site manager sees the visits of their sites."""
    return reports.list_visits(
        state.services.engine,
        caller.tenant_id,
        site_id=site_filter(state, caller, query.site_id),
        camera_id=camera_filter(state, caller, query.camera_id),
        person_kind=query.person_kind,
        since=query.since,
        until=query.until,
        limit=query.limit,
        cursor=query.cursor,
        now=datetime.now(UTC),
        allowed_sites=caller.site_ids,
    )
