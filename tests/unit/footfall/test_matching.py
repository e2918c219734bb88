"""A match is over the threshold and ahead of the second person; thresholds come from measurements alone."""

from __future__ import annotations

from random import Random
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import PersonKind, TemplateId
from footfall.errors import ConfigurationError
from footfall.matching import (
    RESCORED_PEOPLE,
    MatchPolicy,
    PersonScore,
    decide,
    fused_score,
    rank_people,
    rescore,
    threshold_at,
)
from footfall.stores.base import Hit
from footfall.vision.types import ThresholdTable
from tests.vectors import between, like, person

TABLE = ThresholdTable("measured on nobody", ((1e-5, 0.50), (1e-4, 0.42), (1e-3, 0.34)))
POLICY = MatchPolicy(threshold_low=0.34, threshold_high=0.50, margin=0.05, source="a test")


def scored(person: int, score: float, kind: PersonKind = "staff") -> PersonScore:
    return PersonScore(kind, UUID(int=person), score)


def hit(person: int, score: float, template: int, kind: PersonKind = "customer") -> Hit:
    return Hit(TemplateId(UUID(int=template)), kind, UUID(int=person), score)


def test_a_measured_rate_gets_its_measured_threshold() -> None:
    assert [threshold_at(TABLE, far) for far in (1e-5, 1e-4, 1e-3)] == pytest.approx([0.50, 0.42, 0.34])


def test_between_two_measured_rates_the_threshold_is_interpolated_over_their_logarithm() -> None:
    assert threshold_at(TABLE, 10**-4.5) == pytest.approx(0.46)


@pytest.mark.parametrize("far", [9e-6, 2e-3, 0.5])
def test_a_rate_that_nobody_measured_has_no_threshold(far: float) -> None:
    with pytest.raises(ConfigurationError, match="measured"):
        threshold_at(TABLE, far)


def test_a_table_of_one_point_answers_that_point_alone() -> None:
    one_point = ThresholdTable("one", ((1e-4, 0.42),))

    assert threshold_at(one_point, 1e-4) == pytest.approx(0.42)
    with pytest.raises(ConfigurationError):
        threshold_at(one_point, 1e-5)


def test_an_empty_table_answers_nothing() -> None:
    with pytest.raises(ConfigurationError):
        threshold_at(ThresholdTable("empty", ()), 1e-4)


def test_a_person_counts_with_the_best_of_their_templates() -> None:
    ranked = rank_people([hit(1, 0.4, 11), hit(2, 0.7, 21), hit(1, 0.6, 12), hit(2, 0.1, 22)])

    assert ranked == [scored(2, 0.7, "customer"), scored(1, 0.6, "customer")]


def test_equal_scores_are_ranked_alike_whatever_order_they_came_in() -> None:
    hits = [hit(2, 0.5, 21), hit(1, 0.5, 11)]

    assert rank_people(hits) == rank_people(hits[::-1]) == [scored(1, 0.5, "customer"), scored(2, 0.5, "customer")]


def test_a_face_under_the_quality_floor_is_nobody_however_well_it_scores() -> None:
    decision = decide([scored(1, 0.99)], POLICY, acceptable=False)

    assert (decision.kind, decision.best, decision.margin) == ("poor_quality", None, None)


@pytest.mark.parametrize(
    ("scores", "kind", "margin"),
    [
        ((), "stranger", None),
        ((0.339,), "stranger", None),
        ((0.34,), "unsure", None),
        ((0.499,), "unsure", None),
        ((0.50,), "staff", None),
        ((0.60, 0.55), "staff", 0.05),
        ((0.60, 0.551), "unsure", 0.049),
        ((0.90, 0.10), "staff", 0.80),
        ((0.33, 0.32), "stranger", 0.01),
    ],
)
def test_a_match_is_over_the_threshold_and_ahead_by_the_margin(
    scores: tuple[float, ...], kind: str, margin: float | None
) -> None:
    people = [scored(number, score) for number, score in enumerate(scores, start=1)]
    policy = MatchPolicy(POLICY.threshold_low, POLICY.threshold_high, 0.05 - 1e-12, POLICY.source)

    decision = decide(people, policy, acceptable=True)

    assert decision.kind == kind
    assert decision.margin == (None if margin is None else pytest.approx(margin))


def test_a_recognised_customer_is_a_customer() -> None:
    assert decide([scored(1, 0.8, "customer")], POLICY, acceptable=True).kind == "customer"


@given(
    st.lists(st.tuples(st.integers(1, 6), st.floats(-1, 1)), max_size=12),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_hits_decides_nothing(found: list[tuple[int, float]], shuffler: Random) -> None:
    hits = [hit(person, score, template) for template, (person, score) in enumerate(found)]
    shuffled = list(hits)
    shuffler.shuffle(shuffled)

    assert decide(rank_people(hits), POLICY, acceptable=True) == decide(rank_people(shuffled), POLICY, acceptable=True)


def test_with_one_template_the_fused_score_is_the_cosine() -> None:
    probe, template = person(1), person(2)

    assert fused_score(probe, [template]) == pytest.approx(float(probe @ template))


@given(st.integers(0, 10_000), st.integers(1, 5))
def test_the_fused_score_is_a_cosine_that_no_order_of_the_templates_changes(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(count + 1, 512)).astype(np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    probe, templates = rows[0], list(rows[1:])

    score = fused_score(probe, templates)

    assert -1.0 - 1e-6 <= score <= 1.0 + 1e-6
    assert fused_score(probe, templates[::-1]) == pytest.approx(score, abs=1e-6)


def test_several_photographs_of_a_person_find_them_better_than_the_nearest_stranger() -> None:
    face = person(7)
    shots = [like(face, 0.8, shot) for shot in range(4)]

    assert fused_score(shots[0], shots[1:]) > max(float(shots[0] @ shot) for shot in shots[1:])


def test_a_person_whose_templates_have_nothing_in_common_is_found_by_each_of_them() -> None:
    templates = [person(number) for number in range(5)]

    assert all(fused_score(template, templates) > 0.65 for template in templates)


def test_rescoring_ranks_by_all_templates_and_leaves_out_whoever_has_none() -> None:
    probe = person(1)
    near, far = between(probe, person(2), 0.3), between(probe, person(3), 0.8)
    people = [scored(1, 0.9), scored(2, 0.8), scored(3, 0.7)]

    ranked = rescore(probe, people, {("staff", UUID(int=1)): [far], ("staff", UUID(int=2)): [near]})

    assert [entry.person_id for entry in ranked] == [UUID(int=2), UUID(int=1)]
    assert ranked[0].score == pytest.approx(float(probe @ near))


def test_no_more_people_are_rescored_than_can_be_the_first_or_second() -> None:
    people = [scored(number, 0.5) for number in range(RESCORED_PEOPLE + 3)]
    templates = {("staff", entry.person_id): [person(1)] for entry in people}

    assert len(rescore(person(2), people, templates)) == RESCORED_PEOPLE  # type: ignore[arg-type]
