"""Table face_keys: rows in and out. Wrapping and unwrapping are `footfall.face_vault`'s."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import TenantId


def delete_keys(connection: Connection, tenant_id: TenantId, face_ids: Collection[UUID]) -> int:
    """How many were deleted."""
    return connection.execute(
        text("""
            delete from footfall.face_keys
            where tenant_id = :tenant_id and face_id = any(cast(:ids as uuid[]))
        """),
        {"tenant_id": tenant_id, "ids": list(face_ids)},
    ).rowcount


def delete_all_keys(connection: Connection, tenant_id: TenantId) -> int:
    """How many were deleted."""
    return connection.execute(
        text("delete from footfall.face_keys where tenant_id = :tenant_id"), {"tenant_id": tenant_id}
    ).rowcount
