"""Video files and folders made for a test: MJPEG in AVI, which OpenCV writes and reads everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from footfall.vision.types import BgrImage
from tests.unit.ingest_daemon.stage import texture


def write_film(path: Path, pictures: Sequence[BgrImage], *, fps: float = 10.0) -> Path:
    height, width = pictures[0].shape[:2]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), fps, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(picture)
    writer.release()
    return path


def portrait(who: int | None, *, size_px: int = 240) -> BgrImage:
    """A square picture in whose middle the product's mock detector finds person `who`; nobody on an even one."""
    image = np.full((size_px, size_px, 3), 128, np.uint8)
    if who is not None:
        side = size_px // 2
        image[side // 2 : side // 2 + side, side // 2 : side // 2 + side] = cv2.resize(texture(who), (side, side))
    return image


def visits_film(path: Path, *people: int | None, seconds_each: float = 2.0, fps: float = 10.0) -> Path:
    """People one after the other in front of the camera; None is an empty scene."""
    pictures = [portrait(who) for who in people for _ in range(round(seconds_each * fps))]
    return write_film(path, pictures, fps=fps)
