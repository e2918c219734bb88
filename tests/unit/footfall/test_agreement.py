"""Photographs that show one person hang together; the ones that do not are told apart from them."""

from __future__ import annotations

import numpy as np
import pytest

from footfall.agreement import agreement_of, consistency_of
from footfall.vision.types import Float32Array

LEAST = 0.5


def at(degrees: float, axis: int = 0) -> Float32Array:
    """A unit vector of a plane of its own for each axis: the cosine of two is that of the angle between them."""
    vector = np.zeros(8, dtype=np.float32)
    vector[2 * axis], vector[2 * axis + 1] = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return vector


def agrees(enrolled: list[Float32Array], new: list[Float32Array]) -> list[bool]:
    return [one.agrees for one in agreement_of(enrolled, new, least_cosine=LEAST)]


def test_a_single_photograph_has_nothing_to_disagree_with() -> None:
    [alone] = agreement_of([], [at(0)], least_cosine=LEAST)
    assert (alone.agrees, alone.best) == (True, None)


def test_a_photograph_is_held_to_the_enrolled_ones() -> None:
    assert agrees([at(0), at(20)], [at(30), at(0, axis=1)]) == [True, False]


def test_two_new_photographs_of_somebody_else_do_not_outvote_an_enrolled_one() -> None:
    assert agrees([at(0)], [at(0, axis=1), at(5, axis=1), at(10, axis=1)]) == [False, False, False]


def test_a_half_profile_joins_a_face_and_a_profile() -> None:
    assert agrees([at(0)], [at(50), at(100)]) == [True, True]
    assert agrees([at(0)], [at(100)]) == [False]


def test_without_an_enrolled_one_the_larger_group_is_the_person() -> None:
    assert agrees([], [at(0), at(0, axis=1), at(10)]) == [True, False, True]


def test_between_two_equal_groups_nobody_is_guessed() -> None:
    assert agrees([], [at(0), at(0, axis=1)]) == [False, False]


def test_the_best_cosine_is_told() -> None:
    [first, second] = agreement_of([at(0)], [at(60), at(0, axis=1)], least_cosine=LEAST)
    assert first.best == pytest.approx(0.5, abs=1e-6)
    assert second.best == pytest.approx(0.0, abs=1e-6)


def test_consistency_is_the_mean_and_the_least_of_all_pairs() -> None:
    found = consistency_of([at(0), at(60), at(90)])
    cosines = [np.cos(np.deg2rad(angle)) for angle in (60, 90, 30)]
    assert found.score == pytest.approx(float(np.mean(cosines)), abs=1e-6)
    assert found.lowest == pytest.approx(0.0, abs=1e-6)
    assert found.best == pytest.approx((0.5, np.cos(np.deg2rad(30)), np.cos(np.deg2rad(30))), abs=1e-6)


@pytest.mark.parametrize("count", [0, 1])
def test_under_two_templates_there_is_no_consistency(count: int) -> None:
    found = consistency_of([at(0)] * count)
    assert (found.score, found.lowest, found.best) == (None, None, (None,) * count)
