"""The figures of face verification and identification over vectors: pure, no images, no models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from footfall.vision.types import Float32Array

FOLDS = 10
_BINS = 200_000  # cosine -1..1 in steps of 1e-5
_BLOCK_ROWS = 512

Scores = npt.NDArray[np.float64]


def ten_fold_accuracy(same: Scores, different: Scores) -> float:
    """Share of pairs told rightly, each fold under the threshold that serves the nine others best (LFW's protocol).

    `same`, `different`: cosines of the two kinds of pairs; pair i of either kind belongs to fold i mod 10. Raises
    ValueError for fewer than ten of either.
    """
    if min(len(same), len(different)) < FOLDS:
        raise ValueError(f"{FOLDS} folds need {FOLDS} pairs of either kind")
    accuracies = []
    for fold in range(FOLDS):
        held_same, held_different = np.arange(len(same)) % FOLDS == fold, np.arange(len(different)) % FOLDS == fold
        threshold = best_threshold(same[~held_same], different[~held_different])
        right = np.sum(same[held_same] >= threshold) + np.sum(different[held_different] < threshold)
        accuracies.append(right / (held_same.sum() + held_different.sum()))
    return float(np.mean(accuracies))


def best_threshold(same: Scores, different: Scores) -> float:
    """The threshold that tells most pairs rightly, midway between the two scores that it parts."""
    scores = np.concatenate([same, different])
    order = np.argsort(scores, kind="stable")
    is_same = np.concatenate([np.ones(len(same)), np.zeros(len(different))])[order]
    # Under cut k the k lowest scores count as different. No threshold cuts between two equal scores.
    right = np.concatenate([[0], np.cumsum(1 - is_same)]) + is_same.sum() - np.concatenate([[0], np.cumsum(is_same)])
    edges = np.concatenate([[scores[order[0]] - 1], scores[order], [scores[order[-1]] + 1]])
    cuts = np.flatnonzero(np.diff(edges) > 0)
    best = int(cuts[np.argmax(right[cuts])])
    return float((edges[best] + edges[best + 1]) / 2)


def impostor_histogram(vectors: Float32Array, people: Sequence[str]) -> npt.NDArray[np.int64]:
    """How many pairs of photographs of two different people score in each of 200,000 steps of cosine from -1 to 1.

    `vectors`: (n, d) rows of norm 1; `people`: whose photograph each row is. All pairs, block by block.
    """
    _, owner = np.unique(np.asarray(people), return_inverse=True)
    counts = np.zeros(_BINS, dtype=np.int64)
    for start in range(0, len(vectors), _BLOCK_ROWS):
        rows = slice(start, start + _BLOCK_ROWS)
        scores = vectors[rows] @ vectors[start:].T
        columns = np.arange(start, len(vectors))
        others = (owner[rows, None] != owner[None, start:]) & (
            columns[None, :] > np.arange(start, start + len(scores))[:, None]
        )
        steps = ((np.clip(scores[others], -1.0, 1.0) + 1.0) / 2.0 * _BINS).astype(np.int64)
        counts += np.bincount(np.minimum(steps, _BINS - 1), minlength=_BINS)
    return counts


def threshold_at_far(impostors: npt.NDArray[np.int64], far: float) -> float:
    """The lowest cosine at or over which at most `far` of the impostor pairs lie."""
    allowed = int(far * impostors.sum())
    at_or_over = np.cumsum(impostors[::-1])[::-1]
    passing = np.flatnonzero(at_or_over <= allowed)
    first = int(passing[0]) if passing.size else _BINS
    return first / _BINS * 2.0 - 1.0


def rank_one(vectors: Float32Array, people: Sequence[str], *, distractors: bool) -> tuple[float, int, int]:
    """Share of probes whose nearest gallery photograph is of the same person, with probes and gallery counted.

    The gallery holds the first photograph of everybody of whom there are two or more, and with `distractors` of
    everybody else too; the further photographs are the probes.
    """
    first: dict[str, int] = {}
    probes: list[int] = []
    for row, person in enumerate(people):
        if person in first:
            probes.append(row)
        else:
            first[person] = row
    sought = {people[row] for row in probes}
    gallery = [row for person, row in first.items() if distractors or person in sought]
    if not probes:
        return 0.0, 0, len(gallery)
    nearest = np.argmax(vectors[probes] @ vectors[gallery].T, axis=1)
    hits = sum(people[gallery[int(found)]] == people[probe] for probe, found in zip(probes, nearest, strict=True))
    return hits / len(probes), len(probes), len(gallery)
