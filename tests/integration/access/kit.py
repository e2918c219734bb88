"""What the tests of signing in share: who there is, and what the audit log says of it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

from sqlalchemy import Engine, text

from contracts.base import CameraId, SiteId, TenantId
from footfall.tenancy import tenant_transaction

EMAIL = "admin@example.com"
PASSWORD = "correct-horse-battery"
REFUSED = r"^The credentials are not valid\.$"


@dataclass(frozen=True, slots=True)
class OwnTenant:
    tenant_id: TenantId
    slug: str


def place(app: Engine, tenant_id: TenantId) -> tuple[SiteId, CameraId]:
    site_id, camera_id = SiteId(uuid4()), CameraId(uuid4())
    with tenant_transaction(app, tenant_id) as connection:
        ids = {"tenant": tenant_id, "site": site_id, "camera": camera_id, "name": uuid4().hex}
        connection.execute(
            text(
                "insert into footfall.sites (tenant_id, site_id, name, timezone) values (:tenant, :site, :name, 'UTC')"
            ),
            ids,
        )
        connection.execute(
            text(
                "insert into footfall.cameras (tenant_id, camera_id, site_id, name)"
                " values (:tenant, :camera, :site, :name)"
            ),
            ids,
        )
    return site_id, camera_id


def actions(app: Engine, tenant_id: TenantId) -> list[str]:
    with tenant_transaction(app, tenant_id) as connection:
        return list(connection.execute(text("select action from footfall.audit_log order by audit_id")).scalars())
