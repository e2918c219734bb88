"""Pictures of faces fit for sending: a margin around the face, small, as JPEG. Alignment for embedding is vision's."""

from __future__ import annotations

import cv2
import numpy as np

from footfall.errors import NotAnImageError
from footfall.vision.types import BgrImage, Box

MARGIN = 0.4
"""Of the box's longer side, on each edge: hair and chin, so that a person can tell who it is."""
LONGEST_SIDE_PX = 320
MOST_BYTES = 40_000
_JPEG_QUALITIES = (90, 80, 70, 55, 40, 25)


def face_picture(image: BgrImage, box: Box) -> BgrImage:
    """A copy of the face with its margin, cut off at the frame's edges, its longer side at most LONGEST_SIDE_PX.

    A copy, because a view would keep the whole frame in memory for as long as the track lives.
    """
    height, width = image.shape[:2]
    margin = MARGIN * max(box.width, box.height)
    left = int(np.clip(box.x - margin, 0, width - 1))
    top = int(np.clip(box.y - margin, 0, height - 1))
    right = int(np.clip(box.x + box.width + margin, left + 1, width))
    bottom = int(np.clip(box.y + box.height + margin, top + 1, height))
    cut = image[top:bottom, left:right]
    scale = LONGEST_SIDE_PX / max(cut.shape[:2])
    if scale >= 1.0:
        return cut.copy()
    size = max(1, round(cut.shape[1] * scale)), max(1, round(cut.shape[0] * scale))
    return np.asarray(cv2.resize(_in_blocks(cut, int(1 / scale)), size, interpolation=cv2.INTER_LINEAR), dtype=np.uint8)


def _in_blocks(picture: BgrImage, side: int) -> BgrImage:
    """`picture` shrunk `side` times by the means of whole blocks, so that what is left to shrink is less than by half
    and two pixels a side say enough: a fifth of what shrinking by area in one step costs, to the eye the same."""
    if side < 2:
        return picture
    rows, columns = picture.shape[0] // side, picture.shape[1] // side
    if rows == 0 or columns == 0:
        return picture
    blocks = picture[: rows * side, : columns * side]
    return np.asarray(cv2.resize(blocks, (columns, rows), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def jpeg_within(picture: BgrImage, most_bytes: int = MOST_BYTES) -> bytes:
    """`picture` as JPEG of at most `most_bytes`, in the best quality that fits.

    Raises NotAnImageError when it does not fit even in the poorest, which no picture of LONGEST_SIDE_PX does.
    """
    for quality in _JPEG_QUALITIES:
        encoded, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        if encoded and data.size <= most_bytes:
            return bytes(data.tobytes())
    raise NotAnImageError(f"A face picture of {picture.shape[1]}x{picture.shape[0]} does not fit {most_bytes} bytes.")
