"""Sites and cameras of a tenant: making, listing, reading. Who may see which is decided by the caller's arguments."""

from __future__ import annotations

from collections.abc import Collection
from functools import lru_cache
from uuid import UUID
from zoneinfo import available_timezones

from sqlalchemy import Engine

from contracts.base import CameraId, SiteId, TenantId
from contracts.places import Camera, CameraCreate, CameraPage, Site, SiteCreate, SitePage
from footfall import audit
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.services import Services
from footfall.stores.postgres import places as table
from footfall.tenancy import tenant_transaction

_SITES = "sites"
_CAMERAS = "cameras"


def create_site(engine: Engine, tenant_id: TenantId, site: SiteCreate, *, actor: str) -> Site:
    """Raises InputError for a time zone that Python or Postgres does not know, ConflictError for a name in use."""
    _check_timezone(site.timezone)
    with tenant_transaction(engine, tenant_id) as connection:
        if not table.timezone_known(connection, site.timezone):
            raise InputError(f"The database does not know the time zone {site.timezone!r}.")
        made = table.insert_site(connection, tenant_id, site)
        if made is None:
            raise ConflictError(f"There is a site named {site.name!r} already.", hint="Choose another name.")
        audit.record(
            connection,
            actor=actor,
            action="site.created",
            subject_kind="site",
            subject_id=made.site_id,
            detail={"timezone": made.timezone, "visit_gap_minutes": made.visit_gap_minutes},
        )
    return made


def list_sites(
    engine: Engine,
    tenant_id: TenantId,
    *,
    limit: int,
    cursor: str | None,
    allowed_sites: Collection[UUID] | None = None,
) -> SitePage:
    """Sites, oldest first; of `allowed_sites` alone, where given. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = decode_cursor(_SITES, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_sites(connection, allowed=allowed_sites, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].created_at, shown[-1].site_id) if more else None
    return SitePage(items=tuple(shown), next_cursor=None if last is None else encode_cursor(_SITES, last))


def get_site(engine: Engine, tenant_id: TenantId, site_id: SiteId) -> Site:
    """Raises NotFoundError."""
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_site(connection, site_id)
    if found is None:
        raise missing_site(site_id)
    return found


def create_camera(services: Services, tenant_id: TenantId, camera: CameraCreate, *, actor: str) -> Camera:
    """Raises NotFoundError for an unknown site, ConflictError for a name in use at the site."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        if table.select_site(connection, SiteId(camera.site_id)) is None:
            raise missing_site(camera.site_id)
        camera_id = table.insert_camera(connection, tenant_id, camera)
        if camera_id is None:
            raise ConflictError(
                f"The site has a camera named {camera.name!r} already.", hint="Choose another name, or use that camera."
            )
        made = table.select_camera(connection, camera_id)
        if made is None:
            raise missing_camera(camera_id)
        audit.record(
            connection,
            actor=actor,
            action="camera.created",
            subject_kind="camera",
            subject_id=camera_id,
            detail={"site_id": str(camera.site_id)},
        )
    return _camera(services, made)


def list_cameras(
    services: Services,
    tenant_id: TenantId,
    *,
    limit: int,
    cursor: str | None,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
    allowed_cameras: Collection[UUID] | None = None,
) -> CameraPage:
    """Cameras, oldest first, of one site or of all, within what the caller may see. Raises InputError for a bad limit
    or cursor."""
    check_limit(limit)
    after = decode_cursor(_CAMERAS, cursor)
    with tenant_transaction(services.engine, tenant_id) as connection:
        found = table.select_cameras(
            connection,
            site_id=site_id,
            allowed_sites=allowed_sites,
            allowed_cameras=allowed_cameras,
            after=after,
            limit=limit + 1,
        )
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].created_at, shown[-1].camera_id) if more else None
    return CameraPage(
        items=tuple(_camera(services, row) for row in shown),
        next_cursor=None if last is None else encode_cursor(_CAMERAS, last),
    )


def get_camera(services: Services, tenant_id: TenantId, camera_id: CameraId) -> Camera:
    """Raises NotFoundError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        found = table.select_camera(connection, camera_id)
    if found is None:
        raise missing_camera(camera_id)
    return _camera(services, found)


def missing_site(site_id: UUID) -> NotFoundError:
    return NotFoundError(f"There is no site {site_id}.")


def missing_camera(camera_id: UUID) -> NotFoundError:
    return NotFoundError(
        f"There is no camera {camera_id}.", hint="Create the camera first and use the camera_id that it was given."
    )


@lru_cache(maxsize=1)
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())


def _check_timezone(name: str) -> None:
    if name not in _timezones():
        raise InputError(f"{name!r} is no time zone.", hint="Use an IANA name, for instance Europe/Vienna.")


def _camera(services: Services, row: table.CameraRow) -> Camera:
    return Camera(
        camera_id=row.camera_id,
        site_id=row.site_id,
        name=row.name,
        enabled=row.enabled,
        privacy_mode=row.privacy_mode,
        model_version=services.model_version,
        created_at=row.created_at,
    )
