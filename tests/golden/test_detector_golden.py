"""Every detector finds the drawn face where it found it when the golden values were written, and where it was drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from footfall.errors import ModelMissingError
from footfall.settings import VisionSettings
from footfall.vision.detectors import open_detector
from footfall.vision.types import DetectedFace, Detector
from tests.golden.drawn_face import DRAWN_LANDMARKS, drawn_face

Name = Literal["yunet", "yuface", "retinaface"]
NAMES: tuple[Name, ...] = ("yuface", "yunet", "retinaface")

GOLDEN_TOLERANCE_PX = 1.5
"""yuface answers in whole pixels; runtimes differ in the last bits."""

DRAWN_TOLERANCE_PX = 12.0
"""What a detector takes for the middle of an eye and what was drawn as one differ by a few pixels of 360, more so
where the face is small."""


def _detector(name: Name, models_dir: Path, **more: object) -> Detector:
    try:
        return open_detector(VisionSettings.model_validate({"detector": name, **more}), models_dir)
    except ModelMissingError as error:
        pytest.skip(f"{name}: no source of its weights answers here ({error})")


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> Name:
    chosen: Name = request.param
    return chosen


def _the_one(faces: list[DetectedFace]) -> DetectedFace:
    assert len(faces) == 1
    return faces[0]


def test_the_drawn_face_is_found_where_it_was(name: Name, models_dir: Path, golden: Path) -> None:
    face = _the_one(_detector(name, models_dir).detect(drawn_face()))
    expected = json.loads((golden / "detectors.json").read_text(encoding="utf-8"))[name]
    box = [face.box.x, face.box.y, face.box.width, face.box.height]
    assert box == pytest.approx(expected["box"], abs=GOLDEN_TOLERANCE_PX)
    assert np.abs(face.landmarks - np.array(expected["landmarks"])).max() <= GOLDEN_TOLERANCE_PX
    assert face.score == pytest.approx(expected["score"], abs=0.02)


def test_landmarks_lie_where_they_were_drawn(name: Name, models_dir: Path) -> None:
    face = _the_one(_detector(name, models_dir).detect(drawn_face()))
    assert np.abs(face.landmarks - DRAWN_LANDMARKS * 360).max() <= DRAWN_TOLERANCE_PX


@pytest.mark.parametrize("side_px", [150, 1111, 1500])
def test_a_picture_of_any_size_answers_in_its_own_pixels(name: Name, models_dir: Path, side_px: int) -> None:
    face = _the_one(_detector(name, models_dir).detect(drawn_face(side_px)))
    assert np.abs(face.landmarks / side_px - DRAWN_LANDMARKS).max() <= DRAWN_TOLERANCE_PX / 360


def test_two_faces_in_a_wide_picture_are_told_apart(name: Name, models_dir: Path) -> None:
    face = drawn_face(300)
    faces = _detector(name, models_dir).detect(np.concatenate([face, face[:, ::-1]], axis=1))
    assert sorted(round(found.box.x // 300) for found in faces) == [0, 1]
    assert faces[0].score >= faces[1].score


def test_a_picture_without_a_face_gives_none(name: Name, models_dir: Path) -> None:
    noise = np.random.default_rng(1).integers(0, 255, (240, 320, 3), dtype=np.uint8)
    detector = _detector(name, models_dir)
    assert detector.detect(noise) == []
    assert detector.detect(np.zeros((1, 1, 3), dtype=np.uint8)) == []
    assert detector.detect(np.zeros((2, 3000, 3), dtype=np.uint8)) == []


def test_the_score_floor_drops_what_lies_under_it(name: Name, models_dir: Path) -> None:
    sure = _detector(name, models_dir, detection_score_floor=0.99)
    unsure = _detector(name, models_dir, detection_score_floor=0.3)
    small_and_blurred = np.ascontiguousarray(drawn_face(60))
    assert all(face.score >= 0.99 for face in sure.detect(small_and_blurred))
    assert len(unsure.detect(small_and_blurred)) >= len(sure.detect(small_and_blurred))


def test_both_runtimes_find_the_same(models_dir: Path) -> None:
    onnx = _the_one(_detector("yunet", models_dir, backend="onnxruntime").detect(drawn_face()))
    vino = _the_one(_detector("yunet", models_dir, backend="openvino").detect(drawn_face()))
    assert np.abs(onnx.landmarks - vino.landmarks).max() < 0.05
