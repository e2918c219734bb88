"""Raw images under a legal hold, stored anew before the bucket's rule takes them: a rule knows nothing of holds. What
else is held back is decided where it would be deleted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import NotFoundError
from footfall.stores.base import ObjectStore
from footfall.stores.postgres import legal_holds, object_keys, tenants
from footfall.tenancy import tenant_transaction

_JPEG = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class Renewal:
    """`held`: images of one tenant that a hold keeps; `renewed`: those that were stored anew."""

    tenant_id: TenantId
    slug: str
    held: int
    renewed: int


def renew_held_images(
    engine: Engine,
    objects: ObjectStore,
    tenant_ids: Sequence[TenantId],
    *,
    bucket_days: int,
    now: datetime,
) -> list[Renewal]:
    """Stores every held image anew that has lived half the bucket's days, so that its rule counts from today. Tenants
    without a hold are passed over. Raises ObjectsUnavailableError, PostgresUnavailableError."""
    done = []
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = tenants.bound(connection)
            standing = legal_holds.select_standing_subjects(connection)
        if tenant is None or not standing:
            continue
        aged = {item.key: item.modified_at for item in objects.list(tenant_id, "raw")}
        with tenant_transaction(engine, tenant_id) as connection:
            held = object_keys.held(connection, aged)
        due = [key for key in sorted(held) if now - aged[key] >= timedelta(days=bucket_days) / 2]
        done.append(Renewal(tenant_id, tenant.slug, len(held), sum(_renew(objects, tenant_id, key) for key in due)))
    return done


def _renew(objects: ObjectStore, tenant_id: TenantId, key: str) -> bool:
    try:
        data = objects.get(tenant_id, "raw", key)
    except NotFoundError:  # erased or expired since it was listed
        return False
    kind = "image/jpeg" if data.startswith(_JPEG) else "application/octet-stream"
    objects.put(tenant_id, "raw", key.removeprefix(f"{tenant_id}/"), data, kind)
    return True
