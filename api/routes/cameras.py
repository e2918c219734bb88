"""Cameras of the caller's tenant."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import Contained, PageQuery, page_of
from api.routes.scope import camera_of, site_filter
from api.state import State
from contracts.base import CameraId
from contracts.places import Archived, Camera, CameraCreate, CameraPage, CameraPatch, CameraSort
from footfall import cameras

router = APIRouter(tags=["places"])


class CameraQuery(PageQuery):
    sort: CameraSort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    site_id: UUID | None = Field(default=None, description="Cameras of this site alone.")
    name_contains: Contained | None = Field(default=None, description="Part of the name, in either case.")
    enabled: bool | None = Field(default=None, description="Cameras that are switched on, or off, alone.")
    archived: Archived = Field(default="exclude", description="What to do with archived cameras.")


@router.get("/v1/cameras", operation_id="listCameras", summary="List cameras")
def list_cameras(query: Annotated[CameraQuery, fastapi.Query()], caller: Caller, state: State) -> CameraPage:
    """Oldest first, unless sorted otherwise. A site manager sees the cameras of their sites, a worker those it sends
    for."""
    return cameras.list_cameras(
        state.services,
        caller.tenant_id,
        page_of(query, query.sort),
        site_id=site_filter(state, caller, query.site_id),
        allowed_sites=caller.site_ids,
        allowed_cameras=caller.camera_ids,
        name_contains=query.name_contains,
        enabled=query.enabled,
        archived=query.archived,
    )


@router.post("/v1/cameras", operation_id="createCamera", summary="Create a camera", status_code=201)
def create_camera(camera: CameraCreate, caller: Caller, state: State, response: Response) -> Camera:
    """Of its source, user and password are for the worker alone: they are taken out of `source_url` before anything is
    stored."""
    made = cameras.create_camera(state.services, caller.tenant_id, camera, actor=caller.subject)
    response.headers["Location"] = f"/v1/cameras/{made.camera_id}"
    return tag(response, made, *_shown_beside(made))


@router.get("/v1/cameras/{camera_id}", operation_id="getCamera", summary="Read a camera")
def get_camera(camera_id: UUID, caller: Caller, state: State, tagged: Tagged) -> Camera:
    """What a worker needs to know: masks and settings, the privacy mode, and the model version that its templates must
    be made with."""
    found = camera_of(state, caller, camera_id)
    return tagged(found, *_shown_beside(found))


@router.patch("/v1/cameras/{camera_id}", operation_id="changeCamera", summary="Change or archive a camera")
def change_camera(
    camera_id: UUID, patch: CameraPatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> Camera:
    """Its worker takes masks and settings over when it next asks. An archived camera takes no events of its time after
    that, and is no longer listed; what it saw before stays."""
    changed = cameras.change_camera(
        state.services, caller.tenant_id, CameraId(camera_id), patch, expected, actor=caller.subject
    )
    return tag(response, changed, *_shown_beside(changed))


@router.delete("/v1/cameras/{camera_id}", operation_id="deleteCamera", summary="Delete a camera", status_code=204)
def delete_camera(camera_id: UUID, caller: Caller, state: State, expected: ExpectedVersion) -> None:
    """Only of a camera that has seen nothing; another can be archived."""
    cameras.delete_camera(state.services, caller.tenant_id, CameraId(camera_id), expected, actor=caller.subject)


def _shown_beside(camera: Camera) -> tuple[str, str]:
    """What an answer shows that is the tenant's or the installation's: a worker must learn of it, too."""
    return camera.privacy_mode, camera.model_version
