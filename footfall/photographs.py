"""What makes a photograph fit for enrolment: one face, large, sharp and frontal enough. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from contracts.verdicts import PhotographVerdict
from footfall.settings import LivenessSettings, VisionSettings
from footfall.templates import fuse
from footfall.vision.embedders.shelf import OpenedEmbedder
from footfall.vision.liveness import Liveness
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.quality import DETECTION, SHARPNESS, SIZE_PX, TURN_DEG
from footfall.vision.types import AnalysedFace, BgrImage, FaceQuality, Float32Array

BACKGROUND_SHARE = 1 / 3
"""A face up to this share of the largest one's size is somebody in the background."""

_PORTRAIT_HINT = "Use a sharp photograph of one person, looking at the camera, in even light."
_HINTS: Mapping[PhotographVerdict, str] = MappingProxyType(
    {
        "too_small": "Use a photograph of higher resolution, or one taken from nearer.",
        "blurred": "Hold the camera still, focus on the face and give it light; do not enlarge a small picture.",
        "turned": "Have the person look into the camera with the head upright.",
        "unclear": _PORTRAIT_HINT,
    }
)


@dataclass(frozen=True, slots=True, eq=False)
class Portrait:
    """The one face of a photograph, how many background faces were left out, and the liveness model's verdict where
    one is on."""

    face: AnalysedFace
    background_faces: int
    liveness: Liveness | None = None


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a photograph cannot be enrolled. `quality`: of the face that was looked at, if there is one."""

    verdict: PhotographVerdict
    reason: str
    hint: str
    quality: FaceQuality | None = None
    liveness: Liveness | None = None


def examine(
    vision: VisionPipeline, image: BgrImage, limits: VisionSettings, liveness: LivenessSettings
) -> Portrait | Unfit:
    """The face to enrol, without its template, or what is wrong with the photograph.

    Another face over a third of the largest one's size is too many: whose face it is would be a guess. A face that the
    liveness model takes for a picture is refused only where the settings say so.
    """
    faces = sorted(vision.analyse(image, embed=False), key=lambda face: -face.quality.size_px)
    if not faces:
        return Unfit("no_face", "No face was found in the photograph.", _PORTRAIT_HINT)
    largest = faces[0]
    near = [face for face in faces if face.quality.size_px > largest.quality.size_px * BACKGROUND_SHARE]
    if len(near) > 1:
        return Unfit(
            "several_faces",
            f"{len(near)} faces were found in the photograph; one is needed.",
            "Crop the photograph to the one person. Faces far in the background do no harm.",
            largest.quality,
        )
    flaw = flaw_of(largest.quality, limits)
    if flaw is not None:
        return flaw
    seen = None if vision.liveness is None else vision.liveness.judge(image, largest.face.box)
    if seen is not None and seen.verdict == "spoof" and liveness.refuse_enrolment:
        return Unfit(
            "spoof",
            f"The liveness model takes this for a photograph of a photograph or of a screen: score {seen.score:.2f}, "
            f"under {liveness.spoof_below:.2f}.",
            "Photograph the person, not a picture of them.",
            largest.quality,
            seen,
        )
    return Portrait(largest, len(faces) - 1, seen)


def template_of(vision: VisionPipeline | OpenedEmbedder, crop: BgrImage) -> Float32Array:
    """The (512,) template of a (112, 112, 3) aligned crop, fused with its mirror image's: measured on LFW, that lifts
    accuracy from 99.12 to 99.37 %, and enrolment has the time for a second pass."""
    return templates_of(vision, [crop])[0]


def templates_of(vision: VisionPipeline | OpenedEmbedder, crops: Sequence[BgrImage]) -> list[Float32Array]:
    """`template_of` each, in one call of the embedder."""
    mirrored = [np.ascontiguousarray(crop[:, ::-1]) for crop in crops]
    vectors = vision.embedder.embed([*crops, *mirrored])
    return [fuse(np.stack(pair)) for pair in zip(vectors[: len(crops)], vectors[len(crops) :], strict=True)]


def flaw_of(quality: FaceQuality, limits: VisionSettings) -> Unfit | None:
    """What is wrong with a face's quality first of all; None when it may be enrolled.

    A face that passes each limit may still lie under the quality floor: then its worst part is to blame.
    """
    yaw, roll = abs(quality.yaw_deg), abs(quality.roll_deg)
    if quality.size_px < limits.enrol_min_face_px:
        return Unfit(
            "too_small",
            f"The face is {quality.size_px:.0f} px on its shorter side; enrolment needs {limits.enrol_min_face_px} px.",
            _HINTS["too_small"],
            quality,
        )
    if quality.sharpness < limits.enrol_min_sharpness:
        return Unfit(
            "blurred",
            f"The face is blurred: its sharpness is {quality.sharpness:.1f}; enrolment needs "
            f"{limits.enrol_min_sharpness:g}.",
            _HINTS["blurred"],
            quality,
        )
    if max(yaw, roll) > limits.enrol_max_turn_deg:
        return Unfit(
            "turned",
            f"The face is turned by {yaw:.0f} and tilted by {roll:.0f} degrees; enrolment takes up to "
            f"{limits.enrol_max_turn_deg:g}.",
            _HINTS["turned"],
            quality,
        )
    if quality.score >= limits.quality_floor:
        return None
    parts: dict[PhotographVerdict, float] = {
        "too_small": quality.size_px / SIZE_PX[1],
        "blurred": quality.sharpness / SHARPNESS[1],
        "turned": 1 - max(yaw, roll) / TURN_DEG[0],
        "unclear": (quality.detection_score - DETECTION[0]) / (DETECTION[1] - DETECTION[0]),
    }
    worst = min(parts, key=lambda part: parts[part])
    return Unfit(
        worst,
        f"The face's quality is {quality.score:.2f}; {limits.quality_floor:.2f} is needed. Sharpness "
        f"{quality.sharpness:.0f}, turned by {quality.yaw_deg:.0f} degrees, tilted by {quality.roll_deg:.0f} degrees, "
        f"detection score {quality.detection_score:.2f}.",
        _HINTS[worst],
        quality,
    )
