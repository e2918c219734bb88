"""RetinaFace (MobileNet0.25) from its ONNX: priors and decoding of biubug6/Pytorch_Retinaface."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np

from footfall.errors import ModelCorruptError
from footfall.settings import VisionSettings
from footfall.vision.detectors.geometry import as_tensor, faces_from, padded_to, resized_to
from footfall.vision.models.manifest import RETINAFACE
from footfall.vision.runtime import open_network
from footfall.vision.types import BgrImage, DetectedFace, Float32Array

SIDE_PX = 640
STRIDES_AND_SIZES_PX = ((8, (16, 32)), (16, (64, 128)), (32, (256, 512)))
VARIANCE_CENTRE, VARIANCE_SIZE = 0.1, 0.2


def priors() -> Float32Array:
    """(16800, 4) centre x, centre y, width, height, as shares of the 640 px input; row by row, small sizes first."""
    rows = [
        ((column + 0.5) * stride, (row + 0.5) * stride, size, size)
        for stride, sizes in STRIDES_AND_SIZES_PX
        for row, column in product(range(SIDE_PX // stride), repeat=2)
        for size in sizes
    ]
    return np.asarray(rows, dtype=np.float32) / np.float32(SIDE_PX)


class RetinaFace:
    """Thread-safe. The input is fixed at 640x640: other shapes are shrunk or enlarged into its top left corner."""

    def __init__(self, path: Path, settings: VisionSettings) -> None:
        self._network = open_network(path, settings, keep_float32=True)
        self._score_floor = settings.detection_score_floor
        self._priors = priors()

    @property
    def name(self) -> str:
        return RETINAFACE.version

    @property
    def sees_parts(self) -> bool:
        return False

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:  # noqa: ARG002 - fixed
        small, factor = resized_to(image, SIDE_PX, most=SIDE_PX)
        outputs = self._network.run(as_tensor(padded_to(small, SIDE_PX, SIDE_PX), RETINAFACE.input.mean))
        boxes, landmarks, scores = decoded(outputs, self._priors, score_floor=self._score_floor)
        scale = SIDE_PX / factor
        return faces_from(boxes * scale, landmarks * scale, scores)


def decoded(
    outputs: Sequence[Float32Array], prior_boxes: Float32Array, *, score_floor: float
) -> tuple[Float32Array, Float32Array, Float32Array]:
    """Boxes (n, 4), landmarks (n, 5, 2) and scores (n,) over the floor, as shares of the network's input.

    Centres and landmarks are offsets in sizes of the prior, sizes are exponents. Widths tell the three
    outputs apart. Raises ModelCorruptError for outputs that are not RetinaFace's.
    """
    by_width = {output.shape[-1]: output.reshape(-1, output.shape[-1]) for output in outputs}
    if set(by_width) != {2, 4, 10} or any(len(output) != len(prior_boxes) for output in by_width.values()):
        raise ModelCorruptError("The RetinaFace file's outputs are not boxes, scores and landmarks of its priors.")
    scores = by_width[2][:, 1]
    sure = np.flatnonzero(scores >= score_floor)
    prior = prior_boxes[sure]
    centres = prior[:, :2] + by_width[4][sure, :2] * VARIANCE_CENTRE * prior[:, 2:]
    sizes = prior[:, 2:] * np.exp(by_width[4][sure, 2:] * VARIANCE_SIZE)
    points = by_width[10][sure].reshape(-1, 5, 2) * VARIANCE_CENTRE * prior[:, None, 2:] + prior[:, None, :2]
    return np.concatenate([centres - sizes / 2, sizes], axis=1), points, scores[sure]
