"""Aligning a face to the ArcFace 112x112 five-point template. The template is part of the model's version."""

from __future__ import annotations

import cv2
import numpy as np

from footfall.errors import PoorQualityError
from footfall.vision.types import BgrImage, Float32Array

CROP_PX = 112

# Where the two eyes, the nose tip and the mouth corners go: insightface's `arcface_dst`, for 112x112.
TEMPLATE: Float32Array = np.array(
    [
        [38.2946, 51.6963],
        [73.5318, 51.5014],
        [56.0252, 71.7366],
        [41.5493, 92.3655],
        [70.7299, 92.2041],
    ],
    dtype=np.float32,
)

_SHRINK_FIRST_UNDER = 0.5


def similarity_to_template(landmarks: Float32Array) -> Float32Array:
    """The (2, 3) rotation, uniform scale and shift that brings five (x, y) points nearest to the template.

    Least squares in closed form (Umeyama 1991 without reflection, which in the plane is a division of complex
    numbers). Raises PoorQualityError when the points coincide or are not finite.
    """
    if landmarks.shape != (5, 2) or not np.isfinite(landmarks).all():
        raise PoorQualityError("A face's landmarks are not five points of the plane.")
    source = landmarks[:, 0].astype(np.complex128) + 1j * landmarks[:, 1]
    target = TEMPLATE[:, 0].astype(np.complex128) + 1j * TEMPLATE[:, 1]
    spread = source - source.mean()
    extent = float(np.vdot(spread, spread).real)
    turn = np.vdot(spread, target - target.mean())
    if extent < 1e-6 or abs(turn) < 1e-9 * extent:
        raise PoorQualityError("A face's landmarks lie in one point.", hint="Use a larger, sharper photograph.")
    turn = turn / extent
    shift = target.mean() - turn * source.mean()
    return np.array([[turn.real, -turn.imag, shift.real], [turn.imag, turn.real, shift.imag]], dtype=np.float32)


def align(image: BgrImage, landmarks: Float32Array) -> BgrImage:
    """The (112, 112, 3) uint8 BGR crop of a face; what lies outside the image is black.

    `landmarks`: (5, 2) pixels of `image`. A face more than twice the crop's size is first shrunk by area, since
    bilinear sampling alone would skip pixels and alias. Raises PoorQualityError for landmarks without extent.
    """
    matrix = similarity_to_template(landmarks)
    scale = float(np.hypot(matrix[0, 0], matrix[1, 0]))
    if scale < _SHRINK_FIRST_UNDER:
        image, landmarks = _shrunk(image, landmarks, matrix, factor=int(1 / scale))
        if image.size == 0:
            return np.zeros((CROP_PX, CROP_PX, 3), dtype=np.uint8)
        matrix = similarity_to_template(landmarks)
    crop = cv2.warpAffine(
        image, matrix, (CROP_PX, CROP_PX), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT, borderValue=0
    )
    return np.asarray(crop, dtype=np.uint8)


def _shrunk(
    image: BgrImage, landmarks: Float32Array, matrix: Float32Array, *, factor: int
) -> tuple[BgrImage, Float32Array]:
    """The part of the image that the crop shows, shrunk by a whole factor, with its landmarks moved along."""
    inverse = cv2.invertAffineTransform(matrix)
    corners = np.array([[0, 0, 1], [CROP_PX, 0, 1], [0, CROP_PX, 1], [CROP_PX, CROP_PX, 1]]) @ inverse.T
    height, width = image.shape[:2]
    left, top = (max(0, int(np.floor(value)) - factor) for value in corners.min(axis=0))
    right, bottom = (int(np.ceil(value)) + factor for value in corners.max(axis=0))
    part = image[top : min(bottom, height), left : min(right, width)]
    # Whole blocks only, so that every new pixel is the mean of exactly factor x factor old ones.
    rows, columns = part.shape[0] // factor, part.shape[1] // factor
    if rows == 0 or columns == 0:
        return np.zeros((0, 0, 3), dtype=np.uint8), landmarks
    blocks = part[: rows * factor, : columns * factor]
    small = cv2.resize(blocks, (columns, rows), interpolation=cv2.INTER_AREA)
    # A pixel's centre lies at its whole coordinate: block i covers factor*i .. factor*i + factor-1.
    moved = (landmarks - np.array([left, top], dtype=np.float32) - (factor - 1) / 2) / factor
    return np.asarray(small, dtype=np.uint8), moved.astype(np.float32)
