"""A match is over the threshold and ahead of the second person; thresholds come from measurements alone."""

from __future__ import annotations

from random import Random
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import PersonKind, TemplateId
from footfall.errors import ConfigurationError
from footfall.matching import MatchPolicy, PersonScore, decide, policy_from, rank_people, threshold_at
from footfall.stores.base import Hit
from footfall.vision.types import ThresholdTable

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


def test_the_policy_says_where_its_thresholds_come_from() -> None:
    policy = policy_from(TABLE, target_far=1e-5, unsure_far=1e-3, margin=0.05)

    assert (policy.threshold_low, policy.threshold_high, policy.margin) == pytest.approx((0.34, 0.50, 0.05))
    assert policy.source == "measured on nobody; FAR 0.001 / 1e-05"


def test_swapped_rates_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="unsure_far"):
        policy_from(TABLE, target_far=1e-3, unsure_far=1e-5, margin=0.05)


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
