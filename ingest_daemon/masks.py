"""Regions of a camera's picture that nothing may look at: painted over before a frame goes anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import cv2
import numpy as np

from contracts.places import Mask
from footfall.vision.types import BgrImage
from ingest_daemon.sources.base import Frame

PAINT = (128, 128, 128)


def masked(frame: Frame, masks: Sequence[Mask]) -> Frame:
    """`frame` with every mask painted over. The picture itself is changed, so that no copy shows what was under it."""
    if not masks:
        return frame
    return replace(frame, image=painted(frame.image, masks))


def painted(image: BgrImage, masks: Sequence[Mask]) -> BgrImage:
    """`image` (height, width, 3) with the polygons in `masks` (shares of width and height) filled; in place, where the
    picture can be written. A pixel that a polygon touches is covered."""
    height, width = image.shape[:2]
    canvas = image if image.flags.writeable else image.copy()
    for mask in masks:
        corners = np.array([[x * width, y * height] for x, y in mask])
        # fillPoly also draws the outline, so rounding never leaves a seam at the frame's edge.
        cv2.fillPoly(canvas, [np.round(corners).astype(np.int32)], PAINT)
    return canvas
