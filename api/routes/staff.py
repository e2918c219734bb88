"""Staff of the caller's tenant: people, their enrolled photographs, and what recognition makes of a photograph."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal
from uuid import UUID

import fastapi
from fastapi import APIRouter, Request, Response
from pydantic import Field

from api.auth import Caller
from api.openapi import PICTURES, multipart_body, photographs_body
from api.preconditions import ExpectedVersion, RequiredVersion, Tagged, tag
from api.routes.paging import Contained, PageQuery, Query, page_of
from api.state import State
from api.uploads import PartRule, read_files, read_parts
from contracts.base import FaceId, StaffId
from contracts.enrolment import MAX_PHOTOGRAPHS, EnrolmentReport, Objection, ReminderList, StaffConsistency
from contracts.people import (
    RecognitionTestResult,
    Staff,
    StaffCreate,
    StaffFace,
    StaffFaceList,
    StaffPage,
    StaffPatch,
    StaffSort,
)
from footfall import enrolled_faces, enrolment, gallery_health, recognition_trial, roster
from footfall.enrolment_results import Photograph

router = APIRouter(tags=["staff"])

_PHOTOGRAPH = (PartRule("image", required=True, file=True),)
_PHOTOGRAPH_BODY = multipart_body(event=False, image_required=True)


class EnrolQuery(Query):
    overrule: tuple[Objection, ...] = Field(
        default=(),
        max_length=2,
        description="Objections that you set aside because you know the people, for instance for twins. May be given "
        "more than once. Audited where it mattered.",
    )


class StaffQuery(PageQuery):
    sort: StaffSort = Field(default="created_at", description="The order; a `-` before the name turns it around.")
    name_contains: Contained | None = Field(default=None, description="Part of the name, in either case.")
    external_ref: Contained | None = Field(default=None, description="The company's own number for the person.")
    enrolled: bool | None = Field(default=None, description="Those with a photograph, or without one, alone.")


@router.get("/v1/staff", operation_id="listStaff", summary="List staff")
def list_staff(query: Annotated[StaffQuery, fastapi.Query()], caller: Caller, state: State) -> StaffPage:
    """Oldest first, unless sorted otherwise. Staff belong to the tenant, so a site manager sees all of them."""
    return roster.list_staff(
        state.services.engine,
        caller.tenant_id,
        page_of(query, query.sort),
        name_contains=query.name_contains,
        external_ref=query.external_ref,
        enrolled=query.enrolled,
    )


@router.post("/v1/staff", operation_id="createStaff", summary="Add a staff member", status_code=201)
def create_staff(staff: StaffCreate, caller: Caller, state: State, response: Response) -> Staff:
    """Known by name at once, and by face once a photograph is enrolled."""
    made = roster.create_staff(state.services.engine, caller.tenant_id, staff, actor=caller.subject)
    response.headers["Location"] = f"/v1/staff/{made.staff_id}"
    return tag(response, made, made.faces)


@router.get("/v1/staff/reminders", operation_id="listReminders", summary="List what enrolments need")
def list_reminders(caller: Caller, state: State) -> ReminderList:
    """Photographs that expire, have expired, are missing or may show somebody else, and staff who resemble each other:
    one person under two names, or twins."""
    return gallery_health.reminders(state.services, caller.tenant_id, now=datetime.now(UTC))


@router.get("/v1/staff/{staff_id}", operation_id="getStaff", summary="Read a staff member")
def get_staff(staff_id: UUID, caller: Caller, state: State, tagged: Tagged) -> Staff:
    found = roster.get_staff(state.services.engine, caller.tenant_id, StaffId(staff_id))
    return tagged(found, found.faces)


@router.patch("/v1/staff/{staff_id}", operation_id="changeStaff", summary="Change a staff member")
def change_staff(
    staff_id: UUID, patch: StaffPatch, *, caller: Caller, state: State, expected: RequiredVersion, response: Response
) -> Staff:
    """Name and number; photographs have routes of their own."""
    changed = roster.change_staff(
        state.services.engine, caller.tenant_id, StaffId(staff_id), patch, expected, actor=caller.subject
    )
    return tag(response, changed, changed.faces)


@router.delete("/v1/staff/{staff_id}", operation_id="deleteStaff", summary="Remove a staff member", status_code=204)
def delete_staff(staff_id: UUID, caller: Caller, state: State, expected: ExpectedVersion) -> None:
    """With every photograph, template, sighting and visit of theirs."""
    roster.delete_staff(state.services, caller.tenant_id, StaffId(staff_id), expected, actor=caller.subject)


@router.get("/v1/staff/{staff_id}/faces", operation_id="listFaces", summary="List enrolled photographs")
def list_faces(staff_id: UUID, caller: Caller, state: State) -> StaffFaceList:
    """Each with the paths of its pictures."""
    return enrolled_faces.list_faces(state.services, caller.tenant_id, StaffId(staff_id))


@router.get(
    "/v1/staff/{staff_id}/faces/{face_id}/image",
    operation_id="getFaceImage",
    summary="Show an enrolled photograph",
    response_class=Response,
    responses=PICTURES,
)
def get_face_image(
    staff_id: UUID,
    face_id: UUID,
    caller: Caller,
    state: State,
    variant: Annotated[
        Literal["photograph", "crop"], fastapi.Query(description="As it was sent, or the aligned face.")
    ] = "photograph",
) -> Response:
    """The file that was sent, or the aligned face in it."""
    picture, media_type = enrolled_faces.read_picture(
        state.services, caller.tenant_id, StaffId(staff_id), FaceId(face_id), crop=variant == "crop"
    )
    return Response(picture, media_type=media_type)


@router.post(
    "/v1/staff/{staff_id}/faces",
    operation_id="enrolFace",
    summary="Enrol a photograph",
    status_code=201,
    openapi_extra=_PHOTOGRAPH_BODY,
)
async def enrol_face(
    staff_id: UUID, query: Annotated[EnrolQuery, fastapi.Query()], request: Request, caller: Caller, state: State
) -> StaffFace:
    """The photograph must show one face, large, sharp and frontal enough, of this person and of no other."""
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PHOTOGRAPH, within_seconds=state.settings.api.upload_seconds)
        async with state.vision_lane.place():
            return await state.vision_lane.run(
                lambda: enrolment.enrol_face(
                    state.services,
                    caller.tenant_id,
                    StaffId(staff_id),
                    parts["image"],
                    actor=caller.subject,
                    overruled=query.overrule,
                )
            )


@router.post(
    "/v1/staff/{staff_id}/enrolments",
    operation_id="enrolPhotographs",
    summary="Enrol several photographs",
    openapi_extra=photographs_body(MAX_PHOTOGRAPHS),
)
async def enrol_photographs(
    staff_id: UUID, query: Annotated[EnrolQuery, fastapi.Query()], request: Request, caller: Caller, state: State
) -> EnrolmentReport:
    """A verdict for each photograph, with what was measured and what to do. Those that are fit are enrolled together
    or, after an error, not at all; of the others nothing is stored."""
    with state.uploads.place(request, caller):
        files = await read_files(
            request, "images", most=MAX_PHOTOGRAPHS, within_seconds=state.settings.api.upload_seconds
        )
        photographs = [Photograph(file.filename, file.data) for file in files]
        async with state.vision_lane.place():
            return await state.vision_lane.run(
                lambda: enrolment.enrol_photographs(
                    state.services,
                    caller.tenant_id,
                    StaffId(staff_id),
                    photographs,
                    actor=caller.subject,
                    overruled=query.overrule,
                )
            )


@router.get(
    "/v1/staff/{staff_id}/consistency",
    operation_id="staffConsistency",
    summary="How well a person's photographs agree",
)
def staff_consistency(staff_id: UUID, caller: Caller, state: State) -> StaffConsistency:
    """The pairwise cosines of the person's own templates, and the photographs that do not fit the others."""
    return gallery_health.consistency(state.services, caller.tenant_id, StaffId(staff_id))


@router.delete(
    "/v1/staff/{staff_id}/faces/{face_id}",
    operation_id="removeFace",
    summary="Remove an enrolled photograph",
    status_code=204,
)
def remove_face(staff_id: UUID, face_id: UUID, caller: Caller, state: State) -> None:
    enrolled_faces.remove_face(
        state.services, caller.tenant_id, StaffId(staff_id), FaceId(face_id), actor=caller.subject
    )


@router.post(
    "/v1/staff/{staff_id}/recognition-test",
    operation_id="testRecognition",
    summary="Try recognition on a photograph",
    openapi_extra=_PHOTOGRAPH_BODY,
)
async def test_recognition(staff_id: UUID, request: Request, caller: Caller, state: State) -> RecognitionTestResult:
    """What would be made of each face in the photograph. Nothing of it is stored."""
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PHOTOGRAPH, within_seconds=state.settings.api.upload_seconds)
        async with state.vision_lane.place():
            return await state.vision_lane.run(
                lambda: recognition_trial.recognition_test(
                    state.services, caller.tenant_id, StaffId(staff_id), parts["image"]
                )
            )
