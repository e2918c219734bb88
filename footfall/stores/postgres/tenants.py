"""The table of tenants, and the two questions that are answered before one is bound. No rule about tenants."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from contracts.base import PrivacyMode, TenantId


@dataclass(frozen=True, slots=True)
class TenantRow:
    tenant_id: TenantId
    slug: str
    name: str
    privacy_mode: PrivacyMode
    legal_basis: str | None
    retention_days: int | None


def id_for_slug(connection: Connection, slug: str) -> TenantId | None:
    """Works with no tenant bound, through a function of the owner's. For footfall_app and the owner."""
    found = connection.execute(text("select footfall.tenant_id_for_slug(:slug)"), {"slug": slug}).scalar_one()
    return None if found is None else TenantId(found)


def all_ids(connection: Connection) -> list[TenantId]:
    """Every tenant, oldest first. Works with no tenant bound; for footfall_operator and the owner."""
    return [TenantId(found) for found in connection.execute(text("select footfall.tenant_ids()")).scalars()]


def bound(connection: Connection) -> TenantRow | None:
    """The tenant bound to the transaction."""
    row = connection.execute(
        text(
            "select tenant_id, slug, name, privacy_mode, legal_basis, retention_days from footfall.tenants"
            " where tenant_id = footfall.current_tenant()"
        )
    ).one_or_none()
    if row is None:
        return None
    return TenantRow(
        tenant_id=TenantId(row.tenant_id),
        slug=row.slug,
        name=row.name,
        privacy_mode=row.privacy_mode,
        legal_basis=row.legal_basis,
        retention_days=row.retention_days,
    )


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
