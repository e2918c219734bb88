"""Table cameras: rows in and out, what hangs on one. No rules."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, PrivacyMode, SiteId, TenantId
from contracts.places import Archived, CameraCreate, CameraSettings, Mask
from footfall.listing import Listed, Order, SortKey
from footfall.stores.postgres.sites import ARCHIVED

SORTS = (SortKey("created_at", "c.created_at", "timestamptz"), SortKey("name", "c.name", "text"))
ID_COLUMN = "c.camera_id"

_SELECT = """
    select c.camera_id, c.site_id, c.name, c.enabled, c.source_url, c.masks, c.settings, c.version, c.archived_at,
           t.privacy_mode, c.created_at
"""
_FROM = """
    from footfall.cameras as c
    inner join footfall.tenants as t on t.tenant_id = c.tenant_id
"""


@dataclass(frozen=True, slots=True)
class CameraRow:
    camera_id: CameraId
    site_id: SiteId
    name: str
    enabled: bool
    privacy_mode: PrivacyMode
    version: int
    created_at: datetime
    archived_at: datetime | None
    source_url: str | None = None
    masks: tuple[Mask, ...] = ()
    settings: CameraSettings = field(default_factory=CameraSettings)


def insert_camera(connection: Connection, tenant_id: TenantId, camera: CameraCreate) -> CameraId | None:
    """The new camera's id; None where the site has a camera of that name. The site must exist."""
    row = connection.execute(
        text("""
            insert into footfall.cameras (tenant_id, site_id, name, source_url, masks, settings)
            values (:tenant_id, :site_id, :name, :source_url, cast(:masks as jsonb), cast(:settings as jsonb))
            on conflict (tenant_id, site_id, name) do nothing
            returning camera_id
        """),
        {
            "tenant_id": tenant_id,
            "site_id": camera.site_id,
            "name": camera.name,
            "source_url": camera.source_url,
            **_documents(camera.masks, camera.settings),
        },
    )
    found = row.scalar_one_or_none()
    return None if found is None else CameraId(found)


def select_cameras(
    connection: Connection,
    order: Order,
    *,
    site_id: SiteId | None,
    allowed_sites: Collection[UUID] | None,
    allowed_cameras: Collection[UUID] | None,
    name_contains: str | None,
    enabled: bool | None,
    archived: Archived,
    cursor: str | None,
    limit: int,
) -> list[Listed[CameraRow]]:
    """Raises InputError for a cursor that is not this order's."""
    rows = connection.execute(
        text(f"""
            {_SELECT}, {order.sql_key} as sort_key
            {_FROM}
            where (cast(:site_id as uuid) is null or c.site_id = cast(:site_id as uuid))
              and (cast(:allowed_sites as uuid[]) is null or c.site_id = any(cast(:allowed_sites as uuid[])))
              and (cast(:allowed_cameras as uuid[]) is null or c.camera_id = any(cast(:allowed_cameras as uuid[])))
              and (cast(:contained as text) is null or strpos(lower(c.name), lower(cast(:contained as text))) > 0)
              and (cast(:enabled as boolean) is null or c.enabled = cast(:enabled as boolean))
              and {ARCHIVED.format("c")}
              and {order.sql_after}
            order by {order.sql_order}
            limit :limit
        """),
        {
            "site_id": site_id,
            "allowed_sites": None if allowed_sites is None else list(allowed_sites),
            "allowed_cameras": None if allowed_cameras is None else list(allowed_cameras),
            "contained": name_contains,
            "enabled": enabled,
            "archived": archived,
            "limit": limit,
            **order.parameters(cursor),
        },
    )
    return [Listed(row["sort_key"], _camera(row)) for row in rows.mappings()]


def select_camera(connection: Connection, camera_id: CameraId, *, lock: bool = False) -> CameraRow | None:
    """`lock`: held against change until the transaction ends."""
    row = connection.execute(
        text(f"{_SELECT} {_FROM} where c.camera_id = :camera_id {'for no key update of c' if lock else ''}"),
        {"camera_id": camera_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _camera(found)


def update_camera(connection: Connection, camera: CameraRow) -> None:
    """The row as given, with the next version."""
    connection.execute(
        text("""
            update footfall.cameras
            set name = :name, enabled = :enabled, source_url = :source_url, masks = cast(:masks as jsonb),
                settings = cast(:settings as jsonb), archived_at = :archived_at, version = version + 1
            where camera_id = :camera_id
        """),
        {
            "camera_id": camera.camera_id,
            "name": camera.name,
            "enabled": camera.enabled,
            "source_url": camera.source_url,
            "archived_at": camera.archived_at,
            **_documents(camera.masks, camera.settings),
        },
    )


def name_taken(connection: Connection, site_id: SiteId, name: str, *, by_other_than: CameraId) -> bool:
    found = connection.execute(
        text(
            "select exists (select from footfall.cameras"
            " where site_id = :site_id and name = :name and camera_id <> :camera_id)"
        ),
        {"site_id": site_id, "name": name, "camera_id": by_other_than},
    )
    return bool(found.scalar_one())


def count_events(connection: Connection, camera_id: CameraId) -> int:
    found = connection.execute(
        text("select count(*) from footfall.face_events where camera_id = :camera_id"), {"camera_id": camera_id}
    )
    return int(found.scalar_one())


def delete_camera(connection: Connection, camera_id: CameraId) -> None:
    """A camera without history. API keys that were made for it alone are then for none."""
    connection.execute(
        text("update footfall.api_keys set camera_ids = array_remove(camera_ids, :id) where :id = any(camera_ids)"),
        {"id": camera_id},
    )
    connection.execute(text("delete from footfall.cameras where camera_id = :camera_id"), {"camera_id": camera_id})


def _documents(masks: Collection[Mask], settings: CameraSettings) -> dict[str, str]:
    return {"masks": json.dumps(list(masks)), "settings": settings.model_dump_json(exclude_none=True)}


def _camera(row: RowMapping) -> CameraRow:
    return CameraRow(
        camera_id=row["camera_id"],
        site_id=row["site_id"],
        name=row["name"],
        enabled=row["enabled"],
        privacy_mode=row["privacy_mode"],
        version=row["version"],
        created_at=row["created_at"],
        archived_at=row["archived_at"],
        source_url=row["source_url"],
        masks=tuple(tuple((float(x), float(y)) for x, y in mask) for mask in row["masks"]),
        settings=CameraSettings.model_validate(row["settings"]),
    )
