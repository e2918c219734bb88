"""Access tokens of callers who exist: a user or key of their own, with a session, put straight into the tables."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from contracts.base import CameraId, Role, SiteId, TenantId
from footfall import sessions, tokens
from footfall.access import Principal
from footfall.settings import Settings
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction

_USER = text(
    "insert into footfall.users (tenant_id, user_id, email, password_hash, role)"
    " values (footfall.current_tenant(), :id, :name || '@example.com', 'none', :role)"
)
_KEY = text(
    "insert into footfall.api_keys (tenant_id, key_id, name, secret_sha256, role, site_ids, camera_ids)"
    " values (footfall.current_tenant(), :id, :name, sha256(convert_to(:name, 'UTF8')), :role,"
    " cast(:sites as uuid[]), cast(:cameras as uuid[]))"
)


def make_platform(owner_dsn: str, tenant_id: TenantId) -> None:
    """The tenant may have system administrators from now on."""
    with owner_engine(owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        tenants.make_platform(connection)


def token_of(
    engine: Engine,
    settings: Settings,
    keys: tokens.SigningKeys,
    tenant_id: TenantId,
    role: Role,
    *,
    site_ids: Collection[UUID] | None = None,
    camera_ids: Collection[UUID] | None = None,
) -> str:
    """A new caller's. Administrators are people; site managers and workers sign in by keys, whose sites and cameras may
    be none, some, or every one (None)."""
    person = role in {"tenant_admin", "system_admin"}
    made = uuid4()
    row = {"id": made, "name": made.hex, "role": role}
    with tenant_transaction(engine, tenant_id) as connection:
        if person:
            connection.execute(_USER, row)
        else:
            connection.execute(
                _KEY,
                {
                    **row,
                    "sites": None if site_ids is None else list(site_ids),
                    "cameras": None if camera_ids is None else list(camera_ids),
                },
            )
    principal = Principal(
        tenant_id=tenant_id,
        subject=f"{'user' if person else 'key'}:{made}",
        role=role,
        site_ids=None if site_ids is None else frozenset(SiteId(site) for site in site_ids),
        camera_ids=None if camera_ids is None else frozenset(CameraId(camera) for camera in camera_ids),
    )
    return tokens.issue(sessions.begin(engine, principal, settings).principal, keys, settings)[0]
