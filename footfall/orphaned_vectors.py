"""Vectors that the record does not know, deleted once they were known for a grace, and templates without a vector,
counted. Filling the gallery is `footfall.gallery`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.stores.base import VectorStore
from footfall.stores.postgres import customers as gallery_table
from footfall.stores.postgres import legal_holds, tenants
from footfall.stores.postgres import orphaned_vectors as table
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction


@dataclass(frozen=True, slots=True)
class VectorSweep:
    """`orphaned`: vectors of one tenant that no row names; `deleted`: those known for longer than the grace, none on a
    dry run. `missing`: templates of the served model version that lack their vector, whom nobody would find."""

    tenant_id: TenantId
    slug: str
    vectors: int
    orphaned: int
    deleted: int
    missing: int
    oldest: datetime | None
    held: bool


def sweep_orphaned_vectors(
    engine: Engine,
    vectors: VectorStore,
    tenant_ids: Sequence[TenantId],
    model_version: str,
    *,
    grace: timedelta,
    now: datetime,
    dry_run: bool,
) -> list[VectorSweep]:
    """Notes which vectors the record does not know and deletes those that it has not known for the grace, with the
    tenant's gallery held: a template's vector is written before its row commits. Where anything is held, nothing goes.

    Raises ServiceUnavailableError; what was deleted until then is gone.
    """
    sweeps = []
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            tenant = tenants.bound(connection)
            if tenant is None:
                continue
            lock_gallery(connection, tenant_id)
            legal_holds.hold_still(connection)
            held = legal_holds.is_held(connection, "tenant", [tenant_id])
            served = vectors.template_ids(tenant_id)
            orphaned = served - gallery_table.select_template_ids(connection, None)
            missing = gallery_table.select_template_ids(connection, model_version) - served
            since = table.select_noted(connection) if dry_run else table.note_orphans(connection, sorted(orphaned), now)
            due = sorted(found for found in orphaned if found in since and now - since[found] >= grace)
            if due and not dry_run and not held:
                vectors.delete(tenant_id, due)
                table.forget(connection, due)
            sweeps.append(
                VectorSweep(
                    tenant_id=tenant_id,
                    slug=tenant.slug,
                    vectors=len(served),
                    orphaned=len(orphaned),
                    deleted=0 if dry_run or held else len(due),
                    missing=len(missing),
                    oldest=min((since[found] for found in orphaned if found in since), default=None),
                    held=held,
                )
            )
    return sweeps
