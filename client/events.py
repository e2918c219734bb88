"""The client's operations on face events: a part of `FootfallClient`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from client.sending import Sends
from client.transport import Part
from contracts.event_batches import EventAlarmPage, EventBatchReceipt
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt

_UNTYPED = "application/octet-stream"
"""The server looks at the bytes; a stated type would only be one more thing to get wrong."""


class EventOperations:
    """What workers send. Every method raises as those of `FootfallClient`."""

    def send_face_event(self: Sends, event: FaceDetectedV1, image: bytes | None = None) -> EventReceipt:
        """Safe to repeat: the same event id gets the first answer again, with `duplicate` true."""
        parts: dict[str, Part] = {"event": (None, event.model_dump_json().encode(), "application/json")}
        if image is not None:
            parts["image"] = ("face", image, _UNTYPED)
        return self._post("/v1/events/face", EventReceipt, parts=parts)

    def send_face_events(
        self: Sends, events: Sequence[FaceDetectedV1], images: Mapping[UUID, bytes] | None = None
    ) -> EventBatchReceipt:
        """Up to `contracts.event_batches.MAX_BATCH_EVENTS` events, and pictures by event id. An event that is refused
        raises nothing: look at every item."""
        lines = b"\n".join(event.model_dump_json().encode() for event in events)
        parts: list[tuple[str, Part]] = [("events", ("events.jsonl", lines, "application/x-ndjson"))]
        parts += [("images", (str(event_id), image, _UNTYPED)) for event_id, image in (images or {}).items()]
        return self._post("/v1/events/face/batch", EventBatchReceipt, parts=parts)

    def alarms(self: Sends, *, limit: int | None = None, cursor: str | None = None) -> EventAlarmPage:
        """Events whose template disagrees with their picture."""
        return self._get("/v1/alarms", EventAlarmPage, limit=limit, cursor=cursor)
