"""What every detector does around its network: shrink, pad, drop the implausible, suppress overlaps, scale back."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from footfall.vision.types import BgrImage, Box, DetectedFace, Float32Array

NMS_IOU = 0.3
"""Overlap (intersection over union) from which the weaker of two boxes is the same face; YuNet's own value."""

MOST_ENLARGEMENT = 2.0
"""Small pictures are enlarged for detection, up to this: the landmarks of a small face are no finer than the
detector's grid of 8 pixels lets them be. On LFW's 250 px photographs TAR at FAR 1e-4 rises from 95.7 to 98.0 %."""


def resized_to(image: BgrImage, long_side_px: int, *, most: float = MOST_ENLARGEMENT) -> tuple[BgrImage, float]:
    """The image with its longer side at `long_side_px`, or enlarged `most` times where that is less, and the factor
    applied."""
    height, width = image.shape[:2]
    factor = min(long_side_px / max(height, width), most)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    if size == (width, height):
        return image, 1.0
    method = cv2.INTER_AREA if factor < 1.0 else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, size, interpolation=method), dtype=np.uint8), factor


def padded_to(image: BgrImage, height: int, width: int) -> BgrImage:
    """The image in the top left corner of a black one of the given size, which is not smaller."""
    if image.shape[:2] == (height, width):
        return image
    canvas = np.zeros((height, width, 3), dtype=np.uint8)
    canvas[: image.shape[0], : image.shape[1]] = image
    return canvas


def as_tensor(image: BgrImage, mean: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Float32Array:
    """(1, 3, height, width) float32, channels in the image's order, `mean` subtracted."""
    planes = image.astype(np.float32) - np.asarray(mean, dtype=np.float32)
    return np.ascontiguousarray(planes.transpose(2, 0, 1)[None])


def faces_from(
    boxes: npt.NDArray[np.floating], landmarks: npt.NDArray[np.floating], scores: npt.NDArray[np.floating]
) -> list[DetectedFace]:
    """Faces, best score first, overlaps suppressed, those without extent or with numbers that are none dropped.

    `boxes`: (n, 4) x, y, width, height; `landmarks`: (n, 5, 2); `scores`: (n,) 0..1. Pixels of the full image.
    """
    usable = (
        np.isfinite(boxes).all(axis=1)
        & np.isfinite(landmarks).all(axis=(1, 2))
        & np.isfinite(scores)
        & (boxes[:, 2] >= 1.0)
        & (boxes[:, 3] >= 1.0)
        & (np.ptp(landmarks, axis=1).max(axis=1) >= 1.0)
    )
    boxes, landmarks, scores = boxes[usable], landmarks[usable], scores[usable]
    return [
        DetectedFace(
            box=Box(*(float(value) for value in boxes[index])),
            landmarks=landmarks[index].astype(np.float32),
            score=float(min(1.0, max(0.0, scores[index]))),
        )
        for index in suppressed(boxes, scores)
    ]


def suppressed(boxes: npt.NDArray[np.floating], scores: npt.NDArray[np.floating]) -> list[int]:
    """Greedy non-maximum suppression: indices kept, best score first."""
    order = np.argsort(-scores, kind="stable")
    right, bottom = boxes[:, 0] + boxes[:, 2], boxes[:, 1] + boxes[:, 3]
    area = boxes[:, 2] * boxes[:, 3]
    kept: list[int] = []
    while order.size:
        best, order = int(order[0]), order[1:]
        kept.append(best)
        across = np.minimum(right[best], right[order]) - np.maximum(boxes[best, 0], boxes[order, 0])
        down = np.minimum(bottom[best], bottom[order]) - np.maximum(boxes[best, 1], boxes[order, 1])
        shared = np.clip(across, 0, None) * np.clip(down, 0, None)
        order = order[shared <= NMS_IOU * (area[best] + area[order] - shared)]
    return kept
