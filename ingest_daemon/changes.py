"""Where a camera's picture changes: a small grey picture against a background that follows slowly. What is done about
a change is `lookout`'s."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

import cv2
import numpy as np
import numpy.typing as npt

from footfall.vision.types import BgrImage, Box, Float32Array
from ingest_daemon.pixels import Thumbnail, thumbnail

SMALL_WIDTH_PX = 160
CELL_PX = 8
"""Side of a cell, in pixels of the small picture."""
MEMORY_SECONDS = 1.0
"""What stands still becomes background with this time constant: whoever turns round after that is a change again."""
NOISE_FACTOR = 4.5
LEAST_DIFFERENCE = 6.0
"""Grey levels. Under it lie the pulses of a video encoder's key frames; skin before a wall differs by tens."""
ACTIVE_SHARE = 0.12
"""Of a cell's pixels that must have changed: a face of four by four small pixels is a quarter of a cell."""
_LIGHT_PX = 31
_LIGHT_FLOOR = 4.0
_MIDDLE_GREY = 128.0
_FIRST_NOISE = 2.0
_NOISE_GAIN = 0.2
_NOISE_EVERY = 4
"""Frames: noise changes with the light of hours, and to measure it costs as much as a blur."""

Cells = npt.NDArray[np.bool_]
"""(rows, columns): one for every CELL_PX pixels of the small picture, the last ones perhaps smaller."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """The small picture of one frame. `grey`: (height, width) float32 brightness with the light taken out; what a lamp,
    a cloud or the exposure changes evenly over a neighbourhood is in `light`. `scale`: small pixels for each pixel of
    the frame. `cells`: where it has changed. `noise`: of a small pixel, grey levels. `thumbnail`: of the brightness as
    it is, for `pixels.is_cut`."""

    grey: Float32Array
    light: Float32Array
    scale: float
    cells: Cells
    noise: float
    thumbnail: Thumbnail

    def patch(self, box: Box, of: Float32Array | None = None) -> Float32Array:
        """What the small picture, or another of its size, shows in `box` (pixels of the frame); at least one pixel."""
        picture = self.grey if of is None else of
        rows, columns = picture.shape
        left = min(max(0, int(box.x * self.scale)), columns - 1)
        top = min(max(0, int(box.y * self.scale)), rows - 1)
        right = min(columns, max(left + 1, round((box.x + box.width) * self.scale)))
        bottom = min(rows, max(top + 1, round((box.y + box.height) * self.scale)))
        return picture[top:bottom, left:right]


def is_unchanged(before: Float32Array, view: View, box: Box) -> bool:
    """Whether the small picture shows in `box` what it showed in `before`, but for noise."""
    now = view.patch(box)
    if now.shape != before.shape:
        return False
    # The mean over a face's pixels hides noise that a single one does not.
    light = cv2.mean(view.patch(box, view.light))[0] / _MIDDLE_GREY
    return light * float(cv2.norm(now, before, cv2.NORM_L1)) / now.size <= max(1.5 * view.noise, LEAST_DIFFERENCE / 2)


class ChangeDetector:
    """Of one camera. Not thread-safe: one thread feeds it."""

    def __init__(self) -> None:
        self._background: Float32Array | None = None
        self._noise = _FIRST_NOISE
        self._frames = 0
        self._seen_at = 0.0

    def see(self, image: BgrImage, at_seconds: float) -> View:
        """The view of a (height, width, 3) frame taken at `at_seconds` (any clock that runs evenly). In the first one,
        and in the first of another size, everything has changed."""
        height, width = image.shape[:2]
        scale = min(1.0, SMALL_WIDTH_PX / width)
        size = max(1, round(width * scale)), max(1, round(height * scale))
        # Linear and not by area: it reads four pixels for each small one, whatever the camera's resolution.
        shrunk = cv2.resize(image, size, interpolation=cv2.INTER_LINEAR)
        small = np.asarray(cv2.cvtColor(shrunk, cv2.COLOR_BGR2GRAY), dtype=np.uint8)
        smooth = cv2.boxFilter(small, cv2.CV_32F, (3, 3))
        light = np.asarray(cv2.boxFilter(smooth, cv2.CV_32F, (_LIGHT_PX, _LIGHT_PX)), dtype=np.float32)
        light += _LIGHT_FLOOR
        # The quotient is what the surfaces reflect, however much light falls on them; in grey levels again.
        grey = np.asarray(cv2.divide(smooth, light, scale=_MIDDLE_GREY), dtype=np.float32)
        elapsed, self._seen_at = max(0.0, at_seconds - self._seen_at), at_seconds
        if self._background is None or self._background.shape != grey.shape:
            self._background = grey.copy()
            return View(grey, light, scale, np.ones(_cells_of(grey), dtype=np.bool_), self._noise, thumbnail(small))
        # In grey levels of the picture itself: in the dark the quotient enlarges the noise.
        difference = cv2.multiply(cv2.absdiff(grey, self._background), light, scale=1 / _MIDDLE_GREY)
        self._frames += 1
        if self._frames % _NOISE_EVERY == 0:
            self._noise += _NOISE_GAIN * (min(_spread(difference), 2 * self._noise) - self._noise)
        cells = _active(difference, max(NOISE_FACTOR * self._noise, LEAST_DIFFERENCE))
        cv2.accumulateWeighted(grey, self._background, 1.0 - exp(-elapsed / MEMORY_SECONDS))
        return View(grey, light, scale, cells, self._noise, thumbnail(small))


def _spread(difference: cv2.typing.MatLike) -> float:
    """Median over a grid, as a deviation: noise, so long as less than half of the picture moves."""
    sampled = np.asarray(difference[::3, ::3], dtype=np.float32).ravel()
    sampled.partition(sampled.size // 2)
    return 1.4826 * float(sampled[sampled.size // 2])


def _cells_of(grey: Float32Array) -> tuple[int, int]:
    return -(-grey.shape[0] // CELL_PX), -(-grey.shape[1] // CELL_PX)


def _active(difference: cv2.typing.MatLike, moved_over: float) -> Cells:
    """Cells in which enough of the (height, width) float32 `difference` lies over `moved_over`."""
    height, width = difference.shape
    rows, columns = -(-height // CELL_PX), -(-width // CELL_PX)
    # What the last cells lack is unmoved.
    moved = np.zeros((rows * CELL_PX, columns * CELL_PX), dtype=np.float32)
    moved[:height, :width] = cv2.threshold(difference, moved_over, 1.0, cv2.THRESH_BINARY)[1]
    # By area: the mean of each block.
    shares = cv2.resize(moved, (columns, rows), interpolation=cv2.INTER_AREA)
    return np.asarray(shares >= ACTIVE_SHARE)
