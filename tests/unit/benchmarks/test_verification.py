"""The figures of face verification, against cases that can be counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.verification import (
    best_threshold,
    impostor_histogram,
    rank_one,
    ten_fold_accuracy,
    threshold_at_far,
)


def _unit(*degrees: float) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Rows of norm 1 in the plane, so that cosines are those of the angles between."""
    turns = np.deg2rad(np.array(degrees))
    return np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)


def test_scores_that_never_overlap_are_told_apart_wholly() -> None:
    assert ten_fold_accuracy(np.linspace(0.6, 0.9, 100), np.linspace(-0.2, 0.3, 100)) == 1.0


def test_scores_that_mean_nothing_are_told_apart_by_chance() -> None:
    rng = np.random.default_rng(1)
    assert ten_fold_accuracy(rng.normal(size=2000), rng.normal(size=2000)) == pytest.approx(0.5, abs=0.03)


def test_a_known_share_of_errors_is_found() -> None:
    """Every tenth same pair scores as if it were different."""
    same = np.where(np.arange(1000) % 10 == np.arange(1000) // 10 % 10, 0.0, 0.8)
    different = np.full(1000, 0.1)
    assert ten_fold_accuracy(same, different) == pytest.approx(0.95, abs=0.002)


def test_the_threshold_is_chosen_without_looking_at_the_fold_it_judges() -> None:
    """One fold is shifted: under its own best threshold it would be told apart wholly."""
    same = np.where(np.arange(100) % 10 == 0, 0.2, 0.8)
    different = np.where(np.arange(100) % 10 == 0, -0.9, 0.4)
    assert ten_fold_accuracy(same, different) == pytest.approx(0.95)


def test_folds_need_pairs() -> None:
    with pytest.raises(ValueError, match="10 pairs of either kind"):
        ten_fold_accuracy(np.ones(9), np.zeros(100))


cosines = st.lists(st.integers(-1000, 1000).map(lambda thousandths: thousandths / 1000), min_size=1, max_size=40)


@given(cosines, cosines, st.floats(-1.5, 1.5))
def test_no_threshold_is_better_than_the_best(same: list[float], different: list[float], other: float) -> None:
    a, b = np.array(same), np.array(different)

    def right(threshold: float) -> int:
        return int((a >= threshold).sum() + (b < threshold).sum())

    assert right(best_threshold(a, b)) >= right(other)


def test_impostor_pairs_are_all_pairs_of_two_people_each_once() -> None:
    vectors = _unit(0, 10, 60, 90)
    counts = impostor_histogram(vectors, ["ann", "ann", "bob", "cyd"])
    scores = (np.flatnonzero(counts) / len(counts)) * 2 - 1
    assert counts.sum() == 5
    expected = sorted(np.cos(np.deg2rad([60, 50, 90, 80, 30])))
    assert scores == pytest.approx(expected, abs=1e-4)


def test_impostor_pairs_do_not_depend_on_blocks() -> None:
    rng = np.random.default_rng(2)
    vectors = rng.normal(size=(1200, 8)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    people = [f"p{index % 400}" for index in range(1200)]
    counts = impostor_histogram(vectors, people)
    assert counts.sum() == 1200 * 1199 // 2 - 400 * 3
    owner = np.arange(1200) % 400
    upper = np.triu(owner[:, None] != owner[None, :], 1)
    direct = (vectors @ vectors.T)[upper]
    assert int((direct >= 0.5).sum()) == pytest.approx(int(counts[150_000:].sum()), abs=5)


@pytest.mark.parametrize("far", [0.1, 0.01, 0.5])
def test_the_threshold_lets_no_more_impostors_through_than_stated(far: float) -> None:
    scores = np.random.default_rng(3).normal(0, 0.1, 10_000)
    steps = ((scores + 1) / 2 * 200_000).astype(int)
    counts = np.bincount(steps, minlength=200_000)
    threshold = threshold_at_far(counts, far)
    assert (scores >= threshold).mean() <= far
    assert (scores >= threshold - 0.001).mean() > far * 0.9


def test_a_rate_no_pair_may_reach_lets_nobody_through() -> None:
    counts = impostor_histogram(_unit(0, 30), ["ann", "bob"])
    assert threshold_at_far(counts, 0.001) > np.cos(np.deg2rad(30))


def test_rank_one_counts_probes_that_find_their_own() -> None:
    vectors = _unit(0, 5, 90, 45, 200)
    people = ["ann", "ann", "bob", "bob", "cyd"]
    rate, probes, gallery = rank_one(vectors, people, distractors=False)
    assert rate == pytest.approx(0.5)
    assert (probes, gallery) == (2, 2)


def test_distractors_can_only_lower_rank_one() -> None:
    vectors = _unit(0, 20, 90, 85, 19)
    people = ["ann", "ann", "bob", "bob", "cyd"]
    assert rank_one(vectors, people, distractors=False) == (1.0, 2, 2)
    assert rank_one(vectors, people, distractors=True) == (0.5, 2, 3)


def test_without_probes_there_is_no_rank_one() -> None:
    assert rank_one(_unit(0, 90), ["ann", "bob"], distractors=True) == (0.0, 0, 2)
