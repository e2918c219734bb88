"""A face drawn by formula, which every detector finds: what golden values are computed from. No photograph."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from footfall.vision.types import BgrImage

Plane = npt.NDArray[np.float64]

HAIR, SKIN, SHIRT = (35.0, 45.0, 60.0), (120.0, 155.0, 205.0), (120.0, 60.0, 40.0)


def drawn_face(side_px: int = 360) -> BgrImage:
    """(side_px, side_px, 3) uint8 BGR: an upright frontal face in the middle, about 0.55 of the side high."""
    down, across = np.mgrid[0:side_px, 0:side_px].astype(np.float64) / side_px * 2 - 1
    picture = np.empty((side_px, side_px, 3))
    picture[:] = (150.0, 140.0, 130.0)
    picture += 20 * np.sin(3 * across + 2 * down)[..., None]

    def ellipse(x: float, y: float, width: float, height: float, hardness: float) -> Plane:
        distance = np.sqrt(((across - x) / width) ** 2 + ((down - y) / height) ** 2)
        return np.asarray(1 / (1 + np.exp(-np.clip(hardness * (1 - distance), -40, 40))), dtype=np.float64)

    def paint(mask: Plane, colour: tuple[float, float, float] | npt.NDArray[np.float64]) -> None:
        picture[:] = picture * (1 - mask[..., None]) + np.asarray(colour) * mask[..., None]

    paint(ellipse(0, -0.10, 0.56, 0.72, 30), HAIR)
    paint(ellipse(0, 0.62, 0.30, 0.40, 15), (105, 135, 185))
    paint(ellipse(0, 1.15, 0.95, 0.42, 20), SHIRT)
    head = ellipse(0, 0.05, 0.46, 0.60, 25)
    shade = 1 - 0.25 * across**2 - 0.18 * np.clip(across, 0, 1)
    paint(head, np.asarray(SKIN) * shade[..., None])
    paint(0.9 * ellipse(0, -0.62, 0.50, 0.30, 12) * head, HAIR)
    for side in (-1, 1):
        paint(0.35 * ellipse(side * 0.19, -0.06, 0.15, 0.10, 6), (70, 90, 130))
        paint(0.9 * ellipse(side * 0.19, -0.18, 0.13, 0.025, 8), (30, 40, 55))
        paint(ellipse(side * 0.19, -0.06, 0.09, 0.040, 10), (235, 235, 235))
        paint(ellipse(side * 0.19, -0.06, 0.038, 0.040, 10), (40, 45, 50))
        paint(0.8 * ellipse(side * 0.19, -0.105, 0.10, 0.014, 6), (30, 35, 50))
        paint(0.5 * ellipse(side * 0.055, 0.19, 0.028, 0.018, 6), (40, 50, 90))
    paint(0.35 * ellipse(0.05, 0.08, 0.03, 0.16, 4), (80, 110, 160))
    paint(0.35 * ellipse(-0.015, 0.10, 0.03, 0.16, 4), (160, 190, 230))
    paint(0.3 * ellipse(0, 0.16, 0.09, 0.06, 5), (150, 180, 225))
    paint(0.85 * ellipse(0, 0.335, 0.15, 0.030, 7), (80, 80, 165))
    paint(0.85 * ellipse(0, 0.375, 0.12, 0.035, 7), (95, 95, 185))
    paint(0.8 * ellipse(0, 0.352, 0.14, 0.008, 6), (40, 40, 80))
    paint(0.25 * ellipse(0, 0.46, 0.10, 0.02, 4), (80, 110, 160))
    return np.clip(np.rint(picture), 0, 255).astype(np.uint8)


# Where the right eye, left eye, nose tip and mouth corners are drawn, as shares of the side.
DRAWN_LANDMARKS = (np.array([[-0.19, -0.06], [0.19, -0.06], [0.0, 0.16], [-0.15, 0.35], [0.15, 0.35]]) + 1) / 2


def drawn_crop() -> BgrImage:
    """(112, 112, 3) uint8 BGR: the drawn face aligned by where it was drawn, so by no detector."""
    from footfall.vision.align import align

    return align(drawn_face(), (DRAWN_LANDMARKS * 360).astype(np.float32))
