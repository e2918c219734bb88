"""Visits of the caller's tenant, as pages and as CSV."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import fastapi
from anyio import to_thread
from fastapi import APIRouter, Depends, Response
from pydantic import Field

from api.auth import Caller
from api.csv_answers import CSV_CONTENT, CsvStream
from api.routes.paging import Instant, PageQuery, Query, documented_query, read_as
from api.routes.scope import camera_filter, site_filter
from api.state import ApiState, State
from contracts.base import Cosine, PersonKind
from contracts.reports import VisitPage, VisitSort
from footfall import exports, visit_lists
from footfall.access import Principal
from footfall.errors import InputError
from footfall.stores.postgres.visit_lists import VisitFilter
from footfall.stores.postgres.visits import Person

router = APIRouter(tags=["visits"])


class _Which(Query):
    site_id: UUID | None = Field(default=None, description="Visits at this site alone.")
    camera_id: UUID | None = Field(default=None, description="Visits that this camera has seen.")
    person_kind: PersonKind | None = Field(default=None, description="Staff or customers alone.")
    staff_id: UUID | None = Field(default=None, description="Visits of this staff member.")
    customer_id: UUID | None = Field(default=None, description="Visits of this customer.")
    since: Instant | None = Field(default=None, description="Visits that began then or later.")
    until: Instant | None = Field(default=None, description="Visits that began before.")
    min_score: Cosine | None = Field(
        default=None, description="Visits whose best score is at least this; a customer's first visit has none."
    )
    max_score: Cosine | None = Field(default=None, description="Visits whose best score is at most this.")


class VisitQuery(PageQuery, _Which):
    sort: VisitSort = Field(default="-started_at", description="`-` before a name turns the order around.")


class VisitExportQuery(_Which):
    """The filters of the list, and no pages."""


@router.get(
    "/v1/visits.csv",
    operation_id="exportVisits",
    summary="Download visits as CSV",
    response_class=Response,
    responses={200: {"content": CSV_CONTENT, "description": "RFC 4180, UTF-8, times of each site with their offset."}},
)
async def export_visits(query: Annotated[VisitExportQuery, fastapi.Query()], caller: Caller, state: State) -> Response:
    """Every visit that fits, the latest first, made while it is sent: a million take no more memory than a thousand.
    Text that a spreadsheet would take for a formula has an apostrophe before it. An answer that breaks off is not
    whole."""
    async with AsyncExitStack() as held:
        await held.enter_async_context(state.export_lane.place())

        def begin() -> tuple[bytes, Generator[bytes]]:
            pieces = exports.visits_csv(
                visit_lists.export_visits(state.services.engine, caller.tenant_id, _filter(query, caller, state))
            )
            # The first rows, too: what is wrong with the question or the database is a problem document still.
            return next(pieces) + next(pieces, b""), pieces

        first, rest = await to_thread.run_sync(begin)
        return CsvStream(
            first,
            rest,
            filename="visits.csv",
            within_seconds=state.settings.api.export_seconds,
            held=held.pop_all(),
        )


@router.get(
    "/v1/visits",
    operation_id="listVisits",
    summary="List visits",
    response_model=VisitPage,
    openapi_extra=documented_query(VisitQuery),
)
def list_visits(query: Annotated[VisitQuery, Depends(read_as(VisitQuery))], caller: Caller, state: State) -> Response:
    """Latest first, unless `sort` says otherwise. A site manager sees the visits of their sites."""
    page = visit_lists.visits_json(
        state.services.engine,
        caller.tenant_id,
        _filter(query, caller, state),
        sort=query.sort,
        limit=query.limit,
        cursor=query.cursor,
        now=datetime.now(UTC),
    )
    return Response(page, media_type="application/json")


def _filter(query: _Which, caller: Principal, state: ApiState) -> VisitFilter:
    if query.staff_id is not None and query.customer_id is not None:
        raise InputError("staff_id and customer_id name two people.", hint="Ask for the visits of one of them.")
    person: Person | None = None
    if query.staff_id is not None:
        person = Person("staff", query.staff_id)
    elif query.customer_id is not None:
        person = Person("customer", query.customer_id)
    return VisitFilter(
        site_id=site_filter(state, caller, query.site_id),
        allowed_sites=caller.site_ids,
        camera_id=camera_filter(state, caller, query.camera_id),
        person_kind=query.person_kind,
        person=person,
        since=query.since,
        until=query.until,
        min_score=query.min_score,
        max_score=query.max_score,
    )
