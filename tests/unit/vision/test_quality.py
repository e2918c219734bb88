"""Quality: a pure number that never falls when a face gets larger, sharper, straighter or surer."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.settings import VisionSettings
from footfall.vision.align import TEMPLATE, align
from footfall.vision.quality import quality_of, quality_score, roll_of, sharpness_of, yaw_of
from footfall.vision.types import Box, DetectedFace, Float32Array
from tests.golden.drawn_face import DRAWN_LANDMARKS, drawn_crop, drawn_face

GOOD = {"size_px": 120.0, "sharpness": 400.0, "yaw_deg": 5.0, "roll_deg": 2.0, "detection_score": 0.93}

parts = st.fixed_dictionaries(
    {
        "size_px": st.floats(0, 1000),
        "sharpness": st.floats(0, 5000),
        "yaw_deg": st.floats(-90, 90),
        "roll_deg": st.floats(-180, 180),
        "detection_score": st.floats(0, 1),
    }
)


def _head(yaw_deg: float, *, roll_deg: float = 0.0, scale: float = 100.0) -> Float32Array:
    """Five points of a round head, turned about its upright, seen from afar."""
    points = np.array([[-0.5, -0.4, 0], [0.5, -0.4, 0], [0, 0.2, 0.5], [-0.35, 0.7, 0], [0.35, 0.7, 0]])
    yaw, roll = np.deg2rad(yaw_deg), np.deg2rad(roll_deg)
    across = points[:, 0] * np.cos(yaw) + points[:, 2] * np.sin(yaw)
    flat = np.stack([across, points[:, 1]], axis=1) * scale
    turn = np.array([[np.cos(roll), -np.sin(roll)], [np.sin(roll), np.cos(roll)]])
    return np.asarray(flat @ turn.T + 300, dtype=np.float32)


@given(parts)
def test_the_score_lies_between_zero_and_one(values: dict[str, float]) -> None:
    assert 0.0 <= quality_score(**values) <= 1.0


@given(parts, st.floats(0, 500))
def test_more_of_a_good_thing_never_scores_lower(values: dict[str, float], more: float) -> None:
    before = quality_score(**values)
    assert quality_score(**{**values, "size_px": values["size_px"] + more}) >= before
    assert quality_score(**{**values, "sharpness": values["sharpness"] + more}) >= before
    assert quality_score(**{**values, "detection_score": min(1, values["detection_score"] + more / 500)}) >= before
    assert quality_score(**{**values, "yaw_deg": values["yaw_deg"] / (1 + more)}) >= before
    assert quality_score(**{**values, "roll_deg": values["roll_deg"] / (1 + more)}) >= before


@pytest.mark.parametrize(
    ("name", "worse"),
    [
        ("size_px", 40.0),
        ("sharpness", 40.0),
        ("yaw_deg", 45.0),
        ("yaw_deg", -45.0),
        ("roll_deg", 60.0),
        ("detection_score", 0.62),
    ],
)
def test_every_part_counts(name: str, worse: float) -> None:
    assert quality_score(**{**GOOD, name: worse}) < quality_score(**GOOD) - 0.05


@pytest.mark.parametrize(
    ("name", "hopeless"), [("size_px", 10.0), ("sharpness", 0.0), ("yaw_deg", 80.0), ("detection_score", 0.2)]
)
def test_one_hopeless_part_makes_the_whole_hopeless(name: str, hopeless: float) -> None:
    assert quality_score(**{**GOOD, name: hopeless}) == 0.0


def test_the_default_floor_parts_usable_faces_from_useless_ones() -> None:
    floor = VisionSettings().quality_floor
    assert quality_score(**GOOD) > floor
    small_but_clear = {**GOOD, "size_px": 40.0, "sharpness": 150.0}
    assert quality_score(**small_but_clear) > floor
    tiny_and_turned_away = {**GOOD, "size_px": 24.0, "sharpness": 40.0, "yaw_deg": 55.0}
    assert quality_score(**tiny_and_turned_away) < floor


@pytest.mark.parametrize("yaw_deg", [-60.0, -30.0, -10.0, 0.0, 10.0, 30.0, 60.0])
@pytest.mark.parametrize("roll_deg", [-35.0, 0.0, 20.0])
def test_the_yaw_of_a_turned_head_is_found_under_any_roll(yaw_deg: float, roll_deg: float) -> None:
    head = _head(yaw_deg, roll_deg=roll_deg)
    assert yaw_of(head) == pytest.approx(yaw_deg, abs=1.0)
    assert roll_of(head) == pytest.approx(roll_deg, abs=1.0)


def test_a_profile_counts_as_a_full_turn() -> None:
    head = _head(0.0)
    head[[0, 1]] = head[[1, 0]]
    head[2, 0] += 20
    assert yaw_of(head) == 90.0
    head[2, 0] -= 40
    assert yaw_of(head) == -90.0


def test_landmarks_in_one_point_have_no_yaw() -> None:
    assert yaw_of(np.full((5, 2), 7.0, dtype=np.float32)) == 0.0


@given(st.floats(0.2, 30))
def test_pose_does_not_depend_on_size(scale: float) -> None:
    assert yaw_of(TEMPLATE * np.float32(scale)) == pytest.approx(yaw_of(TEMPLATE), abs=0.1)


def test_blur_lowers_sharpness() -> None:
    crop = drawn_crop()
    textured = np.clip(crop + np.random.default_rng(5).normal(0, 12, crop.shape), 0, 255).astype(np.uint8)
    blurred = cv2.GaussianBlur(textured, (0, 0), 2.0)
    assert sharpness_of(np.ascontiguousarray(blurred)) < sharpness_of(textured) / 5
    assert sharpness_of(np.full((112, 112, 3), 90, dtype=np.uint8)) == 0.0


def test_quality_reports_every_part_of_a_face() -> None:
    landmarks = (DRAWN_LANDMARKS * 360).astype(np.float32)
    face = DetectedFace(Box(90, 80, 170, 210), landmarks, 0.9)
    quality = quality_of(face, align(drawn_face(), landmarks))
    assert quality.size_px == 170
    assert quality.detection_score == 0.9
    assert abs(quality.yaw_deg) < 1
    assert abs(quality.roll_deg) < 1
    assert quality.score == quality_score(
        size_px=170,
        sharpness=quality.sharpness,
        yaw_deg=quality.yaw_deg,
        roll_deg=quality.roll_deg,
        detection_score=0.9,
    )
