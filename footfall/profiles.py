"""Customers as the API shows them: profiles, visits, sightings. Nothing is written."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import CustomerId, SiteId, TenantId
from contracts.customers import CustomerPage, Sighting, SightingPage
from contracts.records import CustomerProfileV1
from contracts.reports import VisitPage
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import ConflictError, NotFoundError
from footfall.reports import list_visits
from footfall.services import Services
from footfall.stores.postgres import corrections, profiles
from footfall.stores.postgres.profiles import SightingRow
from footfall.stores.postgres.visits import Person
from footfall.tenancy import tenant_transaction

_CUSTOMERS, _SIGHTINGS = "customers", "sightings"


def list_customers(
    engine: Engine,
    tenant_id: TenantId,
    *,
    limit: int,
    cursor: str | None,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
) -> CustomerPage:
    """Last seen first, of the sites that the caller may see. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = decode_cursor(_CUSTOMERS, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = profiles.select_profiles(
            connection, tenant_id, site_id=site_id, allowed_sites=allowed_sites, after=after, limit=limit + 1
        )
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].last_seen_at, shown[-1].customer_id) if more else None
    return CustomerPage(items=tuple(shown), next_cursor=None if last is None else encode_cursor(_CUSTOMERS, last))


def get_customer(
    engine: Engine, tenant_id: TenantId, customer_id: CustomerId, *, allowed_sites: Collection[UUID] | None = None
) -> CustomerProfileV1:
    """The customer; of one who was merged, the survivor. Raises NotFoundError, also for one who was never at a site of
    the caller's, and ConflictError for one who was found to be staff."""
    with tenant_transaction(engine, tenant_id) as connection:
        return _profile(connection, tenant_id, customer_id, allowed_sites)


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
        person=Person("customer", found.customer_id),
        limit=limit,
        cursor=cursor,
        now=now,
        allowed_sites=allowed_sites,
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
    """Latest first, with URLs of their crops that work for minutes. Raises as `customer_visits`."""
    check_limit(limit)
    after = decode_cursor(_SIGHTINGS, cursor)
    with tenant_transaction(services.engine, tenant_id) as connection:
        profile = _profile(connection, tenant_id, customer_id, allowed_sites)
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
        items=tuple(_sighting(services, tenant_id, row) for row in rows),
        next_cursor=None if last is None else encode_cursor(_SIGHTINGS, last),
    )


def _profile(
    connection: Connection, tenant_id: TenantId, customer_id: CustomerId, allowed_sites: Collection[UUID] | None
) -> CustomerProfileV1:
    wanted = customer_id
    while (row := corrections.select_customer(connection, wanted)) is not None and row.merged_into is not None:
        wanted = row.merged_into
    if row is not None and row.staff_id is not None:
        raise ConflictError(
            f"The customer {customer_id} was found to be the staff member {row.staff_id}.",
            hint="GET /v1/staff/{staff_id} has that person.",
        )
    found = profiles.select_profiles(connection, tenant_id, customer_id=wanted, allowed_sites=allowed_sites)
    if not found:
        raise NotFoundError(f"There is no customer {customer_id}.")
    return found[0]


def _sighting(services: Services, tenant_id: TenantId, row: SightingRow) -> Sighting:
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
        crop_url=(None if row.image_key is None else services.objects.presigned_url(tenant_id, "raw", row.image_key)),
    )
