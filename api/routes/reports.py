"""Reports on the caller's tenant. The numbers are `footfall.reports`'."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter
from pydantic import Field

from api.auth import Caller
from api.routes.paging import Instant, Query
from api.routes.scope import site_filter
from api.state import State
from contracts.reports import Bucket, ReportSource, TrafficReport
from footfall import reports

router = APIRouter(tags=["reports"])

_DEFAULT_SPAN: dict[Bucket, timedelta] = {"hour": timedelta(days=7), "day": timedelta(days=90)}


class TrafficQuery(Query):
    bucket: Bucket = Field(default="hour", description="Hour or day of each site's local time.")
    site_id: UUID | None = Field(default=None, description="This site alone.")
    since: Instant | None = Field(
        default=None, description="Buckets that begin then or later; by default the 7 days (90, by the day) before."
    )
    until: Instant | None = Field(default=None, description="Buckets that begin before; by default now.")
    source: ReportSource = Field(default="marts", description="What dbt built last, or computed now.")


@router.get("/v1/reports/traffic", operation_id="reportTraffic", summary="Report traffic")
def report_traffic(query: Annotated[TrafficQuery, fastapi.Query()], caller: Caller, state: State) -> TrafficReport:
    """Visits by the hour or day in which they began. A site manager sees their sites."""
    until = query.until or datetime.now(UTC)
    return reports.traffic(
        state.services.engine,
        caller.tenant_id,
        bucket=query.bucket,
        site_id=site_filter(state, caller, query.site_id),
        since=query.since or until - _DEFAULT_SPAN[query.bucket],
        until=until,
        source=query.source,
        allowed_sites=caller.site_ids,
    )
