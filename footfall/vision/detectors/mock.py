"""A detector without weights, for trying things offline: it sees a face in every picture that has content."""

from __future__ import annotations

import numpy as np

from footfall.vision.align import CROP_PX, TEMPLATE
from footfall.vision.types import BgrImage, Box, DetectedFace

FACE_SHARE = 0.5
"""Side of the face as a share of its tile's shorter side."""

BLANK_DEVIATION = 2.0
"""Grey levels of standard deviation under which a tile is blank: no face."""


class MockDetector:
    """One face in the middle of every square tile, from left to right: a picture twice as wide as high holds two.
    Deterministic; blank tiles hold none. Thread-safe, for it keeps nothing."""

    @property
    def name(self) -> str:
        return "mock-1"

    @property
    def sees_parts(self) -> bool:
        return False

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:  # noqa: ARG002 - it sees alike at any size
        height, width = image.shape[:2]
        tiles = max(1, width // max(1, height))
        tile_px = width / tiles
        side = FACE_SHARE * min(tile_px, height)
        faces: list[DetectedFace] = []
        for tile in range(tiles):
            left, top = (tile + 0.5) * tile_px - side / 2, (height - side) / 2
            seen = image[int(top) : int(top + side) + 1, int(left) : int(left + side) + 1]
            if side >= 1.0 and float(seen.std()) >= BLANK_DEVIATION:
                landmarks = TEMPLATE * np.float32(side / CROP_PX) + np.array([left, top], dtype=np.float32)
                faces.append(DetectedFace(Box(left, top, side, side), landmarks.astype(np.float32), 0.99))
        return faces
