"""Visits as the API lists them: pages of records, and all of a period for an export. Nothing is written."""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime
from typing import Any

from pydantic_core import to_json
from sqlalchemy import Engine

from contracts.base import TenantId
from contracts.records import VisitRecordV1
from contracts.reports import VisitPage
from footfall.cursors import check_limit
from footfall.errors import InputError
from footfall.listing import choose_order
from footfall.report_spans import check_span
from footfall.stores.postgres.visit_lists import (
    VISIT_ID,
    VISIT_SORTS,
    VisitFilter,
    VisitRow,
    stream_visits,
    visit_page,
)
from footfall.tenancy import tenant_rows, tenant_transaction

LATEST_FIRST = "-started_at"
_VISITS = "visits"
_RECORD_TYPE = VisitRecordV1.model_fields["type"].default


def visits_json(
    engine: Engine,
    tenant_id: TenantId,
    wanted: VisitFilter,
    *,
    sort: str = LATEST_FIRST,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> bytes:
    """The page of `list_visits` as JSON, made of the rows themselves: as the contract's models it costs as much again
    as the query. A test holds the two to each other. Raises as `list_visits`."""
    rows, next_cursor = _page(engine, tenant_id, wanted, sort=sort, limit=limit, cursor=cursor)
    return to_json({"items": [_fields(row, now) for row in rows], "next_cursor": next_cursor})


def list_visits(
    engine: Engine,
    tenant_id: TenantId,
    wanted: VisitFilter,
    *,
    sort: str = LATEST_FIRST,
    limit: int,
    cursor: str | None,
    now: datetime,
) -> VisitPage:
    """A page of the visits that `wanted` describes, in the order that `sort` names.

    Raises InputError for a bad cursor, limit or order, and for bounds without a time zone or the wrong way round. A
    page's cursor goes on from its last row, so visits that begin meanwhile neither repeat nor hide one.
    """
    rows, next_cursor = _page(engine, tenant_id, wanted, sort=sort, limit=limit, cursor=cursor)
    return VisitPage(items=tuple(VisitRecordV1(**_fields(row, now)) for row in rows), next_cursor=next_cursor)


def export_visits(engine: Engine, tenant_id: TenantId, wanted: VisitFilter) -> Generator[list[VisitRow]]:
    """Every visit that `wanted` describes, the latest first, many at a time; holds a connection until it is read to
    its end or closed. Raises InputError as `list_visits`, with the first rows."""
    _check(wanted)
    with tenant_transaction(engine, tenant_id) as connection:
        yield from stream_visits(connection, wanted)


def _page(
    engine: Engine, tenant_id: TenantId, wanted: VisitFilter, *, sort: str, limit: int, cursor: str | None
) -> tuple[list[VisitRow], str | None]:
    check_limit(limit)
    _check(wanted)
    order = choose_order(_VISITS, VISIT_SORTS, VISIT_ID, sort)
    after = order.mark(cursor)
    found = tenant_rows(engine, tenant_id, visit_page(wanted, order, after=after, limit=limit + 1))
    more = len(found) > limit
    # The sort key is the last column, behind those of the visit.
    next_cursor = order.cursor(found[limit - 1][-1], found[limit - 1][0]) if more else None
    return [VisitRow._make(row[:-1]) for row in found[:limit]], next_cursor


def _check(wanted: VisitFilter) -> None:
    check_span(wanted.since, wanted.until)
    if wanted.min_score is not None and wanted.max_score is not None and wanted.min_score > wanted.max_score:
        raise InputError("min_score must not be larger than max_score.")


def _fields(row: VisitRow, now: datetime) -> dict[str, Any]:
    """Of a VisitRecordV1, all of them and in its order."""
    return {
        "type": _RECORD_TYPE,
        "visit_id": row.visit_id,
        "tenant_id": row.tenant_id,
        "site_id": row.site_id,
        "site_name": row.site_name,
        "person_kind": row.person_kind,
        "person_id": row.person_id,
        "display_name": row.display_name,
        "started_at": row.started_at,
        "ended_at": row.ended_at,
        "dwell_seconds": (row.ended_at - row.started_at).total_seconds(),
        "sightings": row.sightings,
        "camera_ids": row.camera_ids,
        "is_first_visit": row.is_first_visit,
        # As `footfall.visits.is_open` has it.
        "is_open": now < row.open_until,
        "best_score": row.best_score,
        "is_anonymous": row.is_anonymous,
    }
