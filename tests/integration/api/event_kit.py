"""Face events as a worker makes them, with templates of made-up people."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from api.examples import FACE_EVENT
from tests.integration.api.harness import Caller, Json, photograph
from tests.vectors import as_base64, like, person

NOW = datetime.now(UTC).replace(microsecond=0)


def face_event(camera_id: str, *, who: int | None = None, seen_at: datetime = NOW, **changed: Any) -> Json:
    """An event of a three-second track; `who` numbers a made-up person, whose shots differ a little."""
    event: Json = FACE_EVENT.model_dump(mode="json")
    event |= {
        "event_id": str(uuid4()),
        "camera_id": camera_id,
        "captured_at": (seen_at - timedelta(seconds=1)).isoformat(),
        "track": {
            "started_at": (seen_at - timedelta(seconds=3)).isoformat(),
            "ended_at": seen_at.isoformat(),
            "frames": 20,
        },
        "embedding": None,
    }
    if who is not None:
        shot = like(person(who), 0.9, shot=int(seen_at.timestamp()) % 1000)
        event["embedding"] = {"model_version": "mock-1", "vector": as_base64(shot)}
    return event | changed


def send(caller: Caller, event: Json, image: bytes | None = None) -> Json:
    return caller.post("/v1/events/face", files=parts(event, image))


def parts(event: Json | bytes, image: bytes | None = None) -> dict[str, Any]:
    content = event if isinstance(event, bytes) else json.dumps(event).encode()
    files: dict[str, Any] = {"event": (None, content, "application/json")}
    if image is not None:
        files["image"] = ("face.jpg", image, "image/jpeg")
    return files


CROP = photograph(1)
