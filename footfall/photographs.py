"""What makes a photograph fit for enrolment: one face, large and clear enough. Nothing is stored here."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from footfall.errors import NoFaceError, PoorQualityError, SeveralFacesError
from footfall.settings import VisionSettings
from footfall.templates import fuse
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import AnalysedFace, BgrImage, FaceQuality, Float32Array

BACKGROUND_SHARE = 1 / 3
"""A face up to this share of the largest one's size is somebody in the background."""

_PORTRAIT_HINT = "Use a sharp photograph of one person, looking at the camera, in even light."


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """The one face of a photograph and how many background faces were left out."""

    face: AnalysedFace
    background_faces: int


def portrait_of(vision: VisionPipeline, image: BgrImage, limits: VisionSettings) -> Portrait:
    """The face to enrol, without its template.

    Raises NoFaceError; SeveralFacesError when another face is over a third of the largest one's size, for whose face
    it is would then be a guess; PoorQualityError for one that is too small or under the quality floor.
    """
    faces = sorted(vision.analyse(image, embed=False), key=lambda face: -face.quality.size_px)
    if not faces:
        raise NoFaceError("No face was found in the photograph.", hint=_PORTRAIT_HINT)
    largest = faces[0]
    near = [face for face in faces if face.quality.size_px > largest.quality.size_px * BACKGROUND_SHARE]
    if len(near) > 1:
        raise SeveralFacesError(
            f"{len(near)} faces were found in the photograph; one is needed.",
            hint="Crop the photograph to the one person. Faces far in the background do no harm.",
        )
    _check_quality(largest, limits)
    return Portrait(largest, len(faces) - 1)


def template_of(vision: VisionPipeline, crop: BgrImage) -> Float32Array:
    """The (512,) template of a (112, 112, 3) aligned crop, fused with its mirror image's: measured on LFW, that lifts
    accuracy from 99.12 to 99.37 %, and enrolment has the time for a second pass."""
    return fuse(vision.embedder.embed([crop, np.ascontiguousarray(crop[:, ::-1])]))


def _check_quality(face: AnalysedFace, limits: VisionSettings) -> None:
    quality = face.quality
    if quality.size_px < limits.enrol_min_face_px:
        raise PoorQualityError(
            f"The face is {quality.size_px:.0f} px on its shorter side; enrolment needs {limits.enrol_min_face_px} px.",
            hint="Use a photograph of higher resolution, or one taken from nearer.",
        )
    if not face.acceptable:
        raise PoorQualityError(
            f"The face's quality is {quality.score:.2f}; {limits.quality_floor:.2f} is needed. {_parts(quality)}",
            hint=_PORTRAIT_HINT,
        )


def _parts(quality: FaceQuality) -> str:
    return (
        f"Sharpness {quality.sharpness:.0f}, turned by {quality.yaw_deg:.0f} degrees, tilted by "
        f"{quality.roll_deg:.0f} degrees, detection score {quality.detection_score:.2f}."
    )
