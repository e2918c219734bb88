"""The table of API keys. How a key looks and who may use it is decided in `footfall.access`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CameraId, Role


@dataclass(frozen=True, slots=True)
class KeyRow:
    """`camera_ids` None: every camera of the tenant. `live`: neither revoked nor expired by the server's clock."""

    key_id: UUID
    secret_sha256: bytes = field(repr=False)
    role: Role
    camera_ids: frozenset[CameraId] | None
    live: bool


def by_id(connection: Connection, key_id: UUID) -> KeyRow | None:
    """A key of the bound tenant."""
    row = connection.execute(
        text(
            "select key_id, secret_sha256, role, camera_ids,"
            " revoked_at is null and (expires_at is null or expires_at > now()) as live"
            " from footfall.api_keys where key_id = :key_id"
        ),
        {"key_id": key_id},
    ).one_or_none()
    if row is None:
        return None
    return KeyRow(
        key_id=row.key_id,
        secret_sha256=bytes(row.secret_sha256),
        role=row.role,
        camera_ids=None if row.camera_ids is None else frozenset(CameraId(camera) for camera in row.camera_ids),
        live=row.live,
    )


def insert(
    connection: Connection,
    *,
    key_id: UUID,
    name: str,
    secret_sha256: bytes,
    role: Role,
    camera_ids: Sequence[CameraId] | None,
    expires_at: datetime | None,
) -> bool:
    """Adds a key of the bound tenant; False when its name is taken."""
    added = connection.execute(
        text(
            "insert into footfall.api_keys"
            " (tenant_id, key_id, name, secret_sha256, role, camera_ids, expires_at)"
            " values (footfall.current_tenant(), :key_id, :name, :secret_sha256, :role,"
            " cast(:camera_ids as uuid[]), :expires_at)"
            " on conflict (tenant_id, name) do nothing"
        ),
        {
            "key_id": key_id,
            "name": name,
            "secret_sha256": secret_sha256,
            "role": role,
            "camera_ids": None if camera_ids is None else list(camera_ids),
            "expires_at": expires_at,
        },
    )
    return added.rowcount == 1


def unknown_cameras(connection: Connection, camera_ids: Sequence[CameraId]) -> set[CameraId]:
    """Those of the ids that are no camera of the bound tenant. An array column can hold no foreign key."""
    known = connection.execute(
        text("select camera_id from footfall.cameras where camera_id = any(cast(:camera_ids as uuid[]))"),
        {"camera_ids": list(camera_ids)},
    )
    return set(camera_ids) - {CameraId(camera) for camera in known.scalars()}


def note_use(connection: Connection, key_id: UUID) -> None:
    """Writes at most once a minute, for a key may be used many times a second."""
    connection.execute(
        text(
            "update footfall.api_keys set last_used_at = now() where key_id = :key_id"
            " and (last_used_at is null or last_used_at < now() - interval '1 minute')"
        ),
        {"key_id": key_id},
    )


def revoke(connection: Connection, key_id: UUID) -> bool:
    """False when the bound tenant has no such key that is not revoked yet."""
    changed = connection.execute(
        text("update footfall.api_keys set revoked_at = now() where key_id = :key_id and revoked_at is null"),
        {"key_id": key_id},
    )
    return changed.rowcount == 1
