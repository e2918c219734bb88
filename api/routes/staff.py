"""Staff of the caller's tenant: people, their enrolled photographs, and what recognition makes of a photograph."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request, Response

from api.auth import Caller
from api.openapi import multipart_body
from api.routes.paging import PageQuery
from api.state import State
from api.uploads import PartRule, read_parts
from contracts.base import FaceId, StaffId
from contracts.people import RecognitionTestResult, Staff, StaffCreate, StaffFace, StaffFaceList, StaffPage
from footfall import enrolment, roster

router = APIRouter(tags=["staff"])

_PHOTOGRAPH = (PartRule("image", required=True, file=True),)
_PHOTOGRAPH_BODY = multipart_body(event=False, image_required=True)


@router.get("/v1/staff", operation_id="listStaff", summary="List staff")
def list_staff(query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State) -> StaffPage:
    """Oldest first. Staff belong to the tenant, so a site manager sees all of them."""
    return roster.list_staff(state.services.engine, caller.tenant_id, limit=query.limit, cursor=query.cursor)


@router.post("/v1/staff", operation_id="createStaff", summary="Add a staff member", status_code=201)
def create_staff(staff: StaffCreate, caller: Caller, state: State, response: Response) -> Staff:
    """Known by name at once, and by face once a photograph is enrolled."""
    made = roster.create_staff(state.services.engine, caller.tenant_id, staff, actor=caller.subject)
    response.headers["Location"] = f"/v1/staff/{made.staff_id}"
    return made


@router.get("/v1/staff/{staff_id}", operation_id="getStaff", summary="Read a staff member")
def get_staff(staff_id: UUID, caller: Caller, state: State) -> Staff:
    return roster.get_staff(state.services.engine, caller.tenant_id, StaffId(staff_id))


@router.delete("/v1/staff/{staff_id}", operation_id="deleteStaff", summary="Remove a staff member", status_code=204)
def delete_staff(staff_id: UUID, caller: Caller, state: State) -> None:
    """With every photograph, template, sighting and visit of theirs."""
    roster.delete_staff(state.services, caller.tenant_id, StaffId(staff_id), actor=caller.subject)


@router.get("/v1/staff/{staff_id}/faces", operation_id="listFaces", summary="List enrolled photographs")
def list_faces(staff_id: UUID, caller: Caller, state: State) -> StaffFaceList:
    """Each with a URL of its image that works for minutes."""
    return enrolment.list_faces(state.services, caller.tenant_id, StaffId(staff_id))


@router.post(
    "/v1/staff/{staff_id}/faces",
    operation_id="enrolFace",
    summary="Enrol a photograph",
    status_code=201,
    openapi_extra=_PHOTOGRAPH_BODY,
)
async def enrol_face(staff_id: UUID, request: Request, caller: Caller, state: State) -> StaffFace:
    """The photograph must show one face, large, sharp and frontal enough."""
    async with state.vision_lane.place():
        parts = await read_parts(request, _PHOTOGRAPH, within_seconds=state.settings.api.upload_seconds)
        return await state.vision_lane.run(
            lambda: enrolment.enrol_face(
                state.services, caller.tenant_id, StaffId(staff_id), parts["image"], actor=caller.subject
            )
        )


@router.delete(
    "/v1/staff/{staff_id}/faces/{face_id}",
    operation_id="removeFace",
    summary="Remove an enrolled photograph",
    status_code=204,
)
def remove_face(staff_id: UUID, face_id: UUID, caller: Caller, state: State) -> None:
    enrolment.remove_face(state.services, caller.tenant_id, StaffId(staff_id), FaceId(face_id), actor=caller.subject)


@router.post(
    "/v1/staff/{staff_id}/recognition-test",
    operation_id="testRecognition",
    summary="Try recognition on a photograph",
    openapi_extra=_PHOTOGRAPH_BODY,
)
async def test_recognition(staff_id: UUID, request: Request, caller: Caller, state: State) -> RecognitionTestResult:
    """What would be made of each face in the photograph. Nothing of it is stored."""
    async with state.vision_lane.place():
        parts = await read_parts(request, _PHOTOGRAPH, within_seconds=state.settings.api.upload_seconds)
        return await state.vision_lane.run(
            lambda: enrolment.recognition_test(state.services, caller.tenant_id, StaffId(staff_id), parts["image"])
        )
