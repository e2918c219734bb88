"""A photograph is enrolled when whose face it shows is beyond doubt, and the face is large and clear enough."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.errors import NoFaceError, PoorQualityError, SeveralFacesError
from footfall.photographs import portrait_of, template_of
from footfall.settings import VisionSettings
from footfall.vision.align import CROP_PX, TEMPLATE
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, Box, DetectedFace

LIMITS = VisionSettings(quality_floor=0.35, enrol_min_face_px=64)
PICTURE: BgrImage = np.random.default_rng(5).integers(0, 255, size=(700, 900, 3), dtype=np.uint8)


class ScriptedDetector:
    """Finds square faces of the given sizes, side by side, whatever the picture shows."""

    name = "scripted"

    def __init__(self, *sides_px: float, score: float = 0.9) -> None:
        self._sides_px = sides_px
        self._score = score

    def detect(self, image: BgrImage) -> list[DetectedFace]:  # noqa: ARG002 - the script decides what is seen
        faces: list[DetectedFace] = []
        left = 10.0
        for side in self._sides_px:
            landmarks = TEMPLATE * np.float32(side / CROP_PX) + np.array([left, 20.0], dtype=np.float32)
            faces.append(DetectedFace(Box(left, 20.0, side, side), landmarks.astype(np.float32), self._score))
            left += side + 10.0
        return faces


def vision(*sides_px: float, score: float = 0.9, limits: VisionSettings = LIMITS) -> VisionPipeline:
    return VisionPipeline(
        detector=ScriptedDetector(*sides_px, score=score),
        embedder=MockEmbedder(),
        thresholds=MOCK_THRESHOLDS,
        settings=limits,
    )


def test_one_face_is_taken() -> None:
    portrait = portrait_of(vision(200), PICTURE, LIMITS)

    assert (portrait.face.quality.size_px, portrait.background_faces) == (200, 0)
    assert portrait.face.crop.shape == (112, 112, 3)


def test_a_photograph_without_a_face_is_refused() -> None:
    with pytest.raises(NoFaceError, match="No face was found"):
        portrait_of(vision(), PICTURE, LIMITS)


@pytest.mark.parametrize(
    ("sides_px", "background_faces"),
    [((210, 70), 1), ((70, 210), 1), ((210, 20, 30, 69), 3)],
)
def test_faces_up_to_a_third_of_the_largest_are_background(sides_px: tuple[float, ...], background_faces: int) -> None:
    portrait = portrait_of(vision(*sides_px), PICTURE, LIMITS)

    assert (portrait.face.quality.size_px, portrait.background_faces) == (210, background_faces)


@pytest.mark.parametrize(
    ("sides_px", "count"),
    [((210, 71), 2), ((71, 210), 2), ((200, 200, 200), 3), ((210, 100, 20), 2)],
)
def test_a_second_face_of_more_than_a_third_is_refused_with_the_count(sides_px: tuple[float, ...], count: int) -> None:
    with pytest.raises(SeveralFacesError, match=f"^{count} faces were found") as refusal:
        portrait_of(vision(*sides_px), PICTURE, LIMITS)

    assert refusal.value.hint is not None
    assert "Crop" in refusal.value.hint


@pytest.mark.parametrize(("side_px", "fits"), [(64, True), (63, False), (40, False)])
def test_a_face_must_be_large_enough(side_px: float, fits: bool) -> None:
    floorless = LIMITS.model_copy(update={"quality_floor": 0.0})
    pipeline = vision(side_px, limits=floorless)

    if fits:
        assert portrait_of(pipeline, PICTURE, floorless).face.quality.size_px == side_px
    else:
        with pytest.raises(PoorQualityError, match=f"{side_px} px on its shorter side; enrolment needs 64 px"):
            portrait_of(pipeline, PICTURE, floorless)


def test_a_face_under_the_quality_floor_is_refused_with_its_numbers() -> None:
    with pytest.raises(
        PoorQualityError,
        match=r"quality is 0\.\d\d; 0\.35 is needed\. Sharpness \d+, turned by -?\d+ degrees, tilted by "
        r"-?\d+ degrees, detection score 0\.30\.",
    ):
        portrait_of(vision(200, score=0.301), PICTURE, LIMITS)


def test_a_template_lies_as_near_to_the_face_as_to_its_mirror_image() -> None:
    pipeline = vision(200)
    crop = portrait_of(pipeline, PICTURE, LIMITS).face.crop
    mirrored = np.ascontiguousarray(crop[:, ::-1])

    template = template_of(pipeline, crop)

    face, mirror = pipeline.embedder.embed([crop, mirrored])
    assert float(np.linalg.norm(template)) == pytest.approx(1.0, abs=1e-6)
    assert float(template @ face) == pytest.approx(float(template @ mirror), abs=1e-5)
    assert float(template @ face) > float(face @ mirror)
