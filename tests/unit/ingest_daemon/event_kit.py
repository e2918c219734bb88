"""Face events as the pipeline makes them, with made-up templates."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np

from contracts.base import FaceBox, FaceQualityReport
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from tests.unit.ingest_daemon.api_server import CAMERA_ID

IMAGE = b"\xff\xd8 the picture of a face " * 400
SEEN_AT = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


def face_event(
    *, camera_id: UUID = CAMERA_ID, event_id: UUID | None = None, revision: int = 0, face: bool = True, after: float = 0
) -> FaceDetectedV1:
    vector = np.zeros(512, "<f4")
    vector[0] = 1
    began = SEEN_AT + timedelta(seconds=after)
    return FaceDetectedV1(
        event_id=event_id or uuid4(),
        revision=revision,
        camera_id=camera_id,
        worker="w",
        captured_at=began,
        track=Track(started_at=began, ended_at=began + timedelta(seconds=1), frames=9),
        face=DetectedFaceV1(
            box=FaceBox(x=1, y=2, width=80, height=80),
            landmarks=((1, 1), (2, 1), (1.5, 2), (1, 3), (2, 3)),
            quality=FaceQualityReport(score=0.8, size_px=80, sharpness=100, yaw_deg=0, roll_deg=0, detection_score=0.9),
            frame=FrameSize(width=640, height=360),
        ),
        embedding=Embedding(model_version="mock-1", vector=base64.b64encode(vector.tobytes()).decode())
        if face
        else None,
        pipeline=Pipeline(detector="d", embedder="mock-1", backend="b"),
    )
