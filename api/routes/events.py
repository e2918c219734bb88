"""Face events from workers, one or many, and the alarms about them. What is made of a face is `footfall.sightings`'."""

from __future__ import annotations

import logging
from typing import Annotated

import fastapi
from fastapi import APIRouter, Request

from api import problems
from api.auth import Caller
from api.event_batches import BATCH_BODY, Unreadable, parse_batch, parse_event, pictures_of
from api.openapi import multipart_body
from api.problems import problem_document, request_id_of
from api.routes.paging import PageQuery
from api.state import State
from api.uploads import PartRule, read_batch, read_parts
from contracts.event_batches import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, EventAlarmPage, EventBatchItem, EventBatchReceipt
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall import event_batches, sightings
from footfall.errors import FootfallError

logger = logging.getLogger(__name__)

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
    with state.uploads.place(request, caller):
        parts = await read_parts(request, _PARTS, within_seconds=state.settings.api.upload_seconds)
        event = parse_event(parts["event"])
        async with state.event_lane.place():
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


@router.post(
    "/v1/events/face/batch",
    operation_id="recordFaceEvents",
    summary="Send many face events",
    openapi_extra=BATCH_BODY,
)
async def record_face_events(request: Request, caller: Caller, state: State) -> EventBatchReceipt:
    """As `recordFaceEvent`, for up to 100 events. Each is recorded or refused by itself: the answer is 200 also when
    some, or all, were refused, and says of each what became of it. Safe to repeat as a whole and in parts."""
    with state.uploads.place(request, caller):
        document, images = await read_batch(
            request,
            document="events",
            document_bytes=MAX_BATCH_BYTES,
            files="images",
            most=MAX_BATCH_EVENTS,
            within_seconds=state.settings.api.upload_seconds,
        )
        entries = parse_batch(document)
        pictures = pictures_of(images, entries)
        events = [entry for entry in entries if isinstance(entry, FaceDetectedV1)]
        async with state.event_lane.place():
            results = await state.event_lane.run(
                lambda: event_batches.record_batch(
                    state.services,
                    caller.tenant_id,
                    [(event, pictures.get(event.event_id)) for event in events],
                    actor=caller.subject,
                    allowed_cameras=caller.camera_ids,
                )
            )
    for event, result in zip(events, results, strict=True):
        if isinstance(result, EventReceipt):
            state.metrics.observe_event(event, result)
    outcome = iter(results)
    items = [
        _item(request, index, entry, entry if isinstance(entry, Unreadable) else next(outcome))
        for index, entry in enumerate(entries)
    ]
    receipts = [item.receipt for item in items if item.receipt is not None]
    duplicates = sum(receipt.duplicate for receipt in receipts)
    return EventBatchReceipt(
        items=tuple(items),
        recorded=len(receipts) - duplicates,
        duplicates=duplicates,
        refused=len(items) - len(receipts),
    )


class AlarmQuery(PageQuery):
    """Nothing but the page."""


@router.get("/v1/alarms", operation_id="listAlarms", summary="List events that disagree with their pictures")
def list_alarms(query: Annotated[AlarmQuery, fastapi.Query()], caller: Caller, state: State) -> EventAlarmPage:
    """Events whose template the server's own look at the picture contradicted, the latest first: the worker is broken,
    or somebody else uses its key."""
    return event_batches.list_alarms(state.services.engine, caller.tenant_id, limit=query.limit, cursor=query.cursor)


def _item(
    request: Request, index: int, entry: FaceDetectedV1 | Unreadable, result: EventReceipt | FootfallError | Unreadable
) -> EventBatchItem:
    if isinstance(result, EventReceipt):
        return EventBatchItem(index=index, event_id=entry.event_id, receipt=result)
    if isinstance(result, Unreadable):
        refusal = result.refusal
        kind, detail, hint, fields = refusal.kind, refusal.detail, refusal.hint, refusal.fields
    else:
        kind, detail, hint = problems.problem_of(result)
        fields = ()
        if kind.status >= 500:
            logger.error("request %s: %s: %s", request_id_of(request.scope), type(result).__name__, result.message)
    return EventBatchItem(
        index=index,
        event_id=entry.event_id,
        problem=problem_document(request.scope, kind, detail, hint=hint, fields=fields),
    )
