"""The demo's verdict against its own script: a demo that cannot fail would prove nothing."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from cli.demo.cast import ENTRANCES, FILM_SECONDS, STAFF, Entrance
from cli.demo.film import face_place
from cli.demo.report import Sighting, complaint, judge, who_was_there

IDS = {member.name: uuid4() for member in STAFF}
NAMES = {staff_id: name for name, staff_id in IDS.items()}


def seen(entrance: Entrance, decision: str, person_id: UUID | None, score: float = 0.7) -> Sighting:
    """A sighting right where and when the film draws that person."""
    middle = entrance.starts_seconds + entrance.lasts_seconds / 2
    place = face_place(entrance, middle)
    assert place is not None
    return Sighting(middle, place.x, place.y, decision, person_id, score)


def faultless() -> list[Sighting]:
    customers: dict[str, UUID] = {}
    return [
        seen(one, "staff", IDS[one.person])
        if one.person in IDS
        else seen(one, "customer", customers.setdefault(one.person, uuid4()))
        for one in ENTRANCES
    ]


def first(person: str) -> Entrance:
    return next(one for one in ENTRANCES if one.person == person)


def test_a_faultless_run_has_nothing_to_complain_about() -> None:
    verdict = judge(faultless(), NAMES)
    assert complaint(verdict) is None
    assert set(verdict.recognised) == set(IDS)
    assert (verdict.false_matches, verdict.split, verdict.unplaced) == (0, (), 0)
    assert verdict.customers == verdict.visitors_seen == 9


def test_a_missed_staff_member_is_named() -> None:
    verdict = judge([one for one in faultless() if one.person_id != IDS["Staff B"]], NAMES)
    assert complaint(verdict) == "Staff B had to be recognised and was not."


def test_a_stranger_taken_for_staff_is_a_false_match() -> None:
    verdict = judge([*faultless(), seen(first("Visitor 3"), "staff", IDS["Staff B"])], NAMES)
    assert verdict.false_matches == 1
    assert "Visitor 3 was taken for Staff B" in (complaint(verdict) or "")


def test_a_staff_member_taken_for_a_colleague_is_a_false_match() -> None:
    verdict = judge([*faultless(), seen(first("Staff A"), "staff", IDS["Staff C"])], NAMES)
    assert verdict.wrong_staff == ("Staff A was taken for Staff C (0.700)",)


def test_two_visitors_under_one_identity_are_a_false_match() -> None:
    shared = uuid4()
    sightings = [seen(first("Visitor 1"), "new_customer", shared), seen(first("Visitor 2"), "customer", shared)]
    assert judge(sightings, NAMES).mixed == ("Visitor 1 and Visitor 2",)


def test_one_visitor_under_two_identities_is_reported() -> None:
    sightings = [seen(first("Visitor 1"), "new_customer", uuid4()), seen(first("Visitor 1"), "new_customer", uuid4())]
    assert judge(sightings, NAMES).split == ("Visitor 1",)


def test_a_sighting_where_nobody_stands_belongs_to_nobody() -> None:
    assert who_was_there(Sighting(0.2, 900, 20, "unsure", None, None)) is None


@pytest.mark.parametrize("entrance", ENTRANCES, ids=lambda one: f"{one.person}@{one.starts_seconds:g}")
def test_everyone_enters_and_leaves_within_the_film(entrance: Entrance) -> None:
    assert entrance.starts_seconds + entrance.lasts_seconds <= FILM_SECONDS
    assert face_place(entrance, entrance.starts_seconds - 0.1) is None
    assert face_place(entrance, entrance.starts_seconds + entrance.lasts_seconds) is None


def test_nobody_plays_staff_with_a_photograph_that_was_enrolled() -> None:
    enrolled = {picture for member in STAFF for picture in member.enrolment}
    assert not enrolled & {entrance.picture for entrance in ENTRANCES}
