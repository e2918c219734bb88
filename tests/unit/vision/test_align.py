"""Alignment: five landmarks land on the ArcFace template, whatever the face's size, tilt and place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import PoorQualityError
from footfall.vision.align import CROP_PX, TEMPLATE, align, similarity_to_template
from footfall.vision.types import BgrImage, Float32Array
from tests.golden.drawn_face import DRAWN_LANDMARKS, drawn_face


def _moved(points: Float32Array, *, scale: float, degrees: float, x: float, y: float) -> Float32Array:
    turn = np.deg2rad(degrees)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return np.asarray(points @ matrix.T + np.array([x, y]), dtype=np.float32)


@given(
    scale=st.floats(0.1, 20),
    degrees=st.floats(-180, 180),
    x=st.floats(-2000, 2000),
    y=st.floats(-2000, 2000),
)
def test_any_turned_scaled_shifted_template_comes_back_onto_itself(
    scale: float, degrees: float, x: float, y: float
) -> None:
    landmarks = _moved(TEMPLATE, scale=scale, degrees=degrees, x=x, y=y)
    matrix = similarity_to_template(landmarks).astype(np.float64)
    back = landmarks.astype(np.float64) @ matrix[:, :2].T + matrix[:, 2]
    assert np.abs(back - TEMPLATE).max() < 0.05


@given(st.lists(st.tuples(st.floats(-300, 300), st.floats(-300, 300)), min_size=5, max_size=5, unique=True))
def test_the_transform_is_a_similarity_without_reflection(points: list[tuple[float, float]]) -> None:
    try:
        matrix = similarity_to_template(np.array(points, dtype=np.float32))
    except PoorQualityError:
        return
    (a, b), (c, d) = matrix[:, :2]
    assert a == pytest.approx(d, abs=1e-6)
    assert b == pytest.approx(-c, abs=1e-6)


def test_it_is_the_least_squares_answer() -> None:
    """Against numpy's solver over the same four unknowns."""
    landmarks = _moved(TEMPLATE, scale=2.0, degrees=12, x=40, y=90) + np.random.default_rng(3).normal(0, 6, (5, 2))
    x, y = landmarks[:, 0], landmarks[:, 1]
    ones, none = np.ones(5), np.zeros(5)
    system = np.concatenate([np.stack([x, -y, ones, none], 1), np.stack([y, x, none, ones], 1)])
    target = np.concatenate([TEMPLATE[:, 0], TEMPLATE[:, 1]])
    (a, b, tx, ty), *_ = np.linalg.lstsq(system, target)
    expected = np.array([[a, -b, tx], [b, a, ty]])
    assert similarity_to_template(landmarks.astype(np.float32)) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    "landmarks",
    [
        np.full((5, 2), 50.0),
        np.full((5, 2), np.nan),
        np.array([[0, 0], [1, 0], [np.inf, 1], [0, 1], [1, 1]]),
        np.zeros((4, 2)),
    ],
)
def test_landmarks_without_extent_are_refused(landmarks: Float32Array) -> None:
    with pytest.raises(PoorQualityError):
        similarity_to_template(landmarks.astype(np.float32))


def _dots(landmarks: Float32Array, side_px: int, radius_px: float) -> BgrImage:
    """A white picture with a soft black dot centred on every landmark."""
    down, across = np.mgrid[0:side_px, 0:side_px].astype(np.float64)
    light = np.ones((side_px, side_px))
    for x, y in landmarks:
        light -= np.exp(-((across - x) ** 2 + (down - y) ** 2) / (2 * radius_px**2))
    return np.repeat(np.clip(light * 255, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)


def _centre_of_darkness(crop: BgrImage, x: float, y: float) -> tuple[float, float]:
    left, top = round(x) - 7, round(y) - 7
    dark = 255.0 - crop[top : top + 15, left : left + 15, 0]
    rows, columns = np.mgrid[0:15, 0:15]
    return left + float((dark * columns).sum() / dark.sum()), top + float((dark * rows).sum() / dark.sum())


@pytest.mark.parametrize("side_px", [60, 200, 560, 1111, 2600])
def test_landmarks_land_on_the_template_at_any_size(side_px: int) -> None:
    """Small faces are enlarged, large ones shrunk by area first: neither may shift the picture."""
    landmarks = _moved(TEMPLATE, scale=side_px / 150, degrees=7, x=side_px * 0.1, y=side_px * 0.05)
    crop = align(_dots(landmarks, side_px, side_px / 150 * 1.5), landmarks)
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    for x, y in TEMPLATE:
        assert _centre_of_darkness(crop, x, y) == pytest.approx((x, y), abs=0.25)


def test_crops_of_one_face_at_two_sizes_are_alike() -> None:
    small, large = (align(drawn_face(px), (DRAWN_LANDMARKS * px).astype(np.float32)) for px in (360, 1200))
    assert np.abs(small.astype(int) - large).mean() < 1.5


def test_a_large_face_is_shrunk_without_aliasing() -> None:
    """One-pixel stripes are grey from afar; bilinear sampling alone would show bold stripes."""
    stripes = np.zeros((1600, 1600, 3), dtype=np.uint8)
    stripes[:, ::2] = 255
    crop = align(stripes, _moved(TEMPLATE, scale=10.3, degrees=0, x=100, y=100))
    inner = crop[20:-20, 20:-20].astype(float)
    assert inner.std() < 12
    assert inner.mean() == pytest.approx(127.5, abs=8)


def test_what_lies_outside_the_picture_is_black() -> None:
    white = np.full((200, 200, 3), 255, dtype=np.uint8)
    crop = align(white, _moved(TEMPLATE, scale=1.0, degrees=0, x=-56, y=0))
    assert (crop[:, :50] == 0).all()
    assert (crop[:, 60:] == 255).all()


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_a_face_wholly_outside_gives_a_black_crop(scale: float) -> None:
    crop = align(np.full((80, 80, 3), 255, dtype=np.uint8), _moved(TEMPLATE, scale=scale, degrees=0, x=9000, y=9000))
    assert crop.shape == (CROP_PX, CROP_PX, 3)
    assert not crop.any()
