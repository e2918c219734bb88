"""Cameras of the caller's tenant. What they see arrives through `events`."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Response
from pydantic import Field

from api.auth import Caller
from api.routes.paging import PageQuery
from api.routes.scope import camera_of, site_filter
from api.state import State
from contracts.places import Camera, CameraCreate, CameraPage
from footfall import places

router = APIRouter(tags=["places"])


class CameraQuery(PageQuery):
    site_id: UUID | None = Field(default=None, description="Cameras of this site alone.")


@router.get("/v1/cameras", operation_id="listCameras", summary="List cameras")
def list_cameras(query: Annotated[CameraQuery, fastapi.Query()], caller: Caller, state: State) -> CameraPage:
    """Oldest first. A site manager sees the cameras of their sites, a worker those it sends for."""
    return places.list_cameras(
        state.services,
        caller.tenant_id,
        limit=query.limit,
        cursor=query.cursor,
        site_id=site_filter(state, caller, query.site_id),
        allowed_sites=caller.site_ids,
        allowed_cameras=caller.camera_ids,
    )


@router.post("/v1/cameras", operation_id="createCamera", summary="Create a camera", status_code=201)
def create_camera(camera: CameraCreate, caller: Caller, state: State, response: Response) -> Camera:
    """Its source (an RTSP URL, a device) is told to the worker and never to the server: it carries credentials."""
    made = places.create_camera(state.services, caller.tenant_id, camera, actor=caller.subject)
    response.headers["Location"] = f"/v1/cameras/{made.camera_id}"
    return made


@router.get("/v1/cameras/{camera_id}", operation_id="getCamera", summary="Read a camera")
def get_camera(camera_id: UUID, caller: Caller, state: State) -> Camera:
    """What a worker needs to know: the privacy mode, and the model version that its templates must be made with."""
    return camera_of(state, caller, camera_id)
