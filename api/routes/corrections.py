"""Corrections of single sightings and photographs, the log of all corrections, and undoing them."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import fastapi
from fastapi import APIRouter

from api.auth import Caller
from api.routes.paging import PageQuery
from api.state import State
from contracts.base import EventId, FaceId, StaffId
from contracts.corrections import Correction, CorrectionPage, MoveFaceRequest, MoveRequest
from footfall import correction_log, correction_undo, corrections

router = APIRouter(tags=["corrections"])


@router.post(
    "/v1/sightings/{event_id}/detach", operation_id="detachSighting", summary="Not that person", status_code=201
)
def detach_sighting(event_id: UUID, caller: Caller, state: State) -> Correction:
    """The sighting becomes nobody's; its template leaves the gallery."""
    return corrections.detach(state.services, caller.tenant_id, EventId(event_id), actor=caller.subject)


@router.post(
    "/v1/sightings/{event_id}/move", operation_id="moveSighting", summary="Give to another person", status_code=201
)
def move_sighting(event_id: UUID, request: MoveRequest, caller: Caller, state: State) -> Correction:
    """With its template, where it is a customer."""
    return corrections.move_sighting(
        state.services, caller.tenant_id, EventId(event_id), request.to, actor=caller.subject
    )


@router.post(
    "/v1/staff/{staff_id}/faces/{face_id}/move",
    operation_id="moveFace",
    summary="Give a photograph to another staff member",
    status_code=201,
)
def move_face(staff_id: UUID, face_id: UUID, request: MoveFaceRequest, caller: Caller, state: State) -> Correction:
    """For a photograph that was filed under the wrong name, or a person who was enrolled under two."""
    return corrections.move_face(
        state.services,
        caller.tenant_id,
        StaffId(staff_id),
        FaceId(face_id),
        StaffId(request.to_staff_id),
        actor=caller.subject,
    )


@router.get("/v1/corrections", operation_id="listCorrections", summary="List corrections")
def list_corrections(query: Annotated[PageQuery, fastapi.Query()], caller: Caller, state: State) -> CorrectionPage:
    """Latest first, undos among them."""
    return correction_log.list_corrections(
        state.services.engine, caller.tenant_id, limit=query.limit, cursor=query.cursor
    )


@router.post(
    "/v1/corrections/{correction_id}/undo", operation_id="undoCorrection", summary="Undo a correction", status_code=201
)
def undo_correction(correction_id: UUID, caller: Caller, state: State) -> Correction:
    """Every sighting, visit and template goes back. A later correction that stands in the way is named."""
    return correction_undo.undo(state.services, caller.tenant_id, correction_id, actor=caller.subject)
