"""What surrounds a detector's network: resizing, padding, suppression, decoding of raw outputs by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.errors import ModelCorruptError
from footfall.vision.detectors import retinaface, yunet
from footfall.vision.detectors.geometry import as_tensor, faces_from, padded_to, resized_to, suppressed
from footfall.vision.types import Float32Array
from tests.unit.vision.images import pattern


@given(height=st.integers(1, 900), width=st.integers(1, 900), long_side_px=st.integers(160, 700))
def test_resizing_keeps_the_limits(height: int, width: int, long_side_px: int) -> None:
    image = np.zeros((height, width, 3), dtype=np.uint8)
    resized, factor = resized_to(image, long_side_px)
    assert max(resized.shape[:2]) <= max(long_side_px, 1)
    assert 0 < factor <= 2.0
    assert resized.shape[0] == max(1, round(height * factor))
    assert resized.shape[1] == max(1, round(width * factor))


def test_small_pictures_are_enlarged_twice_at_most() -> None:
    assert resized_to(pattern(100, 120), 640)[1] == 2.0
    assert resized_to(pattern(100, 400), 640)[1] == pytest.approx(1.6)
    assert resized_to(pattern(100, 120), 640, most=100)[0].shape[1] == 640
    assert resized_to(pattern(200, 640), 640)[1] == 1.0


def test_padding_adds_black_at_the_right_and_below() -> None:
    padded = padded_to(pattern(100, 90), 128, 96)
    assert padded.shape == (128, 96, 3)
    assert (padded[:100, :90] == pattern(100, 90)).all()
    assert not padded[100:].any()
    assert not padded[:, 90:].any()


def test_a_tensor_is_planes_less_the_mean() -> None:
    image = pattern(4, 6)
    tensor = as_tensor(image, (104.0, 117.0, 123.0))
    assert tensor.shape == (1, 3, 4, 6)
    assert tensor.flags.c_contiguous
    assert tensor[0, 2, 3, 5] == pytest.approx(float(image[3, 5, 2]) - 123.0)


def test_suppression_keeps_the_best_of_each_heap() -> None:
    boxes = np.array([[0, 0, 100, 100], [5, 5, 100, 100], [300, 0, 50, 50], [302, 2, 50, 50], [90, 90, 100, 100]])
    scores = np.array([0.8, 0.9, 0.7, 0.6, 0.5])
    assert suppressed(boxes.astype(float), scores) == [1, 2, 4]
    assert suppressed(np.zeros((0, 4)), np.zeros(0)) == []


@given(st.lists(st.tuples(st.floats(0, 500), st.floats(0, 500), st.floats(1, 200), st.floats(1, 200)), max_size=30))
def test_no_two_kept_boxes_overlap_much(rows: list[tuple[float, float, float, float]]) -> None:
    boxes = np.array(rows).reshape(-1, 4)
    kept = boxes[suppressed(boxes, np.linspace(1, 0, len(boxes)))]
    for index, (x, y, width, height) in enumerate(kept):
        for other_x, other_y, other_width, other_height in kept[index + 1 :]:
            across = max(0.0, min(x + width, other_x + other_width) - max(x, other_x))
            down = max(0.0, min(y + height, other_y + other_height) - max(y, other_y))
            union = width * height + other_width * other_height - across * down
            assert across * down <= 0.3 * union + 1e-6


def _points(spread: float) -> Float32Array:
    return np.array([[0, 0], [spread, 0], [spread / 2, spread / 2], [0, spread], [spread, spread]], dtype=np.float32)


def test_detections_without_extent_or_number_are_dropped() -> None:
    boxes = np.array([[10, 10, 50, 50], [10, 90, 0.5, 50], [np.nan, 0, 50, 50], [200, 200, 50, 50], [300, 0, 40, 40]])
    landmarks = np.stack([_points(20), _points(20), _points(20), _points(0.2), _points(20)])
    landmarks[4, 2, 0] = np.inf
    faces = faces_from(boxes, landmarks, np.full(5, 0.9))
    assert [face.box.x for face in faces] == [10.0]
    assert faces[0].landmarks.dtype == np.float32


def test_faces_come_best_first_with_scores_held_to_one() -> None:
    boxes = np.array([[0, 0, 50, 50], [100, 0, 50, 50]], dtype=float)
    faces = faces_from(boxes, np.stack([_points(20), _points(20) + 100]), np.array([0.7, 1.2]))
    assert [face.score for face in faces] == [1.0, 0.7]


def _empty_yunet_outputs(height: int, width: int) -> list[Float32Array]:
    cells = [(height // stride) * (width // stride) for stride in yunet.STRIDES]
    return [np.zeros((1, count, last), dtype=np.float32) for last in (1, 1, 4, 10) for count in cells]


def test_yunet_outputs_are_decoded_from_their_cell() -> None:
    """Cell (column 3, row 2) of the 16-pixel grid, in an input 128 wide: eight cells a row."""
    outputs = _empty_yunet_outputs(64, 128)
    cell = 2 * 8 + 3
    outputs[1][0, cell], outputs[4][0, cell] = 0.81, 1.0
    outputs[7][0, cell] = [0.5, -0.25, np.log(2.0), np.log(3.0)]
    outputs[10][0, cell] = [0, 0, 1, 0, 0.5, 0.5, 0, 1, 1, 1]
    boxes, landmarks, scores = yunet.decoded(outputs, width=128, score_floor=0.6)
    assert scores == pytest.approx([0.9])
    assert boxes[0] == pytest.approx([56 - 16, 28 - 24, 32, 48], abs=1e-4)
    assert landmarks[0].reshape(-1) == pytest.approx([48, 32, 64, 32, 56, 40, 48, 48, 64, 48], abs=1e-4)


def test_yunet_outputs_under_the_floor_are_nothing() -> None:
    outputs = _empty_yunet_outputs(64, 64)
    outputs[0][0, 0], outputs[3][0, 0] = 0.5, 0.5
    boxes, landmarks, scores = yunet.decoded(outputs, width=64, score_floor=0.6)
    assert (len(boxes), len(landmarks), len(scores)) == (0, 0, 0)


def test_retinaface_has_its_published_priors() -> None:
    priors = retinaface.priors()
    assert priors.shape == (16_800, 4)
    assert priors[0] * 640 == pytest.approx([4, 4, 16, 16])
    assert priors[1] * 640 == pytest.approx([4, 4, 32, 32])
    assert priors[2] * 640 == pytest.approx([12, 4, 16, 16])
    assert priors[80 * 80 * 2] * 640 == pytest.approx([8, 8, 64, 64])
    assert priors[-1] * 640 == pytest.approx([624, 624, 512, 512])


def test_retinaface_outputs_are_decoded_from_their_prior() -> None:
    prior = np.array([[0.5, 0.25, 0.1, 0.2], [0.1, 0.1, 0.1, 0.1]], dtype=np.float32)
    offsets = np.array([[[1.0, -1.0, np.log(2.0) / 0.2, 0.0], [0, 0, 0, 0]]], dtype=np.float32)
    classes = np.array([[[0.1, 0.9], [0.9, 0.1]]], dtype=np.float32)
    points = np.zeros((1, 2, 10), dtype=np.float32)
    points[0, 0, :2] = [2.0, -2.0]
    boxes, landmarks, scores = retinaface.decoded([offsets, classes, points], prior, score_floor=0.6)
    assert scores == pytest.approx([0.9])
    assert boxes[0] == pytest.approx([0.51 - 0.1, 0.23 - 0.1, 0.2, 0.2], abs=1e-5)
    assert landmarks[0, 0] == pytest.approx([0.52, 0.21], abs=1e-5)
    assert landmarks[0, 1] == pytest.approx([0.5, 0.25], abs=1e-5)


def test_outputs_that_are_not_retinafaces_are_refused() -> None:
    with pytest.raises(ModelCorruptError):
        retinaface.decoded([np.zeros((1, 9, 4), dtype=np.float32)] * 3, retinaface.priors(), score_floor=0.5)
