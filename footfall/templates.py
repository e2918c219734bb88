"""Templates as values: their bytes, their fusion and the check of one that came from outside. No model, no store."""

from __future__ import annotations

import base64
import binascii

import numpy as np

from contracts.events import EMBEDDING_DIMENSION, Embedding
from footfall.errors import EmbeddingInvalidError, ModelVersionMismatchError
from footfall.vision.types import Float32Array

TEMPLATE_BYTES = EMBEDDING_DIMENSION * 4
NORM_TOLERANCE = 1e-3
"""How far from 1 the L2 norm of a template from outside may lie; float32 rounding alone stays under 1e-6."""


def encode_vector(vector: Float32Array) -> bytes:
    """2048 bytes, little-endian float32, of a (512,) vector. Raises EmbeddingInvalidError for another shape."""
    if vector.shape != (EMBEDDING_DIMENSION,):
        raise EmbeddingInvalidError(f"A template has {EMBEDDING_DIMENSION} numbers, this one has shape {vector.shape}.")
    return vector.astype("<f4").tobytes()


def decode_vector(data: bytes) -> Float32Array:
    """The (512,) float32 vector that `encode_vector` wrote. Raises EmbeddingInvalidError for another length."""
    if len(data) != TEMPLATE_BYTES:
        raise EmbeddingInvalidError(f"A stored template has {TEMPLATE_BYTES} bytes, this one has {len(data)}.")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def normalise(vector: Float32Array) -> Float32Array:
    """The (512,) float32 vector scaled to L2 norm 1. Raises EmbeddingInvalidError for one without a direction."""
    norm = float(np.linalg.norm(vector.astype(np.float64)))
    if not np.isfinite(norm) or norm < 1e-12:
        raise EmbeddingInvalidError("The template has no direction: its norm is zero or not finite.")
    return (vector.astype(np.float64) / norm).astype(np.float32)


def fuse(vectors: Float32Array) -> Float32Array:
    """One (512,) template of norm 1 from the (n, 512) templates of one face: their mean, normalised again.

    Raises EmbeddingInvalidError when they cancel out.
    """
    return normalise(vectors.mean(axis=0, dtype=np.float64).astype(np.float32))


def parse_embedding(embedding: Embedding, expected_version: str) -> Float32Array:
    """The (512,) float32 template of an event, of norm 1 to float32's precision.

    Raises ModelVersionMismatchError for one made with another model than `expected_version`, since vectors of two
    models say nothing about each other, and EmbeddingInvalidError for what is no template: not base64, not 512
    numbers, not finite, not of norm 1. No message repeats any part of it.
    """
    if embedding.model_version != expected_version:
        raise ModelVersionMismatchError(
            f"The template was made with {embedding.model_version}; this server compares {expected_version}.",
            hint="Update the worker: the camera's record states the model version to use.",
        )
    try:
        data = base64.b64decode(embedding.vector, validate=True)
    except (binascii.Error, ValueError) as error:
        raise EmbeddingInvalidError("The embedding's vector is not base64.") from error
    vector = decode_vector(data)
    if not np.isfinite(vector).all():
        raise EmbeddingInvalidError("The embedding holds numbers that are not finite.")
    norm = float(np.linalg.norm(vector.astype(np.float64)))
    if abs(norm - 1.0) > NORM_TOLERANCE:
        raise EmbeddingInvalidError(
            f"The embedding's L2 norm is {norm:.4f}; it must be 1.", hint="Normalise the embedding before sending it."
        )
    return normalise(vector)
