"""Whether the picture changed as a whole: a cut, a camera that was turned. What follows from it is the pipeline's."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from footfall.vision.types import BgrImage

_ROWS, _COLUMNS = 18, 32
CUT_DIFFERENCE = 18.0
"""Mean difference of brightness, 0..255. Low on purpose: a false alarm costs one embedding for each face in view,
a cut that goes unnoticed may put two people into one track."""

Thumbnail = npt.NDArray[np.float32]


def thumbnail(image: BgrImage) -> Thumbnail:
    """(18, 32) float32 brightness, sampled and not averaged: reading 576 pixels is all that this costs."""
    rows = np.linspace(0, image.shape[0] - 1, _ROWS).astype(np.intp)
    columns = np.linspace(0, image.shape[1] - 1, _COLUMNS).astype(np.intp)
    return np.asarray(image[np.ix_(rows, columns)].mean(axis=2), dtype=np.float32)


def is_cut(before: Thumbnail, after: Thumbnail) -> bool:
    return float(np.abs(after - before).mean()) > CUT_DIFFERENCE
