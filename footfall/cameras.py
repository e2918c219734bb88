"""Cameras of a tenant: making, listing, reading, changing, deleting. What a worker does with one is not here."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from uuid import UUID

from pydantic import JsonValue

from contracts.base import CameraId, SiteId, TenantId
from contracts.places import Archived, Camera, CameraCreate, CameraPage, CameraPatch
from footfall import audit
from footfall.addresses import AddressPolicy, read_url
from footfall.errors import ConflictError, HistoryError, NotFoundError
from footfall.listing import OLDEST_FIRST, PageRequest, choose_order, cut_page
from footfall.places import archived_since, missing_site
from footfall.services import Services
from footfall.serving import refresh
from footfall.stores.postgres import cameras as table
from footfall.stores.postgres import sites
from footfall.stores.postgres.cameras import CameraRow
from footfall.tenancy import tenant_transaction
from footfall.versions import Expected

SOURCE_SCHEMES = ("http", "https", "rtsp", "rtsps")


def create_camera(services: Services, tenant_id: TenantId, camera: CameraCreate, *, actor: str) -> Camera:
    """Raises NotFoundError for an unknown site, ConflictError for a name in use at the site, RefusedAddressError for a
    source that may not be connected to."""
    storable = camera.model_copy(update={"source_url": _storable(services, camera.source_url)})
    with tenant_transaction(services.engine, tenant_id) as connection:
        site = sites.select_site(connection, SiteId(camera.site_id))
        if site is None:
            raise missing_site(camera.site_id)
        if site.archived_at is not None:
            raise ConflictError("The site is archived.", hint="Bring the site back first.")
        camera_id = table.insert_camera(connection, tenant_id, storable)
        if camera_id is None:
            raise _name_taken(camera.name)
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
    page: PageRequest = OLDEST_FIRST,
    *,
    site_id: SiteId | None = None,
    allowed_sites: Collection[UUID] | None = None,
    allowed_cameras: Collection[UUID] | None = None,
    name_contains: str | None = None,
    enabled: bool | None = None,
    archived: Archived = "exclude",
) -> CameraPage:
    """Cameras in the page's order, of one site or of all, within what the caller may see. Raises InputError for a bad
    page."""
    order = choose_order("cameras", table.SORTS, table.ID_COLUMN, page.sort)
    with tenant_transaction(services.engine, tenant_id) as connection:
        refresh(services, connection)
        found = table.select_cameras(
            connection,
            order,
            site_id=site_id,
            allowed_sites=allowed_sites,
            allowed_cameras=allowed_cameras,
            name_contains=name_contains,
            enabled=enabled,
            archived=archived,
            cursor=page.cursor,
            limit=page.rows,
        )
    rows, next_cursor = cut_page(order, found, page.limit, lambda row: row.camera_id)
    return CameraPage(items=tuple(_camera(services, row) for row in rows), next_cursor=next_cursor)


def get_camera(services: Services, tenant_id: TenantId, camera_id: CameraId) -> Camera:
    """Raises NotFoundError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        refresh(services, connection)  # by this answer a worker chooses its model
        found = table.select_camera(connection, camera_id)
    if found is None:
        raise missing_camera(camera_id)
    return _camera(services, found)


def change_camera(
    services: Services, tenant_id: TenantId, camera_id: CameraId, patch: CameraPatch, expected: Expected, *, actor: str
) -> Camera:
    """The camera with the changes; without any, as it is. Raises NotFoundError, StaleVersionError, ConflictError for a
    name in use at the site, RefusedAddressError for a source that may not be connected to."""
    changes = patch.changes(emptied_by_null=("source_url",))
    if "source_url" in changes:
        changes["source_url"] = _storable(services, patch.source_url)
    with tenant_transaction(services.engine, tenant_id) as connection:
        current = table.select_camera(connection, camera_id, lock=True)
        if current is None:
            raise missing_camera(camera_id)
        expected.check(current.version)
        archived_at = archived_since(current.archived_at, changes.pop("archived", None))
        wanted = _patched(current, changes, archived_at=archived_at)
        if wanted == current:
            return _camera(services, current)
        if wanted.name != current.name and table.name_taken(
            connection, current.site_id, wanted.name, by_other_than=camera_id
        ):
            raise _name_taken(wanted.name)
        table.update_camera(connection, wanted)
        audit.record(
            connection,
            actor=actor,
            action="camera.changed",
            subject_kind="camera",
            subject_id=camera_id,
            detail=_detail(current, wanted),
        )
    return _camera(services, replace(wanted, version=current.version + 1))


def delete_camera(
    services: Services, tenant_id: TenantId, camera_id: CameraId, expected: Expected, *, actor: str
) -> None:
    """Deletes a camera that has seen nothing. Raises NotFoundError, StaleVersionError, and HistoryError for any other
    camera, which can be archived."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        current = table.select_camera(connection, camera_id, lock=True)
        if current is None:
            raise missing_camera(camera_id)
        expected.check(current.version)
        events = table.count_events(connection, camera_id)
        if events:
            raise HistoryError(
                f"The camera has {events} events, which visits and reports are made of.",
                hint='Archive it: PATCH with {"archived": true}. It then takes no events and is no longer listed.',
            )
        table.delete_camera(connection, camera_id)
        audit.record(connection, actor=actor, action="camera.deleted", subject_kind="camera", subject_id=camera_id)


def missing_camera(camera_id: UUID) -> NotFoundError:
    return NotFoundError(
        f"There is no camera {camera_id}.", hint="Create the camera first and use the camera_id that it was given."
    )


def _storable(services: Services, source_url: str | None) -> str | None:
    """Without credentials. Its host's name is looked up by whoever connects, then and there."""
    if source_url is None:
        return None
    policy = AddressPolicy.of(services.settings.addresses.allowed_networks)
    return read_url(source_url, policy, schemes=SOURCE_SCHEMES, strip_credentials=True).url


def _name_taken(name: str) -> ConflictError:
    return ConflictError(
        f"The site has a camera named {name!r} already.", hint="Choose another name, or use that camera."
    )


def _patched(current: CameraRow, changes: dict[str, object], *, archived_at: object) -> CameraRow:
    # The contract has checked names and types; mypy cannot see through the mapping.
    return replace(current, **changes, archived_at=archived_at)  # type: ignore[arg-type]


def _detail(before: CameraRow, after: CameraRow) -> dict[str, JsonValue]:
    """Which fields changed, and of those that are short, how. A source's address stays out of the log."""
    names = ("name", "enabled", "source_url", "masks", "settings", "archived_at")
    changed = [name for name in names if getattr(before, name) != getattr(after, name)]
    found: dict[str, JsonValue] = {"fields": list(changed)}
    if "name" in changed:
        found["name"] = [before.name, after.name]
    if "enabled" in changed:
        found["enabled"] = after.enabled
    if "archived_at" in changed:
        found["archived"] = after.archived_at is not None
    return found


def _camera(services: Services, row: CameraRow) -> Camera:
    return Camera(
        camera_id=row.camera_id,
        site_id=row.site_id,
        name=row.name,
        enabled=row.enabled,
        source_url=row.source_url,
        masks=row.masks,
        settings=row.settings,
        privacy_mode=row.privacy_mode,
        model_version=services.model_version,
        created_at=row.created_at,
        version=row.version,
        archived_at=row.archived_at,
    )
