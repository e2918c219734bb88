"""Parts of a picture that are worth looking at: rectangles, their cost and their union. Pure; no picture is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from footfall.vision.types import Box
from ingest_daemon.changes import CELL_PX, Cells

MARGIN_FACES = 0.75
"""Around a face that is looked for again, on each edge, in its own sides: a detector wants to see the head."""
FINE_FACE_PX = 112.0
"""Faces need not be larger than this for the detector: it is what a face is aligned to."""
WHOLE_FROM_SHARE = 0.8
"""Parts that together cost this share of the whole picture are given up for the whole: it is one call."""
LEAST_SIDE_SHARE = 0.25
"""Of the picture's shorter side: a change smaller than this is looked at with its surroundings."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A frame's size in pixels; `scale`: detector's pixels for each when the whole frame is searched."""

    width: int
    height: int
    scale: float

    @property
    def whole(self) -> Region:
        return Region(0, 0, self.width, self.height, self.scale)


@dataclass(frozen=True, slots=True)
class Region:
    """Whole pixels of the frame, at least one. `scale`: detector's pixels for each."""

    left: int
    top: int
    right: int
    bottom: int
    scale: float

    @property
    def long_side_px(self) -> int:
        """Of the detector's input."""
        return max(1, round(max(self.right - self.left, self.bottom - self.top) * self.scale))

    @property
    def cost(self) -> float:
        """Pixels of the detector's input."""
        return (self.right - self.left) * (self.bottom - self.top) * self.scale**2

    def cuts(self, box: Box, width: int, height: int) -> bool:
        """Whether `box` reaches an edge of the region that is none of the frame's (`width` x `height`)."""
        return (
            (self.left > 0 and box.x < self.left + 2)
            or (self.top > 0 and box.y < self.top + 2)
            or (self.right < width and box.x + box.width > self.right - 2)
            or (self.bottom < height and box.y + box.height > self.bottom - 2)
        )


def around(box: Box, scene: Scene, *, margin_faces: float = MARGIN_FACES) -> Region:
    """The surroundings of a face, at the scale that it needs and at most at the whole frame's."""
    side = max(box.width, box.height)
    return _grown(box, margin_faces * side, scene, min(scene.scale, FINE_FACE_PX / max(side, 1.0)))


def of_cells(cells: Cells, cell_px: float, scene: Scene) -> list[Region]:
    """Rectangles around the connected parts of `cells`, with a cell of margin; `cell_px` in pixels of the frame."""
    count, _, stats, _ = cv2.connectedComponentsWithStats(cells.astype(np.uint8), connectivity=8)
    least = LEAST_SIDE_SHARE * min(scene.width, scene.height)
    regions: list[Region] = []
    for part in range(1, count):
        column, row, columns, rows = (int(value) for value in stats[part][:4])
        x, width = (column - 1) * cell_px, (columns + 2) * cell_px
        y, height = (row - 1) * cell_px, (rows + 2) * cell_px
        more_x, more_y = max(0.0, least - width) / 2, max(0.0, least - height) / 2
        regions.append(
            _grown(Box(x - more_x, y - more_y, width + 2 * more_x, height + 2 * more_y), 0.0, scene, scene.scale)
        )
    return regions


def cells_of(region: Region, cell_px: float) -> tuple[slice, slice]:
    """Rows and columns of the cells that `region` touches."""
    return (
        slice(int(region.top / cell_px), int(-(-region.bottom // cell_px))),
        slice(int(region.left / cell_px), int(-(-region.right // cell_px))),
    )


def cell_side(view_scale: float) -> float:
    """Side of a cell in pixels of the frame."""
    return CELL_PX / view_scale


def merged(regions: Iterable[Region], scene: Scene) -> list[Region]:
    """`regions`, those joined that cost less together; or the whole frame alone where that costs about as little."""
    parts = list(regions)
    joined = True
    while joined:
        joined = False
        for first in range(len(parts)):
            for second in range(first + 1, len(parts)):
                union = _union(parts[first], parts[second])
                if union.cost <= parts[first].cost + parts[second].cost:
                    parts[first] = union
                    del parts[second]
                    joined = True
                    break
            if joined:
                break
    if sum(part.cost for part in parts) >= WHOLE_FROM_SHARE * scene.whole.cost:
        return [scene.whole]
    return parts


def widened(region: Region, boxes: Sequence[Box], scene: Scene) -> Region:
    """`region` with every face whole that it touches."""
    for box in boxes:
        face = _grown(box, 0.3 * max(box.width, box.height), scene, region.scale)
        if (
            face.left < region.right
            and face.right > region.left
            and face.top < region.bottom
            and face.bottom > region.top
        ):
            region = _union(region, face)
    return region


def _union(first: Region, second: Region) -> Region:
    return Region(
        min(first.left, second.left),
        min(first.top, second.top),
        max(first.right, second.right),
        max(first.bottom, second.bottom),
        max(first.scale, second.scale),
    )


def _grown(box: Box, margin: float, scene: Scene, scale: float) -> Region:
    """`box` with `margin` on each edge, as far as the frame reaches."""
    left = min(max(0, int(box.x - margin)), scene.width - 1)
    top = min(max(0, int(box.y - margin)), scene.height - 1)
    right = min(scene.width, round(box.x + box.width + margin))
    bottom = min(scene.height, round(box.y + box.height + margin))
    return Region(left, top, max(left + 1, right), max(top + 1, bottom), scale)
