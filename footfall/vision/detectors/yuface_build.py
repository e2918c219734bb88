"""YuNet's own C++ build, the `yuface` package, whose weights are compiled in. Works where no ONNX can be had."""

from __future__ import annotations

import importlib
import os
import threading
from typing import Any

import numpy as np
import numpy.typing as npt

from footfall.settings import VisionSettings
from footfall.vision.detectors.geometry import faces_from, resized_to
from footfall.vision.models.manifest import YUFACE
from footfall.vision.types import BgrImage, DetectedFace

MAX_LONG_SIDE_PX = 640
"""Its weights were trained for faces up to this picture size; past 960 it warns and misses."""


def _import_on_one_thread() -> Any:
    """The yuface module, with its OpenMP held to the calling thread.

    OpenMP's threads spin while they wait: on two busy cores a frame took 190 ms with them and 13 ms without. Its
    library reads the variable once, while it is loaded.
    """
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        return importlib.import_module("yuface")
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


class YuFace:
    """Thread-safe by a lock: the C++ sets up its filters in statics at the first call. Raises ImportError on a
    platform that the package has no build for."""

    def __init__(self, settings: VisionSettings) -> None:
        self._long_side_px = min(settings.detect_long_side_px, MAX_LONG_SIDE_PX)
        self._score_floor = settings.detection_score_floor
        self._lock = threading.Lock()
        self._yuface = _import_on_one_thread()

    @property
    def name(self) -> str:
        return YUFACE.version

    @property
    def sees_parts(self) -> bool:
        return True

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:
        small, factor = resized_to(image, min(long_side_px or self._long_side_px, MAX_LONG_SIDE_PX))
        scores: npt.NDArray[np.generic]
        with self._lock:
            scores, boxes, landmarks = self._yuface.detect(np.ascontiguousarray(small), self._score_floor)
        return faces_from(
            boxes.astype(np.float32).reshape(-1, 4) / factor,
            landmarks.astype(np.float32).reshape(-1, 5, 2) / factor,
            scores.astype(np.float32).reshape(-1) / 100.0,
        )
