"""The keys of faces and their end: destroying a face's key makes its pictures and templates unreadable in every copy,
backups included. How things are sealed with a key is `footfall.face_vault`'s; whose face it is does not matter here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from footfall.stores.postgres import face_keys as table
from footfall.tenancy import tenant_transaction


def destroy_face_keys(connection: Connection, tenant_id: TenantId, face_ids: Collection[UUID]) -> int:
    """Destroys the keys of these faces; how many there were. The connection must be bound to the tenant; nothing is
    gone before it commits.

    A face is what a key was made for: an enrolled photograph (`face_id`), a sighting (`event_id`) or a template of an
    opt-out (`template_id`). Rows and objects stay where they are and open no more. Key rings of backups still hold the
    keys until `footfall.key_ring.refresh_key_rings` has run after the commit.
    """
    return table.delete_keys(connection, tenant_id, face_ids)


def destroy_tenant_keys(connection: Connection, tenant_id: TenantId) -> int:
    """As `destroy_face_keys`, for every face of the tenant."""
    return table.delete_all_keys(connection, tenant_id)


def destroy_unused_keys(engine: Engine, tenant_ids: Iterable[TenantId], *, dry_run: bool = False) -> int:
    """Destroys the keys of faces of which neither a picture nor a template is kept; how many. `engine`: of
    footfall_operator. With `dry_run` they are counted alone. Raises PostgresUnavailableError."""
    take = table.count_unused_keys if dry_run else table.delete_unused_keys
    destroyed = 0
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            destroyed += take(connection)
    return destroyed
