"""Presentation attacks behind one interface: a live face, or a picture of one. What follows from a verdict is not here.

Off unless a setting says otherwise, and only ever recorded: no error rate under attack is known for the model that
there is (`python -m benchmarks liveness`, docs/liveness.md).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np

from contracts.people import LivenessReport, LivenessVerdict
from footfall.settings import LivenessSettings, VisionSettings
from footfall.vision.models.files import trusted_path
from footfall.vision.models.manifest import LIVENESS
from footfall.vision.runtime import open_network
from footfall.vision.types import BgrImage, Box

CONTEXT = 1.5
"""Side of the square that the model looks at, in longer box sides. Measured on 250 live faces of LFW: with 1.5, 0.4 %
are taken for pictures; with the 2.7 of the package that the weights come from, 13 %."""

MOST_OUTSIDE = 0.25
"""Share of that square that may lie outside the picture, where it is black; with more the verdict is `unknown`."""

_INPUT_PX = 128
_LIVE_CLASS = 0


@dataclass(frozen=True, slots=True)
class Liveness:
    """`score`: 0 a picture of a face, 1 a live one; None where the model could not look. `model_version`: whose."""

    score: float | None
    verdict: LivenessVerdict
    model_version: str

    def report(self) -> LivenessReport:
        return LivenessReport(verdict=self.verdict, score=self.score, model_version=self.model_version)


class LivenessModel(Protocol):
    """Tells a live face from a picture of one. Thread-safe."""

    @property
    def model_version(self) -> str: ...

    def judge(self, image: BgrImage, box: Box) -> Liveness:
        """`image`: (height, width, 3) uint8 BGR with as much around the face as there is; `box`: the face in it."""
        ...


class ContextLiveness:
    """The three-class network (live, print, screen) on a face with its surroundings. Thread-safe."""

    def __init__(self, path: Path, settings: VisionSettings, limits: LivenessSettings) -> None:
        # In float32: the verdict rests on probabilities near 0 and 1, which bfloat16's eight bits blur.
        self._network = open_network(path, settings, preferred="onnxruntime", keep_float32=True)
        self._limits = limits

    @property
    def model_version(self) -> str:
        return LIVENESS.version

    def judge(self, image: BgrImage, box: Box) -> Liveness:
        seen = context_of(image, box)
        if seen is None:
            return Liveness(None, "unknown", self.model_version)
        score = self.score(seen)
        return Liveness(score, verdict_at(score, self._limits), self.model_version)

    def score(self, seen: BgrImage) -> float:
        """The probability of a live face, from the (128, 128, 3) uint8 BGR picture that `context_of` cuts."""
        contract = LIVENESS.input
        tensor = cv2.dnn.blobFromImage(
            seen,
            1.0 / contract.scale,
            (_INPUT_PX, _INPUT_PX),
            contract.mean,
            swapRB=contract.colour_order == "RGB",
        )
        (logits,) = self._network.run(np.ascontiguousarray(tensor, dtype=np.float32))
        odds = np.exp(logits[0].astype(np.float64) - float(logits[0].max()))
        return float(odds[_LIVE_CLASS] / odds.sum())


def verdict_at(score: float, limits: LivenessSettings) -> LivenessVerdict:
    """Between the two limits the model does not know."""
    if score >= limits.live_from:
        return "live"
    return "spoof" if score < limits.spoof_below else "unknown"


def context_of(image: BgrImage, box: Box) -> BgrImage | None:
    """The (128, 128, 3) uint8 BGR square of CONTEXT box sides around the face, black outside the picture; None where
    more than MOST_OUTSIDE of it is."""
    height, width = image.shape[:2]
    side = max(1, int(max(box.width, box.height) * CONTEXT))
    left, top = int(box.x + box.width / 2 - side / 2), int(box.y + box.height / 2 - side / 2)
    x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + side, width), min(top + side, height)
    if max(0, x1 - x0) * max(0, y1 - y0) < (1 - MOST_OUTSIDE) * side * side:
        return None
    square = np.zeros((side, side, 3), dtype=np.uint8)
    square[y0 - top : y1 - top, x0 - left : x1 - left] = image[y0:y1, x0:x1]
    return np.asarray(cv2.resize(square, (_INPUT_PX, _INPUT_PX), interpolation=cv2.INTER_AREA), dtype=np.uint8)


def open_liveness(settings: LivenessSettings, vision: VisionSettings, models: Path) -> LivenessModel | None:
    """The model that the settings name; None where they name none, which is the default.

    Raises ModelMissingError or ModelCorruptError, with the command that mends it.
    """
    if settings.model == "off":
        return None
    return ContextLiveness(trusted_path(LIVENESS, models), vision, settings)
