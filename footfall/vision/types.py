"""Frozen values that the vision parts hand to each other, and the two interfaces behind which models stand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

BgrImage = npt.NDArray[np.uint8]
"""(height, width, 3) uint8, blue-green-red, as OpenCV decodes."""

Float32Array = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Box:
    """Pixels of the image it was found in; origin top left."""

    x: float
    y: float
    width: float
    height: float

    @property
    def shorter_side(self) -> float:
        return min(self.width, self.height)


@dataclass(frozen=True, slots=True, eq=False)
class DetectedFace:
    """`landmarks`: (5, 2) float32 pixels: the person's right eye, left eye, nose tip, right and left mouth corner
    (so in an upright frontal picture the right eye lies further left)."""

    box: Box
    landmarks: Float32Array
    score: float


@dataclass(frozen=True, slots=True)
class FaceQuality:
    """`score` 0..1 sums the parts up; `sharpness` is the variance of the Laplacian over the grey aligned crop."""

    score: float
    size_px: float
    sharpness: float
    yaw_deg: float
    roll_deg: float
    detection_score: float


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedFace:
    """A face with all that was worked out of it. `crop`: (112, 112, 3) uint8 BGR, aligned to the ArcFace template.
    `vector`: (512,) float32 with L2 norm 1, or None where the face lies under the quality
    floor or embedding was off."""

    face: DetectedFace
    quality: FaceQuality
    crop: BgrImage
    vector: Float32Array | None
    acceptable: bool


class Detector(Protocol):
    """Finds faces. Thread-safe."""

    @property
    def name(self) -> str: ...

    @property
    def sees_parts(self) -> bool:
        """True where a part of a picture costs less than the whole and shows the same faces."""
        ...

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:
        """Faces of one image at any size, in its own pixels, best score first.

        `long_side_px`: what the image is shrunk or enlarged to, for a part of a picture; None: as configured.
        """
        ...


class Embedder(Protocol):
    """Turns aligned crops into templates. Thread-safe."""

    @property
    def model_version(self) -> str: ...

    @property
    def backend(self) -> str:
        """Runtime and precision, as in `openvino-bf16`."""
        ...

    def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        """(n, 512) float32, rows of L2 norm 1, from n aligned 112x112 BGR crops; (0, 512) for none."""
        ...


@dataclass(frozen=True, slots=True)
class ThresholdTable:
    """Measured (false-accept rate, cosine threshold) pairs of one model version, and where they were measured."""

    source: str
    points: tuple[tuple[float, float], ...]
