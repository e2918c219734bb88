"""Corrections of who somebody is: whom the next sighting is taken for, and who is told of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text

from contracts.base import CustomerId, EventId, StaffId
from contracts.corrections import PersonRef
from footfall.correction_log import hold_against_record, list_corrections
from footfall.correction_undo import undo
from footfall.corrections import detach, move_sighting, split
from footfall.errors import ConflictError
from footfall.gallery import gallery_drift
from footfall.roster import delete_staff
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import unbound_transaction
from tests.integration.footfall.corrected import (
    at,
    customer_of,
    detach_first,
    hire_ada,
    merge_both,
    see,
    sightings,
    whole,
)
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World
from tests.servers import MigratedPostgres
from tests.vectors import person


@pytest.fixture
def marts(postgres: MigratedPostgres) -> Iterator[Engine]:
    """Postgres as dbt sees it."""
    engine = open_engine(postgres.transform_dsn, PostgresSettings(), application="tests")
    yield engine
    engine.dispose()


def test_a_correction_holds_although_a_vector_could_not_be_deleted(fragile: World, outage: Outage) -> None:
    receipt = see(fragile, 1)
    outage.away = {"vectors.delete"}
    detach(fragile.services, fragile.tenant_id, EventId(receipt.event_id), actor=ACTOR)
    outage.away = set()
    assert len(gallery_drift(fragile.services.engine, fragile.services.vectors, fragile.tenant_id).orphaned) == 1
    assert see(fragile, 1, 5).decision.kind == "new_customer"


def test_a_merged_customer_is_recognised_as_the_survivor(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    ada, twin = ada_and_twin
    merge_both(world, ada, twin)
    assert customer_of(see(world, 1, 800)) == twin
    assert customer_of(see(world, 2, 900)) == twin
    most = world.services.settings.recognition.max_templates_per_customer
    assert len(world.rows("select 1 from footfall.customer_templates")) == most


def test_a_late_and_a_repeated_event_of_a_merged_customer_go_to_the_survivor(world: World) -> None:
    event = world.event(person(1))
    ada = customer_of(world.send(event))
    twin = customer_of(see(world, 2, 10))
    merge_both(world, ada, twin)
    repeated = world.send(event)
    assert (repeated.duplicate, repeated.decision.person_id) == (True, twin)
    grown = world.event(person(1), event_id=event.event_id, revision=1, lasts=at(5))
    assert world.send(grown).decision.person_id == twin
    assert customer_of(see(world, 1, -20, shot=4)) == twin
    [visit] = world.visits()
    assert (visit.person_id, visit.sightings, visit.started_at) == (twin, 3, MORNING - at(20))
    assert whole(world)


def test_a_detached_sighting_is_counted_as_nobodys_and_said_so(world: World) -> None:
    event = world.event(person(1))
    world.send(event)
    detach(world.services, world.tenant_id, EventId(event.event_id), actor=ACTOR)
    repeated = world.send(event)
    assert (repeated.decision.kind, repeated.decision.person_id, repeated.visit_id) == ("unsure", None, None)
    assert world.visits() == []
    assert world.vector_ids() == set()


def test_both_halves_of_a_split_are_recognised(world: World) -> None:
    """Two people whom a bad template had made one: each is found again by a template of their own."""
    ada = customer_of(see(world, 1, quality=0.9))
    other = see(world, 2, 40)
    to_ada = PersonRef(person_kind="customer", person_id=ada)
    mixed = move_sighting(world.services, world.tenant_id, EventId(other.event_id), to_ada, actor=ACTOR)
    assert customer_of(see(world, 2, 100, shot=3)) == ada
    leaving = [event for event in sightings(world, ada) if event != sightings(world, ada)[0]]
    done = split(world.services, world.tenant_id, ada, leaving, actor=ACTOR)
    assert done.created is not None
    assert customer_of(see(world, 2, 200)) == done.created.person_id
    assert customer_of(see(world, 1, 200)) == ada
    assert whole(world)
    with pytest.raises(ConflictError, match=f"{done.correction_id} \\(split\\) stands in the way"):
        undo(world.services, world.tenant_id, mixed.correction_id, actor=ACTOR)
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert customer_of(see(world, 2, 300)) == ada, "what the new half has got since goes back with it"
    undo(world.services, world.tenant_id, mixed.correction_id, actor=ACTOR)
    assert whole(world)


def test_a_staff_member_whom_a_promotion_made_goes_with_its_templates(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    done = hire_ada(world, *ada_and_twin)
    assert done.created is not None
    delete_staff(world.services, world.tenant_id, StaffId(done.created.person_id), actor=ACTOR)
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none
    assert see(world, 1, 900).decision.kind == "new_customer"


def test_marts_learn_where_traffic_changed(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId], marts: Engine
) -> None:
    """A note stands for ten minutes, so that the notes of the sightings themselves are taken away first."""
    with unbound_transaction(marts) as connection:
        connection.execute(text("delete from footfall.traffic_changes where tenant_id = :id"), {"id": world.tenant_id})
    assert world.rows("select 1 from footfall.traffic_changes") == []
    detach_first(world, *ada_and_twin)
    quarters = {row["touched_at"] for row in world.rows("select touched_at from footfall.traffic_changes")}
    assert MORNING in quarters


def test_every_correction_is_in_its_log_and_in_the_audit_log(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    done = merge_both(world, *ada_and_twin)
    undone = undo(world.services, world.tenant_id, done.correction_id, actor="somebody")
    page = list_corrections(world.services.engine, world.tenant_id, limit=10, cursor=None)
    assert [(item.kind, item.undone_by, item.undoes) for item in page.items] == [
        ("undo", None, done.correction_id),
        ("merge", undone.correction_id, None),
    ]
    told = world.rows("select actor, action from footfall.audit_log where action like 'identity%' order by audit_id")
    assert [(row["actor"], row["action"]) for row in told] == [(ACTOR, "identity.merge"), ("somebody", "identity.undo")]
    first, rest = list_corrections(world.services.engine, world.tenant_id, limit=1, cursor=None), page.items[1:]
    again = list_corrections(world.services.engine, world.tenant_id, limit=1, cursor=first.next_cursor)
    assert (again.items, again.next_cursor) == (rest, None)


def test_a_log_that_does_not_tell_what_the_record_says_is_found_out(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    merge_both(world, *ada_and_twin)
    moved = sightings(world, ada_and_twin[1])[1]
    world.rows("update footfall.face_events set customer_id = null where event_id = :id returning 1", id=moved)
    assert hold_against_record(world.services.engine, world.tenant_id).astray == {moved}
