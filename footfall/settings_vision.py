"""Settings of seeing and recognising: detection, quality, liveness, thresholds. Read by `footfall.settings` alone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from footfall.settings_section import Section

ReEmbed = Literal["always", "sample", "never"]


class VisionSettings(Section):
    detector: Literal["auto", "yunet", "yuface", "retinaface", "mock"] = Field(
        default="auto", description="auto: YuNet's ONNX where it was pulled, else the yuface build."
    )
    backend: Literal["auto", "onnxruntime", "openvino"] = Field(
        default="auto", description="Inference runtime; auto takes OpenVINO where it loads, else onnxruntime."
    )
    precision: Literal["auto", "float32"] = Field(
        default="auto", description="auto lets OpenVINO use bfloat16 where the processor has it."
    )
    threads: int = Field(default=1, ge=1, le=64, description="Threads of one inference.")
    detect_long_side_px: int = Field(
        default=640, ge=160, le=1920, description="Frames are shrunk to this for detection."
    )
    detection_score_floor: float = Field(
        default=0.6, ge=0.05, le=0.99, description="Detections under this are dropped."
    )
    max_image_bytes: int = Field(
        default=15_000_000, ge=10_000, le=200_000_000, description="Larger uploads are refused."
    )
    max_image_pixels: int = Field(
        default=40_000_000, ge=10_000, le=400_000_000, description="Larger pictures are refused."
    )
    quality_floor: float = Field(
        default=0.35, ge=0.0, le=1.0, description="Faces under this are counted, never matched."
    )
    min_face_px: int = Field(default=32, ge=12, le=512, description="Smaller faces are counted, never matched.")
    enrol_min_face_px: int = Field(default=64, ge=12, le=1024, description="Smaller faces are not enrolled.")
    enrol_min_sharpness: float = Field(
        default=20.0,
        ge=0.0,
        le=5000,
        description="More blurred photographs are not enrolled: variance of the Laplacian over the aligned crop. One "
        "in a thousand photographs of LFW lies under 20.",
    )
    enrol_max_turn_deg: float = Field(
        default=45.0,
        gt=0,
        le=90,
        description="Faces turned or tilted further are not enrolled. One in a hundred of LFW is turned by over 45.",
    )
    mirror: str | None = Field(
        default=None,
        description="Folder or base URL asked first for weights and sample media (file names as in the manifest).",
    )


class LivenessSettings(Section):
    model: Literal["off", "fr-liveness"] = Field(
        default="off",
        description="Model that tells a live face from a picture of one. Its verdict is recorded and shown. Its error "
        "rate under attack was not measured: docs/liveness.md.",
    )
    spoof_below: float = Field(default=0.5, ge=0.0, le=1.0, description="Scores under this are called a spoof.")
    live_from: float = Field(default=0.8, ge=0.0, le=1.0, description="Scores from this on are called live.")
    refuse_enrolment: bool = Field(
        default=False, description="Refuse to enrol photographs that are called a spoof, instead of noting it."
    )


class RecognitionSettings(Section):
    target_fpir: float = Field(
        default=0.003,
        ge=1e-6,
        le=0.3,
        description="Share of strangers that may be taken for somebody, at the gallery's present size: the upper "
        "threshold follows from it and from the calibration.",
    )
    unsure_fpir: float = Field(
        default=0.1,
        ge=1e-6,
        le=0.5,
        description="Share of strangers that may score over the lower threshold; scores between the two are unsure.",
    )
    margin: float = Field(
        default=0.05, ge=0, le=0.5, description="Lead in cosine that a match needs over the second person."
    )
    search_limit: int = Field(default=20, ge=2, le=200, description="Templates asked of the vector store per probe.")
    max_templates_per_customer: int = Field(default=5, ge=1, le=50, description="Stored templates of one customer.")
    enrolment_valid_days: int | None = Field(
        default=None,
        ge=1,
        le=3650,
        description="Photographs of staff enrolled from now on are matched for this many days; then they have to be "
        "enrolled anew. Unset: for ever.",
    )
    enrolment_reminder_days: int = Field(
        default=30, ge=0, le=365, description="Reminders begin this many days before a photograph expires."
    )
    max_future_seconds: int = Field(
        default=300, ge=0, le=3600, description="Events further ahead of the clock are refused."
    )
    max_age_days: int = Field(
        default=730,
        ge=1,
        le=36_500,
        description="Events older than this are refused: the camera host's clock was never set, for no outbox waits so "
        "long.",
    )
    re_embed: ReEmbed = Field(
        default="sample",
        description="Whether the server makes its own template from an event's picture: of every event, whose template "
        "it then uses, of a sample, to compare the two, or of none. Where the two disagree an alarm is raised and the "
        "worker's is not used: docs/events.md. Offline none, unless this is set.",
    )
    re_embed_rate: float = Field(
        default=0.05, gt=0.0, le=1.0, description="Share of events that `sample` looks at, chosen by chance."
    )
