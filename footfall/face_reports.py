"""Vision's values of a face as the contracts state them. No image, no template."""

from __future__ import annotations

from contracts.base import FaceBox, FaceQualityReport, Landmarks5
from footfall.vision.types import Box, FaceQuality, Float32Array


def box_of(box: Box) -> FaceBox:
    return FaceBox(x=box.x, y=box.y, width=box.width, height=box.height)


def landmarks_of(points: Float32Array) -> Landmarks5:
    """From (5, 2) float32 pixels."""
    right_eye, left_eye, nose, right_mouth, left_mouth = ((float(x), float(y)) for x, y in points)
    return right_eye, left_eye, nose, right_mouth, left_mouth


def quality_report(quality: FaceQuality) -> FaceQualityReport:
    return FaceQualityReport(
        score=quality.score,
        size_px=quality.size_px,
        sharpness=quality.sharpness,
        yaw_deg=quality.yaw_deg,
        roll_deg=quality.roll_deg,
        detection_score=quality.detection_score,
    )
