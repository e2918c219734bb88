"""Who is in a heap of templates: clusters of one person each, and whether a person is among others. Nothing is seen
or measured here."""

from __future__ import annotations

import numpy as np

from footfall.vision.types import Float32Array


def people_in(observed: Float32Array, *, same_at: float, least: int) -> list[Float32Array]:
    """One (512,) unit vector for each person with at least `least` of the (n, 512) observations, most observed first.

    Each observation joins the person whose mean it is nearest to, when that cosine is `same_at` or more; people
    whose means are as near as that are one. Means and not chains: over thousands of frames a chain of neighbours
    would join any two people.
    """
    sums: list[Float32Array] = []
    counts: list[int] = []
    for vector in observed:
        cosines = [_cosine(total, vector) for total in sums]
        nearest = int(np.argmax(cosines)) if cosines else -1
        if nearest >= 0 and cosines[nearest] >= same_at:
            sums[nearest] = sums[nearest] + vector
            counts[nearest] += 1
        else:
            sums.append(vector.astype(np.float32))
            counts.append(1)
    while (pair := _nearest_pair(sums, same_at)) is not None:
        first, second = pair
        sums[first] = sums[first] + sums[second]
        counts[first] += counts[second]
        del sums[second], counts[second]
    order = sorted(range(len(sums)), key=lambda index: -counts[index])
    return [(sums[index] / np.linalg.norm(sums[index])).astype(np.float32) for index in order if counts[index] >= least]


def is_among(person: Float32Array, templates: Float32Array, *, agree_at: float) -> bool:
    """Whether one of the (n, 512) unit templates is of `person`."""
    return bool(len(templates)) and float(np.max(templates @ person)) >= agree_at


def _nearest_pair(sums: list[Float32Array], same_at: float) -> tuple[int, int] | None:
    """The two means nearest to each other, when they are near enough to be one person's."""
    best: tuple[float, int, int] | None = None
    for first in range(len(sums)):
        for second in range(first + 1, len(sums)):
            cosine = _cosine(sums[first], sums[second])
            if cosine >= same_at and (best is None or cosine > best[0]):
                best = cosine, first, second
    return None if best is None else best[1:]


def _cosine(first: Float32Array, second: Float32Array) -> float:
    return float(first @ second / (np.linalg.norm(first) * np.linalg.norm(second)))
