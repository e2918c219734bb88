"""Likely duplicates and likely mixtures, from templates and times alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import numpy as np
import pytest

from contracts.base import CameraId, CustomerId, EventId, SiteId
from footfall.duplicates import Known, Presence, likely_duplicates, likely_mixtures
from footfall.matching import MatchPolicy
from footfall.stores.postgres.visits import Person
from footfall.vision.types import Float32Array
from tests.vectors import like, person

POLICY = MatchPolicy(0.35, 0.5, 0.05, "a test")
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
SITE, OTHER_SITE = SiteId(uuid4()), SiteId(uuid4())
DOOR, EXIT = CameraId(uuid4()), CameraId(uuid4())


def customer(number: int) -> Person:
    return Person("customer", CustomerId(UUID(int=number)))


def known(number: int, *vectors: Float32Array) -> Known:
    events = tuple(EventId(UUID(int=1000 * number + index)) for index in range(len(vectors)))
    return Known(customer(number), np.stack(vectors), events)


def at(seconds: float, site: SiteId = SITE, camera: CameraId = DOOR) -> Presence:
    began = NOON + timedelta(seconds=seconds)
    return Presence(site, camera, began, began + timedelta(seconds=5))


TWINS = [known(1, person(9), person(1)), known(2, like(person(1), 0.6)), known(3, person(3))]


def test_people_whose_nearest_templates_reach_the_low_threshold_are_proposed() -> None:
    [found] = likely_duplicates(TWINS, {}, POLICY)
    assert (found.one, found.other, found.at_once) == (customer(1), customer(2), 0)
    assert found.score == pytest.approx(0.6, abs=1e-3)


def test_people_under_it_are_not() -> None:
    assert likely_duplicates([known(1, person(1)), known(2, like(person(1), 0.34))], {}, POLICY) == []


def test_the_likeliest_comes_first() -> None:
    people = [known(1, person(1)), known(2, like(person(1), 0.5)), known(3, like(person(1), 0.9, shot=2))]
    found = likely_duplicates(people, {}, POLICY)
    assert found[0].other == customer(3)
    assert [pair.score for pair in found] == sorted((pair.score for pair in found), reverse=True)


@pytest.mark.parametrize(
    ("theirs", "why"),
    [(at(3), "twice in one picture"), (at(3, OTHER_SITE, EXIT), "in two places at once")],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_people_who_cannot_be_one_are_not_proposed(theirs: Presence, why: str) -> None:
    presences = {customer(1): [at(-900), at(0)], customer(2): [theirs]}
    assert likely_duplicates(TWINS, presences, POLICY) == []


def test_two_cameras_of_one_site_may_see_one_person_at_once() -> None:
    presences = {customer(1): [at(0), at(60)], customer(2): [at(3, camera=EXIT), at(62, camera=EXIT)]}
    assert [pair.at_once for pair in likely_duplicates(TWINS, presences, POLICY)] == [2]


def test_one_after_the_other_is_no_evidence_against() -> None:
    presences = {customer(1): [at(0)], customer(2): [at(5)]}
    assert len(likely_duplicates(TWINS, presences, POLICY)) == 1


def test_a_crowd_is_compared_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Blocks of rows must not hide a pair that lies across two of them."""
    monkeypatch.setattr("footfall.duplicates._ROWS_AT_ONCE", 7)
    people = [known(number, person(number)) for number in range(1, 40)] + [known(99, like(person(3), 0.8))]
    assert [(pair.one, pair.other) for pair in likely_duplicates(people, {}, POLICY)] == [(customer(3), customer(99))]


def test_nobody_and_one_person_are_no_question() -> None:
    assert likely_duplicates([], {}, POLICY) == []
    assert likely_duplicates(TWINS[:1], {}, POLICY) == []
    assert likely_mixtures([], POLICY) == []


def test_a_customer_whose_sightings_fall_apart_is_proposed_with_the_smaller_part() -> None:
    mixed = known(1, person(1), like(person(1), 0.8), person(2), like(person(1), 0.7, shot=3), like(person(2), 0.8))
    [found] = likely_mixtures([mixed], POLICY)
    assert found.person == customer(1)
    assert found.apart == (mixed.event_ids[2], mixed.event_ids[4])
    assert found.score < POLICY.threshold_low


def test_a_chain_of_changing_looks_is_one_person() -> None:
    """Each shot is like the next: the first and the last need not match."""
    first, last = person(1), like(person(1), 0.2)
    halfway = (first + last) / np.linalg.norm(first + last)
    assert likely_mixtures([known(1, first, halfway.astype(np.float32), last)], POLICY) == []


def test_a_single_sighting_cannot_disagree_with_itself() -> None:
    assert likely_mixtures([known(1, person(1))], POLICY) == []
