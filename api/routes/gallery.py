"""The gallery of staff, for workers."""

from __future__ import annotations

from fastapi import APIRouter

from api.auth import Caller
from api.preconditions import Tagged
from api.state import State
from contracts.gallery import StaffGallery
from footfall.staff_gallery import staff_gallery as gallery_of

router = APIRouter(tags=["workers"])


@router.get("/v1/gallery/staff", operation_id="getStaffGallery", summary="Read the gallery of staff, as a worker")
def staff_gallery(caller: Caller, state: State, tagged: Tagged) -> StaffGallery:
    """Templates by which a worker knows staff at once, and while the server is away; what the server makes of an event
    stands. For workers alone, and not where the tenant only counts. Ask with `If-None-Match`: a gallery that has not
    changed is not sent again."""
    gallery = gallery_of(state.services, caller.tenant_id)
    return tagged(gallery, gallery.model_version)
