"""Synthetic templates: people as random directions, at a chosen cosine from each other. No image, no model."""

from __future__ import annotations

import base64

import numpy as np

from contracts.events import EMBEDDING_DIMENSION
from footfall.vision.types import Float32Array


def person(number: int) -> Float32Array:
    """(512,) float32 of norm 1; two people's cosine lies near 0."""
    return _unit(np.random.default_rng(number).normal(size=EMBEDDING_DIMENSION))


def like(vector: Float32Array, cosine: float, shot: int = 1) -> Float32Array:
    """Another shot of the same face, whose cosine to `vector` is `cosine`."""
    direction = np.random.default_rng(10_000 + shot).normal(size=EMBEDDING_DIMENSION)
    aside = _unit(direction - np.dot(direction, vector) * vector)
    return _unit(cosine * vector + np.sqrt(1.0 - cosine**2) * aside)


def between(one: Float32Array, other: Float32Array, share: float = 0.5) -> Float32Array:
    """A face on the way from `one` to `other`."""
    return _unit((1.0 - share) * one + share * other)


def as_base64(vector: Float32Array) -> str:
    return base64.b64encode(vector.astype("<f4").tobytes()).decode()


def _unit(vector: np.ndarray[tuple[int, ...], np.dtype[np.floating]]) -> Float32Array:
    return (vector / np.linalg.norm(vector)).astype(np.float32)
