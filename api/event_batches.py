"""A batch of events from its multipart body: which bytes are which event, and whose picture is whose. Nothing is
recorded here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from pydantic import ValidationError
from pydantic_core import from_json, to_json

from api.handlers import invalid
from api.problems import INVALID, MALFORMED, RefusedRequestError
from api.uploads import UploadedFile
from contracts.event_batches import MAX_BATCH_EVENTS
from contracts.events import FaceDetectedV1
from contracts.problems import FieldProblem

BATCH_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["events"],
                    "properties": {
                        "events": {
                            "type": "string",
                            "format": "binary",
                            "minLength": 1,
                            "description": f"One to {MAX_BATCH_EVENTS} of `FaceDetectedV1`: a JSON array, or JSON "
                            "Lines.",
                        },
                        "images": {
                            "type": "array",
                            "maxItems": MAX_BATCH_EVENTS,
                            "items": {"type": "string", "format": "binary"},
                            "description": "Crops; the name of each file is its event's id, with or without an "
                            "extension.",
                        },
                    },
                },
                "encoding": {
                    "events": {"contentType": "application/json, application/x-ndjson"},
                    "images": {"contentType": "image/jpeg, image/png, image/webp, image/bmp, application/octet-stream"},
                },
            }
        },
    }
}
"""`openapi_extra` of the route."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An entry that is no event. `event_id`: where so much could be read."""

    event_id: UUID | None
    refusal: RefusedRequestError


def parse_event(data: bytes) -> FaceDetectedV1:
    """The event of the part. Raises RefusedRequestError, with JSON pointers into the event."""
    try:
        return FaceDetectedV1.model_validate_json(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
    try:
        document = from_json(data)
    except ValueError:
        raise RefusedRequestError(MALFORMED, "The event is not JSON.") from None
    # Not chained: pydantic's message quotes what was sent, the template included.
    raise invalid([{**item, "loc": ("body", *item["loc"])} for item in found], document)


def parse_batch(data: bytes) -> list[FaceDetectedV1 | Unreadable]:
    """Every entry of a JSON array or of JSON Lines, in order. Raises RefusedRequestError for a batch that is none, is
    empty, or has more than MAX_BATCH_EVENTS."""
    entries = list(_entries(data))
    if not entries:
        raise RefusedRequestError(MALFORMED, "The part `events` holds no event.")
    if len(entries) > MAX_BATCH_EVENTS:
        raise RefusedRequestError(
            INVALID,
            f"The batch holds {len(entries)} events; {MAX_BATCH_EVENTS} are taken at once.",
            hint="Send the rest in further batches.",
        )
    return [_event(entry) for entry in entries]


def pictures_of(images: Sequence[UploadedFile], events: Sequence[FaceDetectedV1 | Unreadable]) -> Mapping[UUID, bytes]:
    """Each picture by the id of its event. Raises RefusedRequestError for one that is named after no event of the
    batch, and for two of one event: a picture that is silently left out would be missed too late."""
    known = {entry.event_id for entry in events}
    found: dict[UUID, bytes] = {}
    problems: list[FieldProblem] = []
    for number, image in enumerate(images):
        event_id = _uuid(image.filename.partition(".")[0])
        if event_id is None or event_id not in known:
            problems.append(
                FieldProblem(field=f"images/{number}", message="The file is not named after an event of the batch.")
            )
        elif event_id in found:
            problems.append(FieldProblem(field=f"images/{number}", message="The event has a picture already."))
        else:
            found[event_id] = image.data
    if problems:
        raise RefusedRequestError(INVALID, "The pictures do not belong to the events.", fields=problems[:20])
    return found


def _entries(data: bytes) -> Iterator[bytes]:
    if not data.lstrip().startswith(b"["):
        # Every line by itself: one that is no JSON spoils no other.
        yield from (line for line in data.split(b"\n") if line.strip())
        return
    try:
        document = from_json(data)
    except ValueError:
        raise RefusedRequestError(MALFORMED, "The part `events` is not JSON.") from None
    # Written again, so that an event of an array is held to the contract as one of a line is.
    yield from (to_json(entry) for entry in document)


def _event(entry: bytes) -> FaceDetectedV1 | Unreadable:
    try:
        return parse_event(entry)
    except RefusedRequestError as refusal:
        return Unreadable(_id_in(entry), refusal)


def _id_in(entry: bytes) -> UUID | None:
    try:
        document = from_json(entry)
    except ValueError:
        return None
    return _uuid(document.get("event_id")) if isinstance(document, dict) else None


def _uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
