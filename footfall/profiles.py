"""Customers as the API shows them: profiles, visits, sightings. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import CustomerId, TenantId
from contracts.customers import CustomerPage, Sighting, SightingPage
from contracts.records import CustomerProfileV1
from contracts.reports import VisitPage
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import ConflictError, NotFoundError
from footfall.listing import PageRequest, choose_order, cut_page
from footfall.picture_paths import sighting_path
from footfall.services import Services
from footfall.stores.postgres import corrections, profiles
from footfall.stores.postgres.profiles import ProfileFilter, SightingRow
from footfall.stores.postgres.visit_lists import VisitFilter
from footfall.stores.postgres.visits import Person
from footfall.tenancy import tenant_transaction
from footfall.visit_lists import list_visits

LAST_SEEN_FIRST = PageRequest(sort="-last_seen_at", limit=50)
EVERYBODY = ProfileFilter()
_SIGHTINGS = "sightings"


def list_customers(
    engine: Engine,
    tenant_id: TenantId,
    page: PageRequest = LAST_SEEN_FIRST,
    wanted: ProfileFilter = EVERYBODY,
    *,
    allowed_sites: Collection[UUID] | None = None,
) -> CustomerPage:
    """In the page's order, of the sites that the caller may see. Raises InputError for a bad page."""
    order = choose_order("customers", profiles.SORTS, profiles.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = profiles.select_profiles(
            connection, tenant_id, order, wanted, allowed_sites=allowed_sites, cursor=page.cursor, limit=page.rows
        )
    items, next_cursor = cut_page(order, found, page.limit, lambda profile: profile.customer_id)
    return CustomerPage(items=items, next_cursor=next_cursor)


def get_customer(
    engine: Engine, tenant_id: TenantId, customer_id: CustomerId, *, allowed_sites: Collection[UUID] | None = None
) -> CustomerProfileV1:
    """The customer; of one who was merged, the survivor. Raises NotFoundError, also for one who was never at a site of
    the caller's, and ConflictError for one who was found to be staff."""
    with tenant_transaction(engine, tenant_id) as connection:
        return read_profile(connection, tenant_id, customer_id, allowed_sites)


def customer_visits(
    engine: Engine,
    tenant_id: TenantId,
    customer_id: CustomerId,
    *,
    limit: int,
    cursor: str | None,
    now: datetime,
    allowed_sites: Collection[UUID] | None = None,
) -> VisitPage:
    """Latest first. Raises as `get_customer`, and InputError for a bad limit or cursor."""
    found = get_customer(engine, tenant_id, customer_id, allowed_sites=allowed_sites)
    return list_visits(
        engine,
        tenant_id,
        VisitFilter(person=Person("customer", found.customer_id), allowed_sites=allowed_sites),
        limit=limit,
        cursor=cursor,
        now=now,
    )


def customer_sightings(
    services: Services,
    tenant_id: TenantId,
    customer_id: CustomerId,
    *,
    limit: int,
    cursor: str | None,
    allowed_sites: Collection[UUID] | None = None,
) -> SightingPage:
    """Latest first, with the paths of their crops. Raises as `customer_visits`."""
    check_limit(limit)
    after = decode_cursor(_SIGHTINGS, cursor)
    with tenant_transaction(services.engine, tenant_id) as connection:
        profile = read_profile(connection, tenant_id, customer_id, allowed_sites)
        found = profiles.select_sightings(
            connection,
            CustomerId(profile.customer_id),
            allowed_sites=allowed_sites,
            after=after,
            limit=limit + 1,
        )
    rows, more = found[:limit], len(found) > limit
    last = Position(rows[-1].started_at, rows[-1].event_id) if more else None
    return SightingPage(
        items=tuple(_sighting(row) for row in rows),
        next_cursor=None if last is None else encode_cursor(_SIGHTINGS, last),
    )


def read_profile(
    connection: Connection,
    tenant_id: TenantId,
    customer_id: CustomerId,
    allowed_sites: Collection[UUID] | None = None,
) -> CustomerProfileV1:
    """As `get_customer`, in the caller's transaction."""
    wanted = customer_id
    while (row := corrections.select_customer(connection, wanted)) is not None and row.merged_into is not None:
        wanted = row.merged_into
    if row is not None and row.staff_id is not None:
        raise ConflictError(
            f"The customer {customer_id} was found to be the staff member {row.staff_id}.",
            hint="GET /v1/staff/{staff_id} has that person.",
        )
    found = profiles.select_profile(connection, tenant_id, wanted, allowed_sites=allowed_sites)
    if found is None:
        raise NotFoundError(f"There is no customer {customer_id}.")
    return found


def _sighting(row: SightingRow) -> Sighting:
    return Sighting(
        event_id=row.event_id,
        site_id=row.site_id,
        camera_id=row.camera_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        visit_id=row.visit_id,
        decision=row.decision,
        score=row.score,
        in_gallery=row.in_gallery,
        liveness=row.liveness,
        crop_url=None if row.image_key is None else sighting_path(row.event_id),
    )
