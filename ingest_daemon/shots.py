"""The best looks at a face over its track, and the template made of them: pure functions. No frame is read here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from footfall.vision.types import BgrImage, DetectedFace, FaceQuality, Float32Array
from ingest_daemon.pixels import Look

BEST_SHOTS = 5
"""Vectors in a template. Past five the mean hardly moves, and each costs an inference."""
SHOT_SPACING = timedelta(seconds=0.2)
"""Of two looks closer together than this the better one stands for both: neighbouring frames say the same."""


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """One look at a face. `aligned`: (112, 112, 3) uint8 BGR, and `look` what `pixels.look_of` makes of it.
    `picture`: uint8 BGR, the face with a margin, for shots that may be sent. `vector`: (512,) float32 with L2 norm 1,
    once it was worked out."""

    captured_at: datetime
    face: DetectedFace
    quality: FaceQuality
    acceptable: bool
    frame_width: int
    frame_height: int
    aligned: BgrImage
    look: Look
    picture: BgrImage | None = None
    vector: Float32Array | None = None

    @property
    def rank(self) -> tuple[bool, float]:
        """Larger is better: every face over the quality floor is before every one under it."""
        return self.acceptable, self.quality.score


def keep_best(kept: Sequence[Shot], shot: Shot, *, limit: int = BEST_SHOTS) -> tuple[Shot, ...]:
    """The `limit` best of `kept` and `shot`, best first, no two closer together than SHOT_SPACING.

    Ties fall to the earlier shot, so that the same file gives the same shots.
    """
    near = [other for other in kept if abs(other.captured_at - shot.captured_at) < SHOT_SPACING]
    if any(other.rank >= shot.rank for other in near):
        return tuple(kept)
    candidates = [other for other in kept if other not in near] + [shot]
    # sorted() is stable, and what was kept before stands before what is new.
    return tuple(sorted(candidates, key=lambda candidate: candidate.rank, reverse=True)[:limit])


def template_of(vectors: Sequence[Float32Array], *, agree_at: float) -> tuple[Float32Array, tuple[int, ...]]:
    """L2-normalised mean of those vectors that show one person, and their indices.

    `vectors`: one or more of shape (512,), L2 norm 1, the best shot's first. The vector that agrees most with the
    others is the centre (ties: the better shot); vectors whose cosine to it lies under `agree_at` are left out, for
    a mean over two people is a template of nobody.
    """
    stacked = np.stack(vectors).astype(np.float32)
    cosines = stacked @ stacked.T
    centre = int(np.argmax(cosines.sum(axis=1)))
    used = tuple(index for index in range(len(vectors)) if index == centre or float(cosines[centre, index]) >= agree_at)
    mean = stacked[list(used)].mean(axis=0)
    return (mean / np.linalg.norm(mean)).astype(np.float32), used


def likeness(vector: Float32Array, references: Sequence[Float32Array]) -> float:
    """The best cosine between `vector` and the references (one or more, L2 norm 1). The best and not the mean: a
    turned head is near to its like and far from the frontal look of the same person."""
    return float(np.max(np.stack(references) @ vector))
