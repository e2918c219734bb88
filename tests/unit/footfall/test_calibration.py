"""Thresholds from scores: for more people or fewer mistakes they rise, and over many draws they keep their promise."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from footfall.calibration import (
    ANCHOR_RATE,
    LEAST_GALLERY,
    LEAST_PEOPLE,
    TailAnchor,
    TailShape,
    combined,
    comparison_rate,
    effective_size,
    fpir_at,
    histogram_of,
    miss_rate,
    normal_score,
    own_tail,
    own_weight,
    tail_anchor,
    threshold_for,
    threshold_value,
)
from footfall.calibration_background import background_path, load_background
from footfall.errors import ConfigurationError
from footfall.vision.types import Float32Array

BACKGROUND = load_background("arcface-mbf-512-v1")
RATES = st.floats(1e-5, 0.3)
SIZES = st.floats(1, 1e6)


def people(count: int, *, dimension: int = 96, seed: int = 0) -> Float32Array:
    """One template each of people who are random directions: impostor cosines of deviation 1 / sqrt(dimension)."""
    rows = np.random.default_rng(seed).normal(size=(count, dimension))
    people: Float32Array = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return people


def normal_tail(deviation: float) -> TailShape:
    """The tail of normal scores around 0."""
    rates = tuple(float(f"{digit}e-{power}") for power in range(2, 9) for digit in (5, 2, 1))
    scores = tuple(NormalDist().inv_cdf(1 - rate) * deviation for rate in rates)
    drawn = np.random.default_rng(1).normal(size=200_000) * deviation
    return TailShape(rates, scores, tail_anchor(drawn).excess)


@given(RATES, SIZES)
def test_the_rate_of_comparisons_and_that_of_strangers_are_each_others_inverse(fpir: float, gallery: float) -> None:
    assert fpir_at(comparison_rate(fpir, gallery), gallery) == pytest.approx(fpir)


@given(RATES, SIZES, SIZES)
def test_a_larger_gallery_never_gets_a_lower_threshold(fpir: float, one: float, other: float) -> None:
    small, large = sorted((one, other))

    assert threshold_value(BACKGROUND, None, fpir=fpir, gallery=small) <= threshold_value(
        BACKGROUND, None, fpir=fpir, gallery=large
    )


@given(RATES, RATES, SIZES)
def test_fewer_mistakes_never_get_a_lower_threshold(one: float, other: float, gallery: float) -> None:
    strict, lax = sorted((one, other))

    assert threshold_value(BACKGROUND, None, fpir=strict, gallery=gallery) >= threshold_value(
        BACKGROUND, None, fpir=lax, gallery=gallery
    )


def test_ten_times_the_people_need_ten_times_the_care_with_each_comparison() -> None:
    assert comparison_rate(0.01, 1000) == pytest.approx(comparison_rate(0.01, 100) / 10)
    assert threshold_value(BACKGROUND, None, fpir=0.001, gallery=1000) == pytest.approx(
        threshold_value(BACKGROUND, None, fpir=0.01, gallery=10_050), abs=1e-3
    )


def test_a_tiny_gallery_gets_the_threshold_of_one_that_it_may_grow_into() -> None:
    assert threshold_value(BACKGROUND, None, fpir=0.01, gallery=4) == threshold_value(
        BACKGROUND, None, fpir=0.01, gallery=LEAST_GALLERY
    )


@pytest.mark.parametrize("fpir", [0.0, 1.0, -0.1])
def test_a_rate_that_is_none_is_refused(fpir: float) -> None:
    with pytest.raises(ConfigurationError):
        comparison_rate(fpir, 100)


def test_there_is_no_tail_in_the_middle_of_the_scores() -> None:
    with pytest.raises(ConfigurationError, match="no tail"):
        BACKGROUND.tail.score_at(ANCHOR_RATE * 2)


def test_several_templates_make_a_person_count_more_but_never_as_many_people() -> None:
    assert effective_size([1, 1, 1]) == 3
    assert effective_size([0, 4]) == 2
    assert 1 < effective_size([3]) < 3


@pytest.mark.parametrize("count", [50, 400])
def test_at_the_threshold_as_many_strangers_pass_as_was_stated(count: int) -> None:
    """Random directions, against a background of the same kind: 4,000 strangers a gallery, five galleries."""
    background = replace(
        BACKGROUND,
        tail=normal_tail(96**-0.5),
        template_anchor=tail_anchor(_scores(people(1500, seed=9))),
        replicates=(),
    )
    target, size = 0.05, max(float(count), LEAST_GALLERY)
    passed = []
    for seed in range(5):
        gallery, strangers = people(int(size), seed=seed), people(4000, seed=100 + seed)
        own = own_tail(gallery[:count], replicates=1)
        threshold = threshold_value(background, own, fpir=target, gallery=size)
        passed.append(np.mean((strangers @ gallery.T).max(axis=1) >= threshold))

    assert np.mean(passed) == pytest.approx(target, rel=0.35)


def test_people_who_are_more_alike_than_the_background_raise_the_threshold() -> None:
    alike = people(300, seed=3) + 0.35 * people(1, seed=4)
    alike /= np.linalg.norm(alike, axis=1, keepdims=True)

    lax = threshold_value(BACKGROUND, own_tail(people(300), replicates=1), fpir=0.01, gallery=300)
    strict = threshold_value(BACKGROUND, own_tail(alike, replicates=1), fpir=0.01, gallery=300)

    assert strict > lax + 0.05


def test_too_few_people_of_ones_own_change_nothing() -> None:
    few = own_tail(people(LEAST_PEOPLE - 1), replicates=2)

    assert threshold_for(BACKGROUND, few, fpir=0.01, gallery=200) == threshold_for(
        BACKGROUND, None, fpir=0.01, gallery=200
    )


@given(st.integers(0, 5000), st.integers(0, 5000))
def test_more_people_of_ones_own_never_weigh_less(one: int, other: int) -> None:
    few, many = sorted((one, other))

    assert 0 <= own_weight(few) <= own_weight(many) < 1


def test_more_people_narrow_the_interval() -> None:
    """Of the tenant's own part: the background's replicates are all alike here."""
    still = replace(BACKGROUND, replicates=(BACKGROUND.tail,) * 60)
    widths = []
    for count in (40, 400):
        threshold = threshold_for(still, own_tail(people(count), replicates=60), fpir=0.01, gallery=400)
        assert threshold.low <= threshold.value <= threshold.high
        # What is left open by the people themselves, before they are weighed.
        widths.append((threshold.high - threshold.low) / own_weight(count))

    assert widths[1] < widths[0] / 2


def test_replicates_draw_people_and_not_pairs() -> None:
    """The pairs of one person hang together, so that people drawn anew vary more than pairs drawn anew would."""
    gallery = people(60, dimension=8, seed=2)
    scores = _scores(gallery)
    rng = np.random.default_rng(0)
    pairs = [tail_anchor(rng.choice(scores, len(scores))).score for _ in range(200)]
    drawn = [anchor.score for anchor in own_tail(gallery, replicates=200).replicates]

    assert np.std(drawn) > 1.1 * np.std(pairs)


def test_one_person_under_two_names_does_not_pass_for_a_heavy_tail() -> None:
    gallery = people(60)
    doubled = np.concatenate([gallery[:59], gallery[:1]])

    assert own_tail(doubled, replicates=1).anchor.excess == pytest.approx(
        own_tail(gallery, replicates=1).anchor.excess, rel=0.15
    )


def test_the_background_moved_to_itself_stays_where_it_was() -> None:
    same = combined(BACKGROUND.tail, BACKGROUND.template_anchor, BACKGROUND.template_anchor, 0.8)

    assert same.scores == pytest.approx(BACKGROUND.tail.scores)


@given(st.floats(0.0, 0.4), st.floats(0.01, 0.1), st.floats(0, 1))
def test_a_moved_tail_still_rises(score: float, excess: float, weight: float) -> None:
    moved = combined(BACKGROUND.tail, BACKGROUND.template_anchor, TailAnchor(score, excess), weight)

    assert all(one <= other for one, other in pairwise(moved.scores))
    assert moved.scores[-1] <= 1


def test_a_normal_tail_is_found_again_from_two_of_its_points() -> None:
    deviate = NormalDist(0.01, 0.1).inv_cdf
    upper, lower = (1e-3, deviate(1 - 1e-3)), (1e-4, deviate(1 - 1e-4))

    assert normal_score(upper, lower, 1e-7) == pytest.approx(deviate(1 - 1e-7))


@settings(max_examples=30)
@given(st.lists(st.floats(-1, 1), min_size=1, max_size=200), st.floats(-1, 1))
def test_the_share_missed_is_that_under_the_threshold(scores: list[float], threshold: float) -> None:
    histogram = histogram_of(np.asarray(scores), 0.02)

    missed = miss_rate(histogram, 0.02, threshold)

    under = np.mean(np.asarray(scores) < threshold - 0.02), np.mean(np.asarray(scores) <= threshold + 0.02)
    assert missed is not None
    assert under[0] - 1e-9 <= missed <= under[1] + 1e-9


def test_without_genuine_scores_nothing_is_said_of_misses() -> None:
    assert miss_rate([0.0] * 100, 0.02, 0.4) is None


def test_the_bundled_background_holds_statistics_and_no_template() -> None:
    """Nothing in it is as long as a template, and its tail is what was measured over LFW by others, too."""
    assert len(BACKGROUND.tail.scores) == len(BACKGROUND.tail.rates) < 64
    assert len(BACKGROUND.replicates) == 100
    assert BACKGROUND.tail.score_at(1e-3) == pytest.approx(0.342, abs=0.02)
    assert BACKGROUND.tail.score_at(1e-5) == pytest.approx(0.487, abs=0.03)
    assert sum(BACKGROUND.impostor_histogram) == pytest.approx(1, abs=1e-4)
    assert background_path("arcface-mbf-512-v1").stat().st_size < 100_000


def test_a_model_that_was_never_measured_has_no_thresholds() -> None:
    with pytest.raises(ConfigurationError, match="somebody-elses-v9"):
        load_background("somebody-elses-v9")


def test_the_mock_borrows_a_background_and_says_so() -> None:
    assert "never measured" in load_background("mock-1").source


def _scores(rows: Float32Array) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    first, second = np.triu_indices(len(rows), k=1)
    return (rows @ rows.T)[first, second].astype(np.float64)
