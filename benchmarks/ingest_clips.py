"""Clips that the ingest benchmark makes of the one it is given. Nothing is measured here."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from footfall.errors import NotAVideoError
from footfall.vision.types import BgrImage

NOISE = 3.0
"""Standard deviation of a sensor's noise in grey levels, as of a cheap camera indoors."""
_LIGHT = 0.05
_LIGHT_PERIOD_SECONDS = 8.0
WIDE = (1280, 720)
WIDE_FPS = 10.0
WIDE_SECONDS = 40.0
EMPTY_SECONDS = 2.5
"""Longer than a person may be away without having left."""


def still_clip(video: Path, target: Path, *, seconds: float) -> Path:
    """The clip's middle frame for `seconds`, with fresh noise in every picture and light that rises and falls by a
    twentieth. Raises NotAVideoError."""
    pictures, fps = _read(video)
    height, width = pictures[0].shape[:2]
    middle = pictures[len(pictures) // 2].astype(np.float32)
    rng = np.random.default_rng(20_261)
    writer = _writer(target, fps, (width, height))
    for index in range(round(seconds * fps)):
        light = 1 + _LIGHT * np.sin(2 * np.pi * index / fps / _LIGHT_PERIOD_SECONDS)
        noisy = middle * light + rng.normal(0.0, NOISE, middle.shape).astype(np.float32)
        writer.write(np.clip(noisy, 0, 255).astype(np.uint8))
    writer.release()
    return target


def wide_pictures(video: Path) -> list[BgrImage]:
    """The clip at 1280x720 and WIDE_FPS, with EMPTY_SECONDS of an empty scene after it. Raises NotAVideoError."""
    pictures, fps = _read(video)
    step = max(1.0, fps / WIDE_FPS)
    taken = [pictures[int(index * step)] for index in range(int(len(pictures) / step))]
    empty = np.full((WIDE[1], WIDE[0], 3), 110, np.uint8)
    return [np.asarray(cv2.resize(picture, WIDE), np.uint8) for picture in taken] + [empty] * round(
        WIDE_FPS * EMPTY_SECONDS
    )


def _read(video: Path) -> tuple[list[BgrImage], float]:
    capture = cv2.VideoCapture(str(video))
    fps = float(capture.get(cv2.CAP_PROP_FPS)) or 25.0
    pictures: list[BgrImage] = []
    # A minute is enough for everything that is made of it.
    while len(pictures) < 60 * fps:
        readable, picture = capture.read()
        if not readable:
            break
        pictures.append(np.asarray(picture, dtype=np.uint8))
    capture.release()
    if not pictures:
        raise NotAVideoError(f"{video} cannot be read as a clip.", hint="Check --video.")
    return pictures, fps


def _writer(target: Path, fps: float, size: tuple[int, int]) -> cv2.VideoWriter:
    writer = cv2.VideoWriter(str(target), cv2.VideoWriter.fourcc(*"mp4v"), fps, size)
    if not writer.isOpened():
        raise NotAVideoError("OpenCV cannot write mp4v here.", hint="Reinstall with `make install`.")
    return writer
