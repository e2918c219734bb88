"""Face events from workers. What is made of a face is decided in `footfall.sightings`."""

from __future__ import annotations

from fastapi import APIRouter, Request
from pydantic import ValidationError
from pydantic_core import from_json

from api.auth import Caller
from api.handlers import invalid
from api.openapi import multipart_body
from api.problems import MALFORMED, RefusedRequestError
from api.state import State
from api.uploads import PartRule, read_parts
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall import sightings

router = APIRouter(tags=["events"])

_PARTS = (PartRule("event", required=True, file=False), PartRule("image", required=False, file=True))


@router.post(
    "/v1/events/face",
    operation_id="recordFaceEvent",
    summary="Send a face event",
    openapi_extra=multipart_body(event=True, image_required=False),
)
async def record_face_event(request: Request, caller: Caller, state: State) -> EventReceipt:
    """One tracked sighting, with the face's crop where the tenant keeps images. Safe to repeat: an event id that was
    recorded already gets its first answer again, with `duplicate` true."""
    async with state.event_lane.place():
        parts = await read_parts(request, _PARTS, within_seconds=state.settings.api.upload_seconds)
        event = parse_event(parts["event"])
        receipt = await state.event_lane.run(
            lambda: sightings.record_sighting(
                state.services,
                caller.tenant_id,
                event,
                parts.get("image"),
                actor=caller.subject,
                allowed_cameras=caller.camera_ids,
            )
        )
    state.metrics.observe_event(event, receipt)
    return receipt


def parse_event(data: bytes) -> FaceDetectedV1:
    """The event of the part. Raises RefusedRequestError, with JSON pointers into the event."""
    try:
        return FaceDetectedV1.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    try:
        document = from_json(data)
    except ValueError:
        raise RefusedRequestError(MALFORMED, "The part `event` is not JSON.") from None
    # Not chained: pydantic's message quotes what was sent, the template included.
    raise invalid([{**item, "loc": ("body", *item["loc"])} for item in found], document)
