"""A photograph is enrolled when whose face it shows is beyond doubt, and the face is large and clear enough."""

from __future__ import annotations

import re

import cv2
import numpy as np
import pytest

from contracts.people import LivenessVerdict
from footfall.photographs import Portrait, Unfit, examine, template_of
from footfall.settings import LivenessSettings, VisionSettings
from footfall.vision.align import CROP_PX, TEMPLATE
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.liveness import Liveness, LivenessModel
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, Box, DetectedFace

LIMITS = VisionSettings(quality_floor=0.35, enrol_min_face_px=64)
PICTURE: BgrImage = np.random.default_rng(5).integers(0, 255, size=(700, 900, 3), dtype=np.uint8)


class ScriptedDetector:
    """Finds square faces of the given sizes, side by side, whatever the picture shows."""

    name = "scripted"
    sees_parts = False

    def __init__(self, *sides_px: float, score: float = 0.9, nose_shift: float = 0.0, tilt_deg: float = 0.0) -> None:
        self._sides_px = sides_px
        self._score = score
        turn = np.deg2rad(tilt_deg)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = TEMPLATE + np.array([[0, 0], [0, 0], [nose_shift * CROP_PX, 0], [0, 0], [0, 0]])
        self._points = (points - CROP_PX / 2) @ rotation.T + CROP_PX / 2

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:  # noqa: ARG002 - the script decides what is seen
        faces: list[DetectedFace] = []
        left = 10.0
        for side in self._sides_px:
            landmarks = self._points * np.float32(side / CROP_PX) + np.array([left, 20.0], dtype=np.float32)
            faces.append(DetectedFace(Box(left, 20.0, side, side), landmarks.astype(np.float32), self._score))
            left += side + 10.0
        return faces


def vision(
    *sides_px: float,
    score: float = 0.9,
    nose_shift: float = 0.0,
    tilt_deg: float = 0.0,
    limits: VisionSettings = LIMITS,
    liveness: LivenessModel | None = None,
) -> VisionPipeline:
    return VisionPipeline(
        detector=ScriptedDetector(*sides_px, score=score, nose_shift=nose_shift, tilt_deg=tilt_deg),
        embedder=MockEmbedder(),
        thresholds=MOCK_THRESHOLDS,
        settings=limits,
        liveness=liveness,
    )


def portrait(pipeline: VisionPipeline, limits: VisionSettings = LIMITS) -> Portrait:
    found = examine(pipeline, PICTURE, limits, LivenessSettings())
    assert isinstance(found, Portrait)
    return found


def refusal(
    pipeline: VisionPipeline,
    limits: VisionSettings = LIMITS,
    *,
    picture: BgrImage = PICTURE,
    liveness: LivenessSettings | None = None,
) -> Unfit:
    found = examine(pipeline, picture, limits, liveness or LivenessSettings())
    assert isinstance(found, Unfit)
    return found


def test_one_face_is_taken() -> None:
    found = portrait(vision(200))

    assert (found.face.quality.size_px, found.background_faces, found.liveness) == (200, 0, None)
    assert found.face.crop.shape == (112, 112, 3)


def test_a_photograph_without_a_face_is_refused() -> None:
    assert refusal(vision()).verdict == "no_face"


@pytest.mark.parametrize(
    ("sides_px", "background_faces"),
    [((210, 70), 1), ((70, 210), 1), ((210, 20, 30, 69), 3)],
)
def test_faces_up_to_a_third_of_the_largest_are_background(sides_px: tuple[float, ...], background_faces: int) -> None:
    found = portrait(vision(*sides_px))

    assert (found.face.quality.size_px, found.background_faces) == (210, background_faces)


@pytest.mark.parametrize(
    ("sides_px", "count"),
    [((210, 71), 2), ((71, 210), 2), ((200, 200, 200), 3), ((210, 100, 20), 2)],
)
def test_a_second_face_of_more_than_a_third_is_refused_with_the_count(sides_px: tuple[float, ...], count: int) -> None:
    refused = refusal(vision(*sides_px))

    assert (refused.verdict, refused.reason.split()[0]) == ("several_faces", str(count))
    assert "Crop" in refused.hint


@pytest.mark.parametrize(("side_px", "fits"), [(64, True), (63, False), (40, False)])
def test_a_face_must_be_large_enough(side_px: float, fits: bool) -> None:
    floorless = LIMITS.model_copy(update={"quality_floor": 0.0})
    pipeline = vision(side_px, limits=floorless)

    if fits:
        assert portrait(pipeline, floorless).face.quality.size_px == side_px
    else:
        refused = refusal(pipeline, floorless)
        assert refused.verdict == "too_small"
        assert f"{side_px} px on its shorter side; enrolment needs 64 px" in refused.reason


def test_a_blurred_face_is_refused_with_its_sharpness_and_the_one_needed() -> None:
    blurred = np.asarray(cv2.GaussianBlur(PICTURE, (0, 0), 12.0), dtype=np.uint8)
    refused = refusal(vision(200), picture=blurred)

    assert refused.verdict == "blurred"
    assert refused.quality is not None
    assert f"its sharpness is {refused.quality.sharpness:.1f}; enrolment needs 20" in refused.reason


@pytest.mark.parametrize(("nose_shift", "tilt_deg"), [(0.3, 0.0), (-0.3, 0.0), (0.0, 50.0), (0.0, -50.0)])
def test_a_turned_or_tilted_face_is_refused_with_its_degrees(nose_shift: float, tilt_deg: float) -> None:
    refused = refusal(vision(200, nose_shift=nose_shift, tilt_deg=tilt_deg))

    assert refused.verdict == "turned"
    assert refused.quality is not None
    assert f"turned by {abs(refused.quality.yaw_deg):.0f}" in refused.reason
    assert f"tilted by {abs(refused.quality.roll_deg):.0f} degrees; enrolment takes up to 45" in refused.reason


def test_a_face_under_the_quality_floor_is_refused_with_its_numbers_and_its_worst_part() -> None:
    refused = refusal(vision(200, score=0.301))

    assert refused.verdict == "unclear"
    assert re.search(
        r"quality is 0\.\d\d; 0\.35 is needed\. Sharpness \d+, turned by -?\d+ degrees, tilted by "
        r"-?\d+ degrees, detection score 0\.30\.",
        refused.reason,
    )


class Judge:
    """A liveness model that always says the same."""

    model_version = "judge-1"

    def __init__(self, verdict: LivenessVerdict, score: float) -> None:
        self._said = Liveness(score, verdict, self.model_version)

    def judge(self, image: BgrImage, box: Box) -> Liveness:  # noqa: ARG002 - it says the same of everything
        return self._said


def test_what_is_called_a_spoof_is_noted_and_refused_only_where_the_settings_say_so() -> None:
    pipeline = vision(200, liveness=Judge("spoof", 0.02))

    noted = portrait(pipeline).liveness
    assert noted is not None
    assert noted.verdict == "spoof"
    refused = refusal(pipeline, liveness=LivenessSettings(refuse_enrolment=True))
    assert refused.verdict == "spoof"
    assert "photograph of a photograph" in refused.reason
    assert "0.02, under 0.50" in refused.reason


@pytest.mark.parametrize("verdict", ["live", "unknown"])
def test_nothing_else_that_liveness_says_is_refused(verdict: LivenessVerdict) -> None:
    pipeline = vision(200, liveness=Judge(verdict, 0.6))

    found = examine(pipeline, PICTURE, LIMITS, LivenessSettings(refuse_enrolment=True))
    assert isinstance(found, Portrait)


def test_a_template_lies_as_near_to_the_face_as_to_its_mirror_image() -> None:
    pipeline = vision(200)
    crop = portrait(pipeline).face.crop
    mirrored = np.ascontiguousarray(crop[:, ::-1])

    template = template_of(pipeline, crop)

    face, mirror = pipeline.embedder.embed([crop, mirrored])
    assert float(np.linalg.norm(template)) == pytest.approx(1.0, abs=1e-6)
    assert float(template @ face) == pytest.approx(float(template @ mirror), abs=1e-5)
    assert float(template @ face) > float(face @ mirror)
