"""Whether photographs show one person: pure arithmetic over templates. What follows from it is not here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True)
class Agreement:
    """A photograph against the person's others. `best`: its best cosine with one of them; None without another."""

    agrees: bool
    best: float | None


@dataclass(frozen=True, slots=True)
class Consistency:
    """`score`: mean pairwise cosine, `lowest` the least; None under two templates. `best`: of each template its best
    cosine with another."""

    score: float | None
    lowest: float | None
    best: tuple[float | None, ...]


def consistency_of(templates: Sequence[Float32Array]) -> Consistency:
    """How well a person's (512,) templates of norm 1 agree with each other."""
    if len(templates) < 2:
        return Consistency(None, None, tuple(None for _ in templates))
    cosines = _cosines(templates)
    pairs = cosines[np.triu_indices(len(templates), k=1)]
    np.fill_diagonal(cosines, -np.inf)
    return Consistency(float(pairs.mean()), float(pairs.min()), tuple(float(best) for best in cosines.max(axis=1)))


def agreement_of(
    enrolled: Sequence[Float32Array], new: Sequence[Float32Array], *, least_cosine: float
) -> list[Agreement]:
    """Which of the new photographs show the person of the others, in their order.

    Photographs that reach `least_cosine` with each other hang together, through a third one as well: a frontal face
    and a profile may only meet in a half-profile. With enrolled ones, those that hang together with none of them do
    not agree. Without any, the largest group is the person; where two groups are equally large it cannot be told who
    is meant, and none agrees. A single photograph agrees.
    """
    templates = [*enrolled, *new]
    if len(templates) < 2:
        return [Agreement(agrees=True, best=None) for _ in new]
    cosines = _cosines(templates)
    groups = _groups(cosines >= least_cosine)
    np.fill_diagonal(cosines, -np.inf)
    best = cosines.max(axis=1)
    if enrolled:
        meant = {groups[index] for index in range(len(enrolled))}
    else:
        sizes = {group: groups.count(group) for group in groups}
        largest = [group for group, size in sizes.items() if size == max(sizes.values())]
        meant = set(largest) if len(largest) == 1 else set()
    return [
        Agreement(agrees=groups[index] in meant, best=float(best[index]))
        for index in range(len(enrolled), len(templates))
    ]


def _cosines(templates: Sequence[Float32Array]) -> Float32Array:
    rows = np.stack(templates)
    return np.asarray(np.clip(rows @ rows.T, -1.0, 1.0), dtype=np.float32)


def _groups(linked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[int]:
    """Of each row the least row that it hangs together with, directly or through others."""
    groups = list(range(len(linked)))
    for row in range(len(linked)):
        for other in np.flatnonzero(linked[row]):
            low, high = sorted((groups[row], groups[int(other)]))
            groups = [low if group == high else group for group in groups]
    return groups
