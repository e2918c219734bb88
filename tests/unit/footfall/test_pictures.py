"""A stored picture carries the content type that its own header states."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from footfall.errors import NotAnImageError
from footfall.pictures import kind_of, png_of

PICTURE = np.random.default_rng(1).integers(0, 255, size=(40, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize(
    ("suffix", "content_type"),
    [(".jpg", "image/jpeg"), (".png", "image/png"), (".webp", "image/webp"), (".bmp", "image/bmp")],
)
def test_a_picture_is_what_its_header_says(suffix: str, content_type: str) -> None:
    _, data = cv2.imencode(suffix, PICTURE)

    kind = kind_of(data.tobytes())

    assert (kind.content_type, kind.suffix) == (content_type, suffix)


def test_what_is_no_picture_has_no_kind() -> None:
    with pytest.raises(NotAnImageError):
        kind_of(b"GIF89a and nothing that is read here")


def test_a_crop_as_png_loses_nothing() -> None:
    decoded = cv2.imdecode(np.frombuffer(png_of(PICTURE), dtype=np.uint8), cv2.IMREAD_COLOR)

    assert decoded is not None
    assert np.array_equal(decoded, PICTURE)


def test_an_empty_crop_is_no_picture() -> None:
    with pytest.raises(NotAnImageError, match="no pixels"):
        png_of(np.zeros((0, 0, 3), dtype=np.uint8))
