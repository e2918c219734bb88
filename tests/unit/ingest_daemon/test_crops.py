"""The picture of a face that is sent along."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from contracts.events import MAX_CROP_SIDE_PX
from footfall.errors import NotAnImageError
from footfall.vision.types import Box
from ingest_daemon.crops import LONGEST_SIDE_PX, MARGIN, MOST_BYTES, face_picture, jpeg_within

FRAME = np.random.default_rng(5).integers(0, 256, (720, 1280, 3), dtype=np.uint8)


def test_a_face_comes_with_a_margin() -> None:
    picture = face_picture(FRAME, Box(600, 300, 100, 100))

    assert picture.shape == (180, 180, 3)
    assert np.array_equal(picture, FRAME[260:440, 560:740])


def test_a_large_face_is_made_small() -> None:
    picture = face_picture(FRAME, Box(200, 50, 500, 600))

    assert max(picture.shape) == LONGEST_SIDE_PX <= MAX_CROP_SIDE_PX


@pytest.mark.parametrize("side", [181, 300, 390, 400])
def test_a_large_face_looks_as_if_it_had_been_shrunk_at_once(side: float) -> None:
    """Fine stripes are the hardest: what skips pixels makes false ones of them."""
    stripes = np.zeros((720, 1280, 3), np.uint8)
    stripes[:, ::3] = 255
    box = Box(400, 200, side, side)

    picture = face_picture(stripes, box)

    height, width = picture.shape[:2]
    margin = MARGIN * side
    cut = stripes[int(200 - margin) : int(200 + side + margin), int(400 - margin) : int(400 + side + margin)]
    at_once = cv2.resize(cut, (width, height), interpolation=cv2.INTER_AREA)
    assert abs(float(picture.mean()) - float(at_once.mean())) < 3.0
    assert float(np.abs(cv2.blur(picture, (9, 9)).astype(int) - cv2.blur(at_once, (9, 9))).mean()) < 8.0


@pytest.mark.parametrize("box", [Box(-40, -40, 100, 100), Box(1240, 700, 100, 100), Box(5000, 5000, 10, 10)])
def test_a_face_at_or_over_the_edge_gives_what_is_there(box: Box) -> None:
    picture = face_picture(FRAME, box)

    assert picture.shape[0] >= 1
    assert picture.shape[1] >= 1


def test_a_picture_does_not_keep_its_frame_alive() -> None:
    assert face_picture(FRAME, Box(600, 300, 100, 100)).base is None


def test_even_noise_fits_the_bytes_and_is_a_jpeg() -> None:
    data = jpeg_within(face_picture(FRAME, Box(200, 50, 500, 600)))

    assert len(data) <= MOST_BYTES
    decoded = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    assert max(decoded.shape) == LONGEST_SIDE_PX


def test_what_cannot_fit_is_refused() -> None:
    with pytest.raises(NotAnImageError, match="does not fit 500 bytes"):
        jpeg_within(face_picture(FRAME, Box(200, 50, 500, 600)), most_bytes=500)
