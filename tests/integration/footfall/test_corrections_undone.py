"""Corrections taken back: every sighting, visit, template and vector where it was."""

from __future__ import annotations

import pytest

from contracts.base import CustomerId, EventId, FaceId
from contracts.corrections import PromoteRequest
from footfall.correction_undo import undo
from footfall.corrections import detach, merge, move_face, promote
from footfall.errors import ConflictError
from tests.integration.footfall.corrected import (
    ACTS,
    Act,
    at,
    customer_of,
    merge_both,
    record,
    see,
    sightings,
    whole,
)
from tests.integration.footfall.world import ACTOR, MORNING, World
from tests.vectors import like, person


@pytest.mark.parametrize("act", ACTS)
def test_an_undo_restores_every_sighting_visit_template_and_vector(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId], act: Act
) -> None:
    before = record(world)
    done = act(world, *ada_and_twin)
    assert record(world) != before
    assert whole(world)
    taken_back = undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert taken_back.undoes == done.correction_id
    assert record(world) == before
    assert whole(world)


def test_a_promotion_to_a_known_staff_member_is_undone_too(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    grace = world.hire(person(9), "Grace")
    world.see(like(person(9), 0.97), MORNING + at(3))
    before = record(world)
    done = promote(world.services, world.tenant_id, ada_and_twin[0], PromoteRequest(staff_id=grace), actor=ACTOR)
    receipt = see(world, 1, 700, shot=8)
    assert (receipt.decision.kind, receipt.decision.person_id) == ("staff", grace)
    assert whole(world)
    stays = detach(world.services, world.tenant_id, EventId(receipt.event_id), actor=ACTOR)
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    now = record(world)
    assert {key: now[key] for key in ("templates", "customers", "staff", "vectors", "faces")} == {
        key: before[key] for key in ("templates", "customers", "staff", "vectors", "faces")
    }
    assert now["visits"] == before["visits"]
    assert stays.undone_by is None


def test_corrections_of_other_people_are_undone_in_any_order(world: World) -> None:
    people = [customer_of(see(world, number, number)) for number in range(6)]
    before = record(world)
    done = [merge(world.services, world.tenant_id, people[n], people[n + 1], actor=ACTOR) for n in (0, 2, 4)]
    for number in (1, 0, 2):
        undo(world.services, world.tenant_id, done[number].correction_id, actor=ACTOR)
    assert record(world) == before


def test_a_later_merge_of_the_survivor_stands_in_the_way_of_the_first(world: World) -> None:
    one, two, three = (customer_of(see(world, number, number * 50)) for number in range(3))
    before = record(world)
    first = merge(world.services, world.tenant_id, one, two, actor=ACTOR)
    second = merge(world.services, world.tenant_id, two, three, actor=ACTOR)
    with pytest.raises(ConflictError, match=str(second.correction_id)):
        undo(world.services, world.tenant_id, first.correction_id, actor=ACTOR)
    for done in (second, first):
        undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert record(world) == before


def test_what_a_merged_customer_got_since_stays_with_the_survivor(world: World) -> None:
    ada, twin = customer_of(see(world, 1)), customer_of(see(world, 2, 5))
    done = merge_both(world, ada, twin)
    since = see(world, 1, 300)
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert sightings(world, twin)[-1] == since.event_id
    assert whole(world)


def test_what_was_erased_since_stays_erased(world: World) -> None:
    """An undo brings back what there is: never a template whose sighting is gone."""
    ada = customer_of(see(world, 1))
    second = see(world, 1, 300, shot=1, quality=0.9)
    twin = customer_of(see(world, 2, 5))
    done = merge_both(world, ada, twin)
    world.rows("delete from footfall.customer_templates where event_id = :id returning 1", id=second.event_id)
    world.rows("delete from footfall.face_events where event_id = :id returning 1", id=second.event_id)
    world.rows("delete from footfall.visits where visit_id = :id returning 1", id=second.visit_id)
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert len(sightings(world, ada)) == 1
    assert second.event_id not in {
        row["event_id"] for row in world.rows("select event_id from footfall.customer_templates")
    }


def test_a_photograph_is_moved_to_the_one_it_shows_and_back(world: World) -> None:
    """One person who was enrolled under two names: the photographs are brought together."""
    ada, grace = world.hire(person(1), "Ada"), world.hire(person(1), "A. Byron")
    assert see(world, 1).decision.kind == "unsure", "neither is ahead of the other"
    [face] = [
        row["face_id"] for row in world.rows("select * from footfall.staff_face_images") if row["staff_id"] == grace
    ]
    before = record(world)
    done = move_face(world.services, world.tenant_id, grace, FaceId(face), ada, actor=ACTOR)
    assert see(world, 1, 60).decision.person_id == ada
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert {key: record(world)[key] for key in ("faces", "vectors")} == {
        key: before[key] for key in ("faces", "vectors")
    }
