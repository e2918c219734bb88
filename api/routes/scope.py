"""Sites and cameras that a caller names: theirs, or not there at all. What a role may do is `api.auth`'s."""

from __future__ import annotations

from uuid import UUID

from api.state import ApiState
from contracts.base import CameraId, SiteId
from contracts.places import Camera, Site
from footfall import cameras, places
from footfall.access import Principal


def site_of(state: ApiState, caller: Principal, site_id: UUID) -> Site:
    """Raises NotFoundError for a site that does not exist, is another tenant's, or is kept from the caller: the three
    look the same from outside."""
    if caller.site_ids is not None and site_id not in caller.site_ids:
        raise places.missing_site(site_id)
    return places.get_site(state.services.engine, caller.tenant_id, SiteId(site_id))


def camera_of(state: ApiState, caller: Principal, camera_id: UUID) -> Camera:
    """As `site_of`, for a camera."""
    if caller.camera_ids is not None and camera_id not in caller.camera_ids:
        raise cameras.missing_camera(camera_id)
    found = cameras.get_camera(state.services, caller.tenant_id, CameraId(camera_id))
    if caller.site_ids is not None and found.site_id not in caller.site_ids:
        raise cameras.missing_camera(camera_id)
    return found


def site_filter(state: ApiState, caller: Principal, site_id: UUID | None) -> SiteId | None:
    """A filter that names no site of the caller's is a mistake, not an empty answer. Raises NotFoundError."""
    return None if site_id is None else SiteId(site_of(state, caller, site_id).site_id)


def camera_filter(state: ApiState, caller: Principal, camera_id: UUID | None) -> CameraId | None:
    """As `site_filter`, for a camera."""
    return None if camera_id is None else CameraId(camera_of(state, caller, camera_id).camera_id)
