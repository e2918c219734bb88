"""Visits and traffic, as pages and rows of the API. Nothing is written; the marts are built by dbt."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import CameraId, PersonKind, SiteId, TenantId
from contracts.records import VisitRecordV1
from contracts.reports import Bucket, ReportSource, TrafficReport, VisitPage
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import InputError
from footfall.stores.postgres import reports as table
from footfall.stores.postgres import visits
from footfall.stores.postgres.visits import Person, VisitRow
from footfall.tenancy import tenant_transaction
from footfall.visits import is_open

_VISITS = "visits"
_LONGEST: dict[Bucket, timedelta] = {"hour": timedelta(days=100), "day": timedelta(days=3660)}
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def list_visits(
    engine: Engine,
    tenant_id: TenantId,
    *,
    site_id: SiteId | None = None,
    camera_id: CameraId | None = None,
    person_kind: PersonKind | None = None,
    person: Person | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int,
    cursor: str | None,
    now: datetime,
    allowed_sites: Collection[UUID] | None = None,
) -> VisitPage:
    """Visits that began in [since, until), latest first, of the sites that the caller may see.

    Raises InputError for a bad cursor or limit, and for bounds without a time zone or the wrong way round. A page's
    cursor goes on from its last row, so visits that begin meanwhile neither repeat nor hide one.
    """
    check_limit(limit)
    _check_span(since, until)
    after = decode_cursor(_VISITS, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = visits.select_visit_page(
            connection,
            site_id=site_id,
            allowed_sites=allowed_sites,
            camera_id=camera_id,
            person_kind=person_kind,
            person=person,
            since=since,
            until=until,
            after=after,
            limit=limit + 1,
        )
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].visit.started_at, shown[-1].visit.visit_id) if more else None
    return VisitPage(
        items=tuple(_record(row, now) for row in shown),
        next_cursor=None if last is None else encode_cursor(_VISITS, last),
    )


def traffic(
    engine: Engine,
    tenant_id: TenantId,
    *,
    bucket: Bucket,
    since: datetime,
    until: datetime,
    source: ReportSource,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> TrafficReport:
    """Visits by the hour or day of each site's own time in which they began: whole buckets that start in
    [since, until), empty ones left out, in order of time.

    `new_visitors` counts customers' first visits and `returning_visitors` their other ones, so rows can be added up;
    the mean dwell is that of visitors. `marts` answers no rows and no `as_of` until dbt has built them. Raises
    InputError for bounds without a time zone, the wrong way round, or further apart than 100 days of hours or ten
    years of days.
    """
    _check_span(since, until)
    if until - since > _LONGEST[bucket]:
        raise InputError(
            f"A report by the {bucket} spans at most {_LONGEST[bucket].days} days.",
            hint="Ask for a shorter span, or by the day.",
        )
    span = table.TrafficSpan(bucket, since, until, site_id, allowed_sites)
    with tenant_transaction(engine, tenant_id) as connection:
        if source == "marts":
            as_of, rows = table.select_mart_traffic(connection, span)
        else:
            as_of, rows = table.select_now(connection), table.select_live_traffic(connection, span)
    return TrafficReport(bucket=bucket, source=source, as_of=as_of, rows=tuple(rows))


def _check_span(since: datetime | None, until: datetime | None) -> None:
    for name, bound in (("since", since), ("until", until)):
        if bound is not None and bound.tzinfo is None:
            raise InputError(f"{name} has no time zone.", hint="Write it as 2026-11-22T08:00:00+01:00.")
        if bound is not None and not _EARLIEST <= bound <= _LATEST:
            raise InputError(f"{name} lies outside the years 1970 to 8999.")
    if since is not None and until is not None and since >= until:
        raise InputError("since must lie before until.")


def _record(row: VisitRow, now: datetime) -> VisitRecordV1:
    visit = row.visit
    return VisitRecordV1(
        visit_id=visit.visit_id,
        tenant_id=row.tenant_id,
        site_id=row.site_id,
        site_name=row.site_name,
        person_kind=row.person.person_kind,
        person_id=row.person.person_id,
        display_name=row.display_name,
        started_at=visit.started_at,
        ended_at=visit.ended_at,
        dwell_seconds=(visit.ended_at - visit.started_at).total_seconds(),
        sightings=visit.sightings,
        camera_ids=visit.camera_ids,
        is_first_visit=row.is_first_visit,
        is_open=is_open(visit.ended_at, row.visit_gap, now),
        best_score=visit.best_score,
    )
