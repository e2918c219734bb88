"""The table of tenants, and the two questions that are answered before one is bound. No rule about tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, text

from contracts.base import PrivacyMode, TenantId
from footfall.cursors import check_limit
from footfall.listing import Order

_NOT_YET = datetime(1970, 1, 1, tzinfo=UTC)
TenantStatus = Literal["active", "suspended", "deletion_requested", "erased"]


@dataclass(frozen=True, slots=True)
class TenantRow:
    """`smallest_count`: what a report tells site managers at least; the database has a first one, as for all that
    follows it. `platform`: the home of system administrators."""

    tenant_id: TenantId
    slug: str
    name: str
    privacy_mode: PrivacyMode
    legal_basis: str | None
    retention_days: int | None
    smallest_count: int = 5
    platform: bool = False
    status: TenantStatus = "active"
    status_since: datetime = _NOT_YET
    created_at: datetime = _NOT_YET
    version: int = 1


_COLUMNS = (
    "tenant_id, slug, name, privacy_mode, legal_basis, retention_days, smallest_count,"
    " platform, status, status_since, created_at, version"
)


def id_for_slug(connection: Connection, slug: str) -> TenantId | None:
    """Works with no tenant bound, through a function of the owner's. For footfall_app and the owner."""
    found = connection.execute(text("select footfall.tenant_id_for_slug(:slug)"), {"slug": slug}).scalar_one()
    return None if found is None else TenantId(found)


def all_ids(connection: Connection) -> list[TenantId]:
    """Every tenant, oldest first. Works with no tenant bound; for footfall_operator and the owner."""
    return [TenantId(found) for found in connection.execute(text("select footfall.tenant_ids()")).scalars()]


def bound(connection: Connection, *, locked: bool = False) -> TenantRow | None:
    """The tenant bound to the transaction; `locked`: held until it ends."""
    row = connection.execute(
        text(
            f"select {_COLUMNS} from footfall.tenants where tenant_id = footfall.current_tenant()"  # noqa: S608
            f"{' for no key update' if locked else ''}"
        )
    ).one_or_none()
    return None if row is None else _row(row)


def select_all(
    connection: Connection, *, order: Order, cursor: str | None, limit: int, status: TenantStatus | None
) -> tuple[list[TenantRow], str | None]:
    """Every tenant, for a transaction that is bound to a platform tenant (and none for another), with the cursor of
    the next page. Raises InputError for a cursor that is not this list's."""
    found = connection.execute(
        text(
            f"select {_COLUMNS}, {order.sql_key} as sort_key from footfall.tenants_of_platform()"  # noqa: S608
            f" where {order.sql_after} and (cast(:status as text) is null or status = :status)"
            f" order by {order.sql_order} limit :rows"
        ),
        {**order.parameters(cursor), "status": status, "rows": check_limit(limit) + 1},
    ).all()
    shown = found[:limit]
    more = order.cursor(shown[-1].sort_key, shown[-1].tenant_id) if len(found) > limit else None
    return [_row(row) for row in shown], more


def add_for_platform(connection: Connection, platform_id: TenantId, tenant: TenantRow) -> bool:
    """Adds the bound tenant, as the application may in the name of a platform tenant; False when the slug is taken."""
    added: bool = connection.execute(
        text("select footfall.add_tenant(:platform_id, :slug, :name, :privacy_mode, :legal_basis, :retention_days)"),
        {
            "platform_id": platform_id,
            "slug": tenant.slug,
            "name": tenant.name,
            "privacy_mode": tenant.privacy_mode,
            "legal_basis": tenant.legal_basis,
            "retention_days": tenant.retention_days,
        },
    ).scalar_one()
    return added


def update(connection: Connection, tenant: TenantRow) -> None:
    """Writes name, privacy mode, its conditions and status of the bound tenant, as one more version."""
    connection.execute(
        text(
            "update footfall.tenants set name = :name, privacy_mode = :privacy_mode, legal_basis = :legal_basis,"
            " retention_days = :retention_days, smallest_count = :smallest_count, version = version + 1,"
            " status_since = case when status = :status then status_since else now() end, status = :status"
            " where tenant_id = footfall.current_tenant()"
        ),
        {
            "name": tenant.name,
            "privacy_mode": tenant.privacy_mode,
            "legal_basis": tenant.legal_basis,
            "retention_days": tenant.retention_days,
            "smallest_count": tenant.smallest_count,
            "status": tenant.status,
        },
    )


def make_platform(connection: Connection) -> None:
    """The bound tenant becomes a home of system administrators. For the owner alone."""
    connection.execute(text("update footfall.tenants set platform = true where tenant_id = footfall.current_tenant()"))


def insert(connection: Connection, tenant: TenantRow) -> bool:
    """Adds the bound tenant; False when the slug is taken. For the owner alone."""
    added = connection.execute(
        text(
            "insert into footfall.tenants (tenant_id, slug, name, privacy_mode, legal_basis, retention_days)"
            " values (:tenant_id, :slug, :name, :privacy_mode, :legal_basis, :retention_days)"
            " on conflict (slug) do nothing"
        ),
        {
            "tenant_id": tenant.tenant_id,
            "slug": tenant.slug,
            "name": tenant.name,
            "privacy_mode": tenant.privacy_mode,
            "legal_basis": tenant.legal_basis,
            "retention_days": tenant.retention_days,
        },
    )
    return added.rowcount == 1


def _row(row: Row[Any]) -> TenantRow:
    return TenantRow(
        tenant_id=TenantId(row.tenant_id),
        slug=row.slug,
        name=row.name,
        privacy_mode=row.privacy_mode,
        legal_basis=row.legal_basis,
        retention_days=row.retention_days,
        smallest_count=row.smallest_count,
        platform=row.platform,
        status=row.status,
        status_since=row.status_since,
        created_at=row.created_at,
        version=row.version,
    )
