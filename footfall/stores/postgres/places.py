"""What recording a sighting asks of sites, cameras and tenants, and that a worker was heard of. Rows alone; making and
changing them is in `sites` and `cameras`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from contracts.base import CameraId, PrivacyMode, SiteId, TenantId


@dataclass(frozen=True, slots=True)
class SightingPlace:
    """What recording a sighting needs to know of its camera. `archived_at`: of the camera or its site, whichever was
    first."""

    site_id: SiteId
    enabled: bool
    archived_at: datetime | None
    visit_gap: timedelta
    privacy_mode: PrivacyMode


def timezone_known(connection: Connection, name: str) -> bool:
    """Whether Postgres can compute with this time zone, so that reports can."""
    found = connection.execute(
        text("select exists (select from pg_timezone_names where name = :name) as known"), {"name": name}
    )
    return bool(found.scalar_one())


def select_sighting_place(connection: Connection, camera_id: CameraId) -> SightingPlace | None:
    """The camera's place, with the rows of its tenant and site held against change: a new privacy mode or visit gap
    waits for the sightings that are being recorded under the old one."""
    row = connection.execute(
        text("""
            select c.site_id, c.enabled and t.status = 'active' as enabled, s.visit_gap_minutes, t.privacy_mode,
                   least(c.archived_at, s.archived_at) as archived_at
            from footfall.cameras as c
            inner join footfall.sites as s on s.tenant_id = c.tenant_id and s.site_id = c.site_id
            inner join footfall.tenants as t on t.tenant_id = c.tenant_id
            where c.camera_id = :camera_id
            for share of t, s
        """),
        {"camera_id": camera_id},
    )
    found = row.mappings().one_or_none()
    if found is None:
        return None
    return SightingPlace(
        site_id=found["site_id"],
        enabled=found["enabled"],
        archived_at=found["archived_at"],
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
