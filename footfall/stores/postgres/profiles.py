"""Customers with what their visits and templates add up to, and their sightings: reading only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CameraId, CustomerId, EventId, SiteId, TenantId, VisitId
from contracts.people import DecisionKind
from contracts.records import CustomerProfileV1
from footfall.cursors import Position


@dataclass(frozen=True, slots=True)
class SightingRow:
    event_id: EventId
    site_id: SiteId
    camera_id: CameraId
    started_at: datetime
    ended_at: datetime
    visit_id: VisitId | None
    decision: DecisionKind
    score: float | None
    in_gallery: bool
    image_key: str | None


def select_profiles(
    connection: Connection,
    tenant_id: TenantId,
    *,
    customer_id: CustomerId | None = None,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
    after: Position | None = None,
    limit: int = 1,
) -> list[CustomerProfileV1]:
    """Customers who are nobody else, last seen first. Visits elsewhere than at the allowed sites are not counted, and
    one who has none there is left out."""
    rows = connection.execute(
        text("""
            select c.customer_id, c.first_seen_at, c.last_seen_at, coalesce(v.visits, 0) as visits,
                   coalesce(v.site_ids, '{}') as site_ids,
                   (select count(*) from footfall.customer_templates as t
                    where t.tenant_id = c.tenant_id and t.customer_id = c.customer_id) as templates
            from footfall.customers as c
            left join lateral (
                select count(*) as visits, array_agg(distinct site_id) as site_ids
                from footfall.visits as w
                where w.tenant_id = c.tenant_id and w.customer_id = c.customer_id
                  and (cast(:sites as uuid[]) is null or w.site_id = any(cast(:sites as uuid[])))
                  and (cast(:site_id as uuid) is null or w.site_id = cast(:site_id as uuid))
            ) as v on true
            where c.retired_by is null
              and (cast(:customer_id as uuid) is null or c.customer_id = cast(:customer_id as uuid))
              and ((cast(:sites as uuid[]) is null and cast(:site_id as uuid) is null) or v.visits > 0)
              and (cast(:after_at as timestamptz) is null
                   or (c.last_seen_at, c.customer_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by c.last_seen_at desc, c.customer_id desc
            limit :limit
        """),
        {
            "customer_id": customer_id,
            "site_id": site_id,
            "sites": None if allowed_sites is None else list(allowed_sites),
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [
        CustomerProfileV1(
            customer_id=row.customer_id,
            tenant_id=tenant_id,
            first_seen_at=row.first_seen_at,
            last_seen_at=row.last_seen_at,
            visits=row.visits,
            site_ids=tuple(row.site_ids),
            templates=row.templates,
        )
        for row in rows
    ]


def select_sightings(
    connection: Connection,
    customer_id: CustomerId,
    *,
    allowed_sites: Collection[UUID] | None,
    after: Position | None,
    limit: int,
) -> list[SightingRow]:
    """Latest first."""
    rows = connection.execute(
        text("""
            select e.event_id, e.site_id, e.camera_id, e.started_at, e.ended_at, e.visit_id, e.decision, e.score,
                   e.image_key,
                   exists (
                       select 1 from footfall.customer_templates as t
                       where t.tenant_id = e.tenant_id and t.event_id = e.event_id
                   ) as in_gallery
            from footfall.face_events as e
            where e.customer_id = :customer_id
              and (cast(:sites as uuid[]) is null or e.site_id = any(cast(:sites as uuid[])))
              and (cast(:after_at as timestamptz) is null
                   or (e.started_at, e.event_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by e.started_at desc, e.event_id desc
            limit :limit
        """),
        {
            "customer_id": customer_id,
            "sites": None if allowed_sites is None else list(allowed_sites),
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [SightingRow(**row) for row in rows.mappings()]
