"""Cheap comparisons of pixels: has the whole picture changed, does a face look as it did a moment ago. Who a face is
cannot be told from these: that is the embedder's."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from footfall.vision.types import BgrImage

_ROWS, _COLUMNS = 18, 32
CUT_DIFFERENCE = 18.0
"""Mean difference of brightness, 0..255. Low on purpose: a false alarm costs one embedding for each face in view,
a cut that goes unnoticed may put two people into one track."""

_LOOK_SIDE = 24
SMOOTH_AT = 0.75
"""Correlation of two looks at one face a tenth of a second apart: 0.97 in the median, over 0.75 in nine of ten. Two
different people, aligned alike, stay under it in 99 of 100 (median 0.2; frontal press photographs). Under it an
embedding decides, so the exact value moves little but the cost."""

Thumbnail = npt.NDArray[np.uint8]
Look = npt.NDArray[np.float32]


def thumbnail(grey: npt.NDArray[np.uint8]) -> Thumbnail:
    """(18, 32) brightness of a (height, width) picture."""
    return np.asarray(cv2.resize(grey, (_COLUMNS, _ROWS), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def is_cut(before: Thumbnail, after: Thumbnail) -> bool:
    return float(cv2.norm(after, before, cv2.NORM_L1)) / after.size > CUT_DIFFERENCE


def look_of(aligned: BgrImage) -> Look:
    """(576,) float32: the aligned (112, 112, 3) crop, grey and small, mean 0 and L2 norm 1 (0 for a flat one)."""
    grey = cv2.cvtColor(aligned, cv2.COLOR_BGR2GRAY)
    small = cv2.resize(grey, (_LOOK_SIDE, _LOOK_SIDE), interpolation=cv2.INTER_AREA)
    mean, deviation = (float(of[0, 0]) for of in cv2.meanStdDev(small))
    norm = max(deviation * _LOOK_SIDE, 1e-6)  # the root of the sum of squares: deviation times the root of their number
    return np.asarray(small.reshape(-1) * (1 / norm) - mean / norm, dtype=np.float32)


def is_smooth(before: Look, after: Look) -> bool:
    """Whether the face looks so much as it did that nobody else can have taken its place."""
    return float(before @ after) >= SMOOTH_AT
