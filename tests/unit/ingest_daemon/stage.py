"""Drawn people whom a detector finds exactly where they were drawn: for tests of what comes after detection.

A person is a patch of texture of their own. The boxes are written into the picture's first row, where the stage's
detector reads them, so that frames can pass through everything that takes a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np

from footfall.settings import VisionSettings
from footfall.vision.align import CROP_PX, TEMPLATE
from footfall.vision.embedders.mock import MOCK_THRESHOLDS, MockEmbedder
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, Box, DetectedFace, Float32Array
from ingest_daemon.sources.base import Frame

WIDTH, HEIGHT = 640, 360
START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
FACE_PX = 80


@dataclass(frozen=True)
class Actor:
    """A person in one picture. `who` numbers the texture; `blur` > 0 makes the look worse; `turned` true puts the
    landmarks of a profile on it, which lies under every quality floor; `score` is the detector's, in hundredths."""

    who: int
    x: float
    y: float = 100.0
    side: float = FACE_PX
    blur: float = 0.0
    turned: bool = False
    score: int = 90


def texture(who: int) -> BgrImage:
    """(112, 112, 3): smooth blobs that are the person's own."""
    rng = np.random.default_rng(1000 + who)
    coarse = rng.integers(0, 256, (9, 9), dtype=np.uint8)
    grey = cv2.resize(coarse, (112, 112), interpolation=cv2.INTER_CUBIC)
    fine = rng.integers(0, 40, (112, 112), dtype=np.uint8)
    return cv2.cvtColor(cv2.add(grey // 2, fine), cv2.COLOR_GRAY2BGR).astype(np.uint8)


def picture(actors: Sequence[Actor], *, background: int = 90) -> BgrImage:
    image = np.full((HEIGHT, WIDTH, 3), background, dtype=np.uint8)
    code: list[int] = [len(actors)]
    for actor in actors:
        side = round(actor.side)
        patch = cv2.resize(texture(actor.who), (side, side), interpolation=cv2.INTER_AREA)
        if actor.blur:
            patch = cv2.GaussianBlur(patch, (0, 0), actor.blur)
        x, y = round(actor.x), round(actor.y)
        left, top = max(0, x), max(1, y)
        right, bottom = min(WIDTH, x + side), min(HEIGHT, y + side)
        if right > left and bottom > top:
            image[top:bottom, left:right] = patch[top - y : bottom - y, left - x : right - x]
        code += [*_two_bytes(x + 1000), *_two_bytes(y + 1000), *_two_bytes(side), int(actor.turned), actor.score]
    image[0, : len(code), :] = np.array(code, dtype=np.uint8)[:, None]
    return image


class StageDetector:
    """Reads the boxes that `picture` wrote down."""

    @property
    def name(self) -> str:
        return "stage"

    @property
    def sees_parts(self) -> bool:
        return False

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:  # noqa: ARG002
        code = [int(value) for value in image[0, :, 0]]
        faces: list[DetectedFace] = []
        for number in range(code[0]):
            x_high, x_low, y_high, y_low, side_high, side_low, turned, score = code[1 + 8 * number : 9 + 8 * number]
            x, y, side = x_high * 256 + x_low - 1000, y_high * 256 + y_low - 1000, side_high * 256 + side_low
            landmarks: Float32Array = TEMPLATE * np.float32(side / CROP_PX) + np.array([x, y], np.float32)
            if turned:
                landmarks = landmarks.copy()
                landmarks[2, 0] += np.float32(0.6 * side)
            faces.append(DetectedFace(Box(x, y, side, side), landmarks.astype(np.float32), score / 100))
        return faces


class CountingEmbedder(MockEmbedder):
    """The product's mock embedder, which remembers how many crops each call had."""

    def __init__(self) -> None:
        super().__init__()
        self.batches: list[int] = []

    def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        self.batches.append(len(crops))
        return super().embed(crops)


def stage_vision() -> tuple[VisionPipeline, CountingEmbedder]:
    embedder = CountingEmbedder()
    vision = VisionPipeline(
        detector=StageDetector(), embedder=embedder, thresholds=MOCK_THRESHOLDS, settings=VisionSettings()
    )
    return vision, embedder


def frame(actors: Sequence[Actor], seconds: float, *, background: int = 90, continuous: bool = True) -> Frame:
    return Frame(
        image=picture(actors, background=background),
        captured_at=START + timedelta(seconds=seconds),
        index=round(seconds * 10),
        read_at=seconds,
        continuous=continuous,
    )


def _two_bytes(value: int) -> tuple[int, int]:
    return divmod(value, 256)
