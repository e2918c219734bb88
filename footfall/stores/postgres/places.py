"""Tables sites, cameras and workers. Rows in and out; no rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, PrivacyMode, SiteId, TenantId
from contracts.places import CameraCreate, Site, SiteCreate
from footfall.cursors import Position


@dataclass(frozen=True, slots=True)
class CameraRow:
    camera_id: CameraId
    site_id: SiteId
    name: str
    enabled: bool
    privacy_mode: PrivacyMode
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SightingPlace:
    """What recording a sighting needs to know of its camera."""

    site_id: SiteId
    enabled: bool
    visit_gap: timedelta
    privacy_mode: PrivacyMode


def timezone_known(connection: Connection, name: str) -> bool:
    """Whether Postgres can compute with this time zone, so that reports can."""
    found = connection.execute(
        text("select exists (select from pg_timezone_names where name = :name) as known"), {"name": name}
    )
    return bool(found.scalar_one())


def insert_site(connection: Connection, tenant_id: TenantId, site: SiteCreate) -> Site | None:
    """The new row; None where the tenant has a site of that name."""
    row = connection.execute(
        text("""
            insert into footfall.sites (tenant_id, name, timezone, visit_gap_minutes)
            values (:tenant_id, :name, :timezone, :visit_gap_minutes)
            on conflict (tenant_id, name) do nothing
            returning site_id, name, timezone, visit_gap_minutes, created_at
        """),
        {"tenant_id": tenant_id, **site.model_dump()},
    )
    found = row.mappings().one_or_none()
    return None if found is None else Site.model_validate(dict(found))


def select_sites(
    connection: Connection, *, allowed: Collection[UUID] | None, after: Position | None, limit: int
) -> list[Site]:
    rows = connection.execute(
        text("""
            select site_id, name, timezone, visit_gap_minutes, created_at
            from footfall.sites
            where (cast(:allowed as uuid[]) is null or site_id = any(cast(:allowed as uuid[])))
              and (cast(:after_at as timestamptz) is null
                   or (created_at, site_id) > (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by created_at, site_id
            limit :limit
        """),
        {
            "allowed": None if allowed is None else list(allowed),
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [Site.model_validate(dict(row)) for row in rows.mappings()]


def select_site(connection: Connection, site_id: SiteId) -> Site | None:
    row = connection.execute(
        text("""
            select site_id, name, timezone, visit_gap_minutes, created_at
            from footfall.sites
            where site_id = :site_id
        """),
        {"site_id": site_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else Site.model_validate(dict(found))


def insert_camera(connection: Connection, tenant_id: TenantId, camera: CameraCreate) -> CameraId | None:
    """The new camera's id; None where the site has a camera of that name. The site must exist."""
    row = connection.execute(
        text("""
            insert into footfall.cameras (tenant_id, site_id, name)
            values (:tenant_id, :site_id, :name)
            on conflict (tenant_id, site_id, name) do nothing
            returning camera_id
        """),
        {"tenant_id": tenant_id, **camera.model_dump()},
    )
    found = row.scalar_one_or_none()
    return None if found is None else CameraId(found)


def select_cameras(
    connection: Connection,
    *,
    site_id: SiteId | None,
    allowed_sites: Collection[UUID] | None,
    allowed_cameras: Collection[UUID] | None,
    after: Position | None,
    limit: int,
) -> list[CameraRow]:
    rows = connection.execute(
        text("""
            select c.camera_id, c.site_id, c.name, c.enabled, t.privacy_mode, c.created_at
            from footfall.cameras as c
            inner join footfall.tenants as t on t.tenant_id = c.tenant_id
            where (cast(:site_id as uuid) is null or c.site_id = cast(:site_id as uuid))
              and (cast(:allowed_sites as uuid[]) is null or c.site_id = any(cast(:allowed_sites as uuid[])))
              and (cast(:allowed_cameras as uuid[]) is null or c.camera_id = any(cast(:allowed_cameras as uuid[])))
              and (cast(:after_at as timestamptz) is null
                   or (c.created_at, c.camera_id) > (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by c.created_at, c.camera_id
            limit :limit
        """),
        {
            "site_id": site_id,
            "allowed_sites": None if allowed_sites is None else list(allowed_sites),
            "allowed_cameras": None if allowed_cameras is None else list(allowed_cameras),
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [_camera(row) for row in rows.mappings()]


def select_camera(connection: Connection, camera_id: CameraId) -> CameraRow | None:
    row = connection.execute(
        text("""
            select c.camera_id, c.site_id, c.name, c.enabled, t.privacy_mode, c.created_at
            from footfall.cameras as c
            inner join footfall.tenants as t on t.tenant_id = c.tenant_id
            where c.camera_id = :camera_id
        """),
        {"camera_id": camera_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _camera(found)


def select_sighting_place(connection: Connection, camera_id: CameraId) -> SightingPlace | None:
    """The camera's place, with the tenant's row held against change: a new privacy mode waits for the sightings that
    are being recorded under the old one."""
    row = connection.execute(
        text("""
            select c.site_id, c.enabled, s.visit_gap_minutes, t.privacy_mode
            from footfall.cameras as c
            inner join footfall.sites as s on s.tenant_id = c.tenant_id and s.site_id = c.site_id
            inner join footfall.tenants as t on t.tenant_id = c.tenant_id
            where c.camera_id = :camera_id
            for share of t
        """),
        {"camera_id": camera_id},
    )
    found = row.mappings().one_or_none()
    if found is None:
        return None
    return SightingPlace(
        site_id=found["site_id"],
        enabled=found["enabled"],
        visit_gap=timedelta(minutes=found["visit_gap_minutes"]),
        privacy_mode=found["privacy_mode"],
    )


def select_privacy_mode(connection: Connection, tenant_id: TenantId) -> PrivacyMode | None:
    """The tenant's privacy mode, held against change until the transaction ends; None without such a tenant."""
    row = connection.execute(
        text("select privacy_mode from footfall.tenants where tenant_id = :tenant_id for share"),
        {"tenant_id": tenant_id},
    )
    mode: PrivacyMode | None = row.scalar_one_or_none()
    return mode


def touch_worker(connection: Connection, tenant_id: TenantId, worker: str) -> None:
    """Records that the worker was heard of now."""
    connection.execute(
        text("""
            insert into footfall.workers (tenant_id, worker)
            values (:tenant_id, :worker)
            on conflict (tenant_id, worker) do update set last_seen_at = now()
        """),
        {"tenant_id": tenant_id, "worker": worker},
    )


def _camera(row: RowMapping) -> CameraRow:
    return CameraRow(
        camera_id=row["camera_id"],
        site_id=row["site_id"],
        name=row["name"],
        enabled=row["enabled"],
        privacy_mode=row["privacy_mode"],
        created_at=row["created_at"],
    )
