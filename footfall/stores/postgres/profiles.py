"""Customers with what their visits and templates add up to, their sightings, and the number that a company has for one:
rows in and out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, CustomerId, EventId, SiteId, TenantId, VisitId
from contracts.people import DecisionKind, LivenessReport
from contracts.records import CustomerProfileV1
from footfall.cursors import Position
from footfall.listing import Listed, Order, SortKey

SORTS = (
    SortKey("last_seen_at", "c.last_seen_at", "timestamptz"),
    SortKey("first_seen_at", "c.first_seen_at", "timestamptz"),
)
ID_COLUMN = "c.customer_id"

_SELECT = """
    select c.customer_id, c.first_seen_at, c.last_seen_at, c.external_ref, c.version,
           coalesce(v.visits, 0) as visits, coalesce(v.site_ids, '{}') as site_ids,
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
"""


@dataclass(frozen=True, slots=True)
class ProfileFilter:
    """None: any. `seen_since` and `seen_until`: last seen in [since, until)."""

    site_id: SiteId | None = None
    external_ref: str | None = None
    seen_since: datetime | None = None
    seen_until: datetime | None = None


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
    liveness: LivenessReport | None


def select_profile(
    connection: Connection, tenant_id: TenantId, customer_id: CustomerId, *, allowed_sites: Collection[UUID] | None
) -> CustomerProfileV1 | None:
    """One customer who is nobody else; None also for one who was never at an allowed site."""
    row = connection.execute(
        text(f"""
            {_SELECT}
            where c.retired_by is null and c.customer_id = :customer_id
              and (cast(:sites as uuid[]) is null or v.visits > 0)
        """),
        {
            "customer_id": customer_id,
            "site_id": None,
            "sites": None if allowed_sites is None else list(allowed_sites),
        },
    )
    found = row.mappings().one_or_none()
    return None if found is None else _profile(tenant_id, found)


def select_profiles(
    connection: Connection,
    tenant_id: TenantId,
    order: Order,
    wanted: ProfileFilter,
    *,
    allowed_sites: Collection[UUID] | None,
    cursor: str | None,
    limit: int,
) -> list[Listed[CustomerProfileV1]]:
    """Customers who are nobody else. Visits elsewhere than at the allowed sites are not counted, and one who has none
    there is left out. Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            {_SELECT.replace("as templates", f"as templates, {order.sql_key} as sort_key")}
            where c.retired_by is null
              and ((cast(:sites as uuid[]) is null and cast(:site_id as uuid) is null) or v.visits > 0)
              and (cast(:external_ref as text) is null or c.external_ref = cast(:external_ref as text))
              and (cast(:seen_since as timestamptz) is null or c.last_seen_at >= cast(:seen_since as timestamptz))
              and (cast(:seen_until as timestamptz) is null or c.last_seen_at < cast(:seen_until as timestamptz))
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),
        {
            "site_id": wanted.site_id,
            "sites": None if allowed_sites is None else list(allowed_sites),
            "external_ref": wanted.external_ref,
            "seen_since": wanted.seen_since,
            "seen_until": wanted.seen_until,
            "limit": limit,
            **order.parameters(cursor),
        },
    )
    return [Listed(row["sort_key"], _profile(tenant_id, row)) for row in rows.mappings()]


def lock_customer(connection: Connection, customer_id: CustomerId) -> None:
    """Holds the record against change until the transaction ends."""
    connection.execute(
        text("select 1 from footfall.customers where customer_id = :customer_id for no key update"),
        {"customer_id": customer_id},
    )


def set_external_ref(connection: Connection, customer_id: CustomerId, external_ref: str | None) -> bool:
    """As the next version; False where another customer has that number."""
    found = connection.execute(
        text("""
            update footfall.customers
            set external_ref = :external_ref, version = version + 1
            where customer_id = :customer_id
              and not exists (
                  select from footfall.customers as o
                  where o.external_ref = :external_ref and o.customer_id <> :customer_id
              )
        """),
        {"customer_id": customer_id, "external_ref": external_ref},
    )
    return found.rowcount == 1


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
                   e.image_key, e.liveness_verdict, e.liveness_score, e.liveness_model,
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
    return [
        SightingRow(
            event_id=row.event_id,
            site_id=row.site_id,
            camera_id=row.camera_id,
            started_at=row.started_at,
            ended_at=row.ended_at,
            visit_id=row.visit_id,
            decision=row.decision,
            score=row.score,
            in_gallery=row.in_gallery,
            image_key=row.image_key,
            liveness=None
            if row.liveness_verdict is None
            else LivenessReport(
                verdict=row.liveness_verdict, score=row.liveness_score, model_version=row.liveness_model
            ),
        )
        for row in rows
    ]


def _profile(tenant_id: TenantId, row: RowMapping) -> CustomerProfileV1:
    return CustomerProfileV1(
        customer_id=row["customer_id"],
        tenant_id=tenant_id,
        first_seen_at=row["first_seen_at"],
        last_seen_at=row["last_seen_at"],
        visits=row["visits"],
        site_ids=tuple(row["site_ids"]),
        templates=row["templates"],
        external_ref=row["external_ref"],
        version=row["version"],
    )
