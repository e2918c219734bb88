"""The table of API keys. How a key looks and who may use it is decided in `footfall.api_keys` and `footfall.access`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from contracts.base import CameraId, Role, SiteId
from footfall.cursors import check_limit
from footfall.listing import Order


@dataclass(frozen=True, slots=True)
class KeyRow:
    """None for `camera_ids` or `site_ids`: every one of the tenant. `live`: neither revoked nor expired by the
    server's clock. `previous_sha256`: of the secret before a rotation, while it works on."""

    key_id: UUID
    name: str
    secret_sha256: bytes = field(repr=False)
    previous_sha256: bytes | None = field(repr=False)
    role: Role
    camera_ids: frozenset[CameraId] | None
    site_ids: frozenset[SiteId] | None
    live: bool
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None
    created_by: str | None
    version: int


_COLUMNS = (
    "key_id, name, secret_sha256, case when previous_until > now() then previous_sha256 end as previous_sha256,"
    " role, camera_ids, site_ids,"
    " revoked_at is null and (expires_at is null or expires_at > now()) as live,"
    " created_at, expires_at, revoked_at, last_used_at, created_by, version"
)


def by_id(connection: Connection, key_id: UUID, *, locked: bool = False) -> KeyRow | None:
    """A key of the bound tenant; `locked`: held until the transaction ends."""
    row = connection.execute(
        text(f"select {_COLUMNS} from footfall.api_keys where key_id = :key_id{' for update' if locked else ''}"),  # noqa: S608
        {"key_id": key_id},
    ).one_or_none()
    return None if row is None else _row(row)


def select(
    connection: Connection,
    *,
    order: Order,
    cursor: str | None,
    limit: int,
    role: Role | None,
    live: bool | None,
) -> tuple[list[KeyRow], str | None]:
    """Keys of the bound tenant in that order, and the cursor of the next page. Raises InputError for a cursor that is
    not this list's."""
    found = connection.execute(
        text(
            f"select * from (select {_COLUMNS}, {order.sql_key} as sort_key, row_number() over (order by"  # noqa: S608
            f" {order.sql_order}) as place from footfall.api_keys where {order.sql_after}"
            " and (cast(:role as text) is null or role = :role)) as k"
            " where (cast(:live as boolean) is null or live = :live) order by place limit :rows"
        ),
        {**order.parameters(cursor), "role": role, "live": live, "rows": check_limit(limit) + 1},
    ).all()
    shown = found[:limit]
    more = order.cursor(shown[-1].sort_key, shown[-1].key_id) if len(found) > limit else None
    return [_row(row) for row in shown], more


def insert(
    connection: Connection,
    *,
    key_id: UUID,
    name: str,
    secret_sha256: bytes,
    role: Role,
    camera_ids: Sequence[CameraId] | None,
    site_ids: Sequence[SiteId] | None,
    expires_at: datetime | None,
    created_by: str,
) -> bool:
    """Adds a key of the bound tenant; False when its name is taken."""
    added = connection.execute(
        text(
            "insert into footfall.api_keys"
            " (tenant_id, key_id, name, secret_sha256, role, camera_ids, site_ids, expires_at, created_by)"
            " values (footfall.current_tenant(), :key_id, :name, :secret_sha256, :role,"
            " cast(:camera_ids as uuid[]), cast(:site_ids as uuid[]), :expires_at, :created_by)"
            " on conflict (tenant_id, name) do nothing"
        ),
        {
            "key_id": key_id,
            "name": name,
            "secret_sha256": secret_sha256,
            "role": role,
            "camera_ids": _listed(camera_ids),
            "site_ids": _listed(site_ids),
            "expires_at": expires_at,
            "created_by": created_by,
        },
    )
    return added.rowcount == 1


def update(
    connection: Connection,
    key_id: UUID,
    *,
    name: str,
    expires_at: datetime | None,
    camera_ids: Collection[CameraId] | None,
    site_ids: Collection[SiteId] | None,
) -> None:
    """Raises ConflictError (through the session) when the name is taken."""
    connection.execute(
        text(
            "update footfall.api_keys set name = :name, expires_at = :expires_at,"
            " camera_ids = cast(:camera_ids as uuid[]), site_ids = cast(:site_ids as uuid[]), version = version + 1"
            " where key_id = :key_id"
        ),
        {
            "key_id": key_id,
            "name": name,
            "expires_at": expires_at,
            "camera_ids": _listed(camera_ids),
            "site_ids": _listed(site_ids),
        },
    )


def replace_secret(connection: Connection, key_id: UUID, secret_sha256: bytes, *, overlap_seconds: int) -> None:
    """The secret in use becomes the previous one, for so long."""
    connection.execute(
        text(
            "update footfall.api_keys set previous_sha256 = secret_sha256, secret_sha256 = :secret_sha256,"
            " previous_until = now() + make_interval(secs => :overlap), version = version + 1"
            " where key_id = :key_id"
        ),
        {"key_id": key_id, "secret_sha256": secret_sha256, "overlap": overlap_seconds},
    )


def name_taken(connection: Connection, name: str, *, but: UUID) -> bool:
    """Whether another key of the bound tenant has the name."""
    return bool(
        connection.execute(
            text("select exists (select from footfall.api_keys where name = :name and key_id <> :but)"),
            {"name": name, "but": but},
        ).scalar_one()
    )


def unknown_cameras(connection: Connection, camera_ids: Sequence[CameraId]) -> set[CameraId]:
    """Those of the ids that are no camera of the bound tenant. An array column can hold no foreign key."""
    known = connection.execute(
        text("select camera_id from footfall.cameras where camera_id = any(cast(:camera_ids as uuid[]))"),
        {"camera_ids": list(camera_ids)},
    )
    return set(camera_ids) - {CameraId(camera) for camera in known.scalars()}


def unknown_sites(connection: Connection, site_ids: Sequence[SiteId]) -> set[SiteId]:
    """As `unknown_cameras`, for sites."""
    known = connection.execute(
        text("select site_id from footfall.sites where site_id = any(cast(:site_ids as uuid[]))"),
        {"site_ids": list(site_ids)},
    )
    return set(site_ids) - {SiteId(site) for site in known.scalars()}


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
        text(
            "update footfall.api_keys set revoked_at = now(), version = version + 1"
            " where key_id = :key_id and revoked_at is null"
        ),
        {"key_id": key_id},
    )
    return changed.rowcount == 1


def _listed(ids: Collection[UUID] | None) -> list[UUID] | None:
    return None if ids is None else sorted(ids)


def _row(row: Row[Any]) -> KeyRow:
    return KeyRow(
        key_id=row.key_id,
        name=row.name,
        secret_sha256=bytes(row.secret_sha256),
        previous_sha256=None if row.previous_sha256 is None else bytes(row.previous_sha256),
        role=row.role,
        camera_ids=None if row.camera_ids is None else frozenset(CameraId(camera) for camera in row.camera_ids),
        site_ids=None if row.site_ids is None else frozenset(SiteId(site) for site in row.site_ids),
        live=row.live,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        created_by=row.created_by,
        version=row.version,
    )
