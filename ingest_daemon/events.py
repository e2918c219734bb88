"""`Event.FaceDetected.v1` from a track: pure translation. When an event is due is the pipeline's decision."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid4, uuid5

from contracts.base import FaceBox, FaceQualityReport, Landmark
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from footfall.vision.types import FaceQuality, Float32Array
from ingest_daemon.shots import Shot
from ingest_daemon.tracks import FaceTrack

EventIds = Callable[[datetime, int], UUID]
"""Makes the id of a track's event from the track's start and its number among the tracks that start then."""

_NAMESPACE = uuid5(NAMESPACE_URL, "urn:footfall:face-event")


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where an event comes from, the same for every event of a run."""

    camera_id: UUID
    worker: str
    model_version: str
    pipeline: Pipeline


def random_ids() -> EventIds:
    """For live sources: what they showed can never be shown again."""
    return lambda _started_at, _number: uuid4()


def replayable_ids(camera_id: UUID, fingerprint: str) -> EventIds:
    """For files: the same content at the same times on the same camera gives the same ids, so that playing a file
    again adds nothing."""

    def event_id(started_at: datetime, number: int) -> UUID:
        return uuid5(_NAMESPACE, f"{camera_id}|{fingerprint}|{started_at.timestamp():.6f}|{number}")

    return event_id


def face_event(
    track: FaceTrack, shot: Shot, template: Float32Array | None, *, revision: int, lineage: Lineage
) -> FaceDetectedV1:
    """The event of `track` with `shot` as its best look. `template`: (512,) float32, L2 norm 1, or None."""
    landmarks = tuple(_landmark(point) for point in shot.face.landmarks)
    return FaceDetectedV1(
        event_id=track.event_id,
        revision=revision,
        camera_id=lineage.camera_id,
        worker=lineage.worker,
        captured_at=shot.captured_at,
        track=Track(started_at=track.started_at, ended_at=track.ended_at, frames=track.detections),
        face=DetectedFaceV1(
            box=FaceBox(x=shot.face.box.x, y=shot.face.box.y, width=shot.face.box.width, height=shot.face.box.height),
            landmarks=(landmarks[0], landmarks[1], landmarks[2], landmarks[3], landmarks[4]),
            quality=_quality_report(shot.quality),
            frame=FrameSize(width=shot.frame_width, height=shot.frame_height),
        ),
        embedding=None
        if template is None
        else Embedding(model_version=lineage.model_version, vector=encoded_vector(template)),
        pipeline=lineage.pipeline,
    )


def encoded_vector(vector: Float32Array) -> str:
    """(512,) float32 as base64 of its little-endian bytes, which is how the contract carries it."""
    return base64.b64encode(vector.astype("<f4").tobytes()).decode("ascii")


def _landmark(point: Float32Array) -> Landmark:
    return float(point[0]), float(point[1])


def _quality_report(quality: FaceQuality) -> FaceQualityReport:
    return FaceQualityReport(
        score=quality.score,
        size_px=quality.size_px,
        sharpness=quality.sharpness,
        yaw_deg=quality.yaw_deg,
        roll_deg=quality.roll_deg,
        detection_score=quality.detection_score,
    )
