"""`Event.FaceDetected.v1`: what a worker sends for one tracked sighting. Other events get their own module."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Contract, FaceBox, FaceQualityReport, Label, Landmarks5

EMBEDDING_DIMENSION = 512
EMBEDDING_BASE64_LENGTH = 2732  # 512 float32 = 2048 bytes, base64 with padding
MAX_CROP_BYTES = 2_000_000
MAX_CROP_SIDE_PX = 1024
"""What the image beside an event may measure: a crop around the face, never a whole frame."""


class FrameSize(Contract):
    width: int = Field(ge=1, le=16_384)
    height: int = Field(ge=1, le=16_384)


class Track(Contract):
    """The span over which one face was followed on one camera."""

    started_at: AwareDatetime
    ended_at: AwareDatetime
    frames: int = Field(ge=1, le=1_000_000_000, description="Frames of the track in which the face was detected.")

    @model_validator(mode="after")
    def _runs_forward(self) -> Self:
        if self.ended_at < self.started_at:
            raise ValueError("ended_at lies before started_at")
        return self


class Embedding(Contract):
    """An L2-normalised template, bound to the model that made it."""

    model_version: str = Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")
    vector: Annotated[
        str,
        Field(
            min_length=EMBEDDING_BASE64_LENGTH,
            max_length=EMBEDDING_BASE64_LENGTH,
            description="512 little-endian float32, L2 norm 1, base64.",
            repr=False,
        ),
    ]


class DetectedFaceV1(Contract):
    """The track's best shot."""

    box: FaceBox
    landmarks: Landmarks5
    quality: FaceQualityReport
    frame: FrameSize


class Pipeline(Contract):
    """Which parts saw this face, for lineage."""

    detector: Label
    embedder: Label
    backend: Label


class FaceDetectedV1(Contract):
    """One face event. Sent with revision 0 once the track is sure, and with revision 1, under the same
    `event_id` and with the whole span, once it has ended. Either may arrive first, or alone, or twice."""

    type: Literal["Event.FaceDetected.v1"] = "Event.FaceDetected.v1"
    event_id: UUID
    revision: int = Field(default=0, ge=0, le=1)
    camera_id: UUID
    worker: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")
    captured_at: AwareDatetime = Field(description="When the best shot was taken.")
    track: Track
    face: DetectedFaceV1
    embedding: Embedding | None = Field(
        default=None, description="Absent in count_only, and for faces under the quality floor."
    )
    pipeline: Pipeline

    @model_validator(mode="after")
    def _shot_within_track(self) -> Self:
        if not self.track.started_at <= self.captured_at <= self.track.ended_at:
            raise ValueError("captured_at lies outside the track")
        return self
