"""A picture that may leave the host: whoever is not to be identified cannot be."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from contracts.base import PrivacyMode
from footfall.errors import ConflictError
from footfall.vision.types import BgrImage
from ingest_daemon.operated import Picture
from ingest_daemon.snapshot import LONGEST_SIDE_PX, safe_picture
from tests.unit.ingest_daemon.operated_kit import SEEN_AT
from tests.unit.ingest_daemon.stage import FACE_PX, Actor, picture, stage_vision

FACE = slice(110, 100 + FACE_PX - 10), slice(110, 100 + FACE_PX - 10)


def shown(mode: PrivacyMode | None) -> tuple[BgrImage, int]:
    safe = safe_picture(Picture(picture([Actor(1, 100.0)]), SEEN_AT, 0), stage_vision()[0].detector, mode)
    decoded = cv2.imdecode(np.frombuffer(safe.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, dtype=np.uint8), safe.faces_hidden


def test_where_people_are_identified_the_picture_is_as_it_was() -> None:
    image, hidden = shown("identify")
    assert hidden == 0
    difference = cv2.absdiff(image[FACE], picture([Actor(1, 100.0)])[FACE])
    assert float(difference.mean()) < 6.0, "but for what JPEG loses"


@pytest.mark.parametrize("mode", ["staff_only", "count_only", None])
def test_elsewhere_a_face_is_a_few_blocks(mode: PrivacyMode | None) -> None:
    image, hidden = shown(mode)
    original, _ = shown("identify")
    assert hidden == 1
    fine = [
        float(cv2.Laplacian(cv2.cvtColor(one[FACE], cv2.COLOR_BGR2GRAY), cv2.CV_64F).var()) for one in (image, original)
    ]
    assert fine[0] < 0.3 * fine[1]


def test_without_a_detector_nothing_is_shown_that_would_have_to_be_hidden() -> None:
    taken = Picture(picture([Actor(1, 100.0)]), SEEN_AT, 0)
    with pytest.raises(ConflictError):
        safe_picture(taken, None, "count_only")
    assert safe_picture(taken, None, "identify").jpeg


def test_a_large_picture_is_shrunk() -> None:
    large = np.zeros((1080, 1920, 3), np.uint8)
    safe = safe_picture(Picture(large, SEEN_AT, 0), None, "identify")
    assert (safe.width, safe.height) == (LONGEST_SIDE_PX, 720)
