"""Embedders of the ArcFace kind, such as the bundled MobileFaceNet, on whichever runtime was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from footfall.errors import ConfigurationError, InputError
from footfall.settings import VisionSettings
from footfall.vision.align import CROP_PX
from footfall.vision.models.manifest import EMBEDDER, ModelSpec
from footfall.vision.runtime import open_network
from footfall.vision.types import BgrImage, Float32Array

BATCH = 16
"""Crops of one run. More gains no speed on a processor and costs scratch memory."""

DIMENSION = 512


class ArcFaceEmbedder:
    """Thread-safe. What the network wants, and whether the mirror image counts, is the manifest's to say: for the
    bundled one BGR, since RGB costs 0.09 points of LFW accuracy."""

    def __init__(self, path: Path, settings: VisionSettings, spec: ModelSpec = EMBEDDER) -> None:
        self._spec = spec
        self._network = open_network(path, settings)

    @property
    def model_version(self) -> str:
        return self._spec.version

    @property
    def backend(self) -> str:
        return self._network.backend

    def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        """(n, 512) float32 rows of L2 norm 1. Raises InputError for a crop that is not (112, 112, 3) uint8, and
        ConfigurationError for a network whose templates are none of Footfall's."""
        for crop in crops:
            if crop.shape != (CROP_PX, CROP_PX, 3) or crop.dtype != np.uint8:
                raise InputError(f"A crop is {crop.shape} {crop.dtype}; the embedder takes (112, 112, 3) uint8.")
        if not crops:
            return np.zeros((0, DIMENSION), dtype=np.float32)
        vectors = self._embed(crops)
        if self._spec.mirrored:
            vectors = _of_norm_1(vectors + self._embed([np.ascontiguousarray(crop[:, ::-1]) for crop in crops]))
        return vectors

    def _embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        return np.concatenate([self._run(crops[start : start + BATCH]) for start in range(0, len(crops), BATCH)])

    def _run(self, crops: Sequence[BgrImage]) -> Float32Array:
        contract = self._spec.input
        tensor = cv2.dnn.blobFromImages(
            list(crops), 1.0 / contract.scale, (CROP_PX, CROP_PX), contract.mean, swapRB=contract.colour_order == "RGB"
        )
        raw, *more = self._network.run(np.ascontiguousarray(tensor, dtype=np.float32))
        if more or raw.shape != (len(crops), DIMENSION):
            raise ConfigurationError(
                f"The model {self._spec.version} makes templates of shape {raw.shape[1:]}; Footfall's, and every "
                f"stored one, are {DIMENSION} numbers: its collection would be one of another dimension.",
                hint=f"Use a model with one output of {DIMENSION} numbers.",
            )
        return _of_norm_1(raw)


def _of_norm_1(rows: Float32Array) -> Float32Array:
    vectors = rows.astype(np.float64)
    norms = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(norms, 1e-12), dtype=np.float32)
