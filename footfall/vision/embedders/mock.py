"""An embedder without weights, for trying things offline: like crops get like vectors. It knows nothing of faces."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from footfall.vision.models.offline import MOCK_VERSIONS
from footfall.vision.types import BgrImage, Float32Array, ThresholdTable

DIMENSION = 512
_SIDE = 12
_SHARPNESS = 2.5
_SEEDS = dict(zip(MOCK_VERSIONS, (20_260_501, 20_261_122), strict=True))

MOCK_THRESHOLDS = ThresholdTable(
    source="mock-1, which was never measured: for trying things, not for people",
    points=((1e-5, 0.487), (1e-4, 0.418), (1e-3, 0.342)),
)


class MockEmbedder:
    """Random Fourier features (Rahimi and Recht 2007) of the crop's low frequencies: the cosine of two vectors is
    about exp(-s²d²/2) with d the distance between the two normalised 12x12 grey pictures, so the same crop after a
    JPEG scores near 1 and another picture near 0. The same on every machine; thread-safe."""

    def __init__(self, version: str = MOCK_VERSIONS[0]) -> None:
        self._version = version
        rng = np.random.default_rng(_SEEDS[version])
        self._directions = rng.normal(0.0, _SHARPNESS, size=(_SIDE * _SIDE, DIMENSION))
        self._phases = rng.uniform(0.0, 2 * np.pi, size=DIMENSION)

    @property
    def model_version(self) -> str:
        return self._version

    @property
    def backend(self) -> str:
        return "mock-f32"

    def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        """(n, 512) float32 rows of L2 norm 1."""
        vectors = np.zeros((len(crops), DIMENSION), dtype=np.float32)
        for row, crop in enumerate(crops):
            grey = cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY)
            low = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float64).reshape(-1)
            low -= low.mean()
            content = low / max(float(np.linalg.norm(low)), 1e-9)
            features = np.cos(content @ self._directions + self._phases)
            vectors[row] = features / np.linalg.norm(features)
        return vectors
