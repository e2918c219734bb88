"""Trying recognition out on any photograph, for the caller's tenant."""

from __future__ import annotations

from fastapi import APIRouter, Request

from api.auth import Caller
from api.openapi import multipart_body
from api.state import State
from api.uploads import PartRule, read_parts
from contracts.people import RecognitionTrial
from footfall import recognition_trial

router = APIRouter(tags=["recognition"])

_PHOTOGRAPH = (PartRule("image", required=True, file=True),)


@router.post(
    "/v1/recognition-test",
    operation_id="tryRecognition",
    summary="Try recognition on any photograph",
    openapi_extra=multipart_body(event=False, image_required=True),
)
async def try_recognition(request: Request, caller: Caller, state: State) -> RecognitionTrial:
    """Each face that was found, who comes near it with which score, and what would be decided and why. Nothing of it is
    stored, and no visit comes of it."""
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PHOTOGRAPH, within_seconds=state.settings.api.upload_seconds)
        async with state.vision_lane.place():
            return await state.vision_lane.run(
                lambda: recognition_trial.try_recognition(state.services, caller.tenant_id, parts["image"])
            )
