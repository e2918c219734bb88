"""Corrections of who somebody is, and their undoing: every sighting, visit, template and vector where it belongs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine, text

from contracts.base import CustomerId, EventId, FaceId, StaffId
from contracts.corrections import Correction, PersonRef, PromoteRequest
from contracts.people import EventReceipt, StaffCreate
from footfall.correction_log import hold_against_record, list_corrections
from footfall.correction_undo import undo
from footfall.corrections import detach, merge, move_face, move_sighting, promote, split
from footfall.errors import ConflictError, InputError, NotFoundError, VectorsUnavailableError
from footfall.gallery import gallery_drift
from footfall.roster import create_staff, delete_staff
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import unbound_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World
from tests.servers import MigratedPostgres
from tests.vectors import like, person

Photograph = dict[str, Any]


def record(world: World) -> Photograph:
    """Everything that corrections may touch, but for the time of the last change."""
    return {
        "events": world.rows(
            "select event_id, staff_id, customer_id, visit_id, decision from footfall.face_events order by 1"
        ),
        "visits": world.rows(
            "select visit_id, site_id, person_kind, staff_id, customer_id, started_at, ended_at, sightings, camera_ids,"
            " is_first_visit, best_score from footfall.visits order by 1"
        ),
        "templates": world.rows("select * from footfall.customer_templates order by template_id"),
        "of_sightings": world.rows("select * from footfall.event_templates order by event_id"),
        "faces": world.rows("select face_id, staff_id, embedding from footfall.staff_face_images order by 1"),
        "customers": world.rows("select * from footfall.customers order by customer_id"),
        "staff": world.rows("select * from footfall.staff order by staff_id"),
        "vectors": vectors_of(world),
    }


def vectors_of(world: World) -> dict[UUID, tuple[str, UUID]]:
    """Whose each vector is, as the vector store itself says."""
    store = world.services.vectors
    hits = store.search(world.tenant_id, world.services.model_version, person(1)[None], limit=10_000)[0]
    assert {hit.template_id for hit in hits} == store.template_ids(world.tenant_id)
    return {hit.template_id: (hit.person_kind, hit.person_id) for hit in hits}


def whole(world: World) -> bool:
    """What must hold after whatever was corrected."""
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none
    assert hold_against_record(world.services.engine, world.tenant_id).holds
    assert (
        world.rows(
            "select 1 from footfall.customer_templates as t"
            " inner join footfall.face_events as e using (tenant_id, event_id)"
            " inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id"
            " where (e.customer_id, e.staff_id) is distinct from"
            " (case when c.staff_id is null then t.customer_id end, c.staff_id)"
        )
        == []
    )
    assert (
        world.rows(
            "select v.visit_id from footfall.visits as v"
            " left join footfall.face_events as e using (tenant_id, visit_id)"
            " group by v.tenant_id, v.visit_id, v.sightings having count(e.event_id) <> v.sightings"
            " or bool_or((e.customer_id, e.staff_id) is distinct from (v.customer_id, v.staff_id))"
        )
        == []
    )
    assert (
        world.rows(
            "select event_id from footfall.face_events where (visit_id is null)"
            " <> (customer_id is null and staff_id is null)"
        )
        == []
    )
    return True


def at(minutes: float) -> timedelta:
    return timedelta(minutes=minutes)


def see(
    world: World, number: int, minutes: float = 0, *, shot: int = 0, cosine: float = 0.97, **rest: Any
) -> EventReceipt:
    return world.see(like(person(number), cosine, shot=shot), MORNING + at(minutes), **rest)


def customer_of(receipt: EventReceipt) -> CustomerId:
    assert receipt.decision.person_kind == "customer"
    assert receipt.decision.person_id is not None
    return CustomerId(receipt.decision.person_id)


@pytest.fixture
def ada_and_twin(world: World) -> tuple[CustomerId, CustomerId]:
    """Two customers with visits that interleave: together, some are one."""
    ada = customer_of(see(world, 1, 0, quality=0.6))
    twin = customer_of(see(world, 2, 20, quality=0.7))
    for shot, minutes in enumerate((10, 200, 300), start=1):
        see(world, 1, minutes, shot=shot, quality=0.6 + 0.05 * shot)
    for shot, minutes in enumerate((-15, 210, 600), start=1):
        see(world, 2, minutes, shot=shot, quality=0.7 + 0.05 * shot)
    assert world.count("customers") == 2
    return ada, twin


@pytest.fixture
def marts(postgres: MigratedPostgres) -> Iterator[Engine]:
    """Postgres as dbt sees it."""
    engine = open_engine(postgres.transform_dsn, PostgresSettings(), application="tests")
    yield engine
    engine.dispose()


Act = Callable[[World, CustomerId, CustomerId], Correction]


def split_last_two(world: World, ada: CustomerId, _: CustomerId) -> Correction:
    return split(world.services, world.tenant_id, ada, sightings(world, ada)[-2:], actor=ACTOR)


def detach_first(world: World, ada: CustomerId, _: CustomerId) -> Correction:
    return detach(world.services, world.tenant_id, sightings(world, ada)[0], actor=ACTOR)


def hire_ada(world: World, ada: CustomerId, _: CustomerId) -> Correction:
    return promote(world.services, world.tenant_id, ada, PromoteRequest(display_name="Ada"), actor=ACTOR)


def move_one(world: World, ada: CustomerId, twin: CustomerId) -> Correction:
    to = PersonRef(person_kind="customer", person_id=twin)
    return move_sighting(world.services, world.tenant_id, sightings(world, ada)[1], to, actor=ACTOR)


def merge_both(world: World, ada: CustomerId, twin: CustomerId) -> Correction:
    return merge(world.services, world.tenant_id, ada, twin, actor=ACTOR)


ACTS = [merge_both, split_last_two, detach_first, hire_ada, move_one]


def sightings(world: World, customer: CustomerId) -> list[EventId]:
    rows = world.rows(
        "select event_id from footfall.face_events where customer_id = :id order by started_at, event_id", id=customer
    )
    return [EventId(row["event_id"]) for row in rows]


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


@pytest.mark.parametrize("act", [merge_both, split_last_two, hire_ada, move_one])
def test_nothing_changes_when_the_vectors_cannot_follow(fragile: World, outage: Outage, act: Act) -> None:
    ada = customer_of(see(fragile, 1, 0))
    for shot, minutes in enumerate((10, 20, 300), start=1):
        see(fragile, 1, minutes, shot=shot, quality=0.85 + shot / 100)
    twin = customer_of(see(fragile, 2))
    before = record(fragile)
    outage.away = {"vectors.upsert"}
    with pytest.raises(VectorsUnavailableError):
        act(fragile, ada, twin)
    outage.away = set()
    assert record(fragile) == before


def test_a_correction_holds_although_a_vector_could_not_be_deleted(fragile: World, outage: Outage) -> None:
    receipt = see(fragile, 1)
    outage.away = {"vectors.delete"}
    detach(fragile.services, fragile.tenant_id, EventId(receipt.event_id), actor=ACTOR)
    outage.away = set()
    assert len(gallery_drift(fragile.services.engine, fragile.services.vectors, fragile.tenant_id).orphaned) == 1
    assert see(fragile, 1, 5).decision.kind == "new_customer"


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


def test_a_visit_whose_sightings_are_partly_erased_is_not_made_anew_from_the_rest(world: World) -> None:
    ada, twin = customer_of(see(world, 1)), customer_of(see(world, 2))
    lost = see(world, 1, 2)
    world.rows("delete from footfall.face_events where event_id = :id returning 1", id=lost.event_id)
    with pytest.raises(ConflictError, match="only 1 of 2 sightings are kept"):
        merge_both(world, ada, twin)


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


def refusals(
    world: World, ada: CustomerId, twin: CustomerId
) -> dict[str, tuple[Callable[[], object], type[Exception]]]:
    services, tenant = world.services, world.tenant_id
    known, unknown = sightings(world, ada)[0], EventId(uuid4())
    nobody = CustomerId(uuid4())
    return {
        "a merge with itself": (lambda: merge(services, tenant, ada, ada, actor=ACTOR), InputError),
        "a merge of nobody": (lambda: merge(services, tenant, nobody, ada, actor=ACTOR), NotFoundError),
        "a merge into nobody": (lambda: merge(services, tenant, ada, nobody, actor=ACTOR), NotFoundError),
        "a split of nobody": (lambda: split(services, tenant, nobody, [known], actor=ACTOR), NotFoundError),
        "a split without sightings": (lambda: split(services, tenant, ada, [], actor=ACTOR), InputError),
        "a split of all": (lambda: split(services, tenant, ada, sightings(world, ada), actor=ACTOR), InputError),
        "a split of another's": (
            lambda: split(services, tenant, ada, [known, sightings(world, twin)[0]], actor=ACTOR),
            InputError,
        ),
        "a detachment of nothing": (lambda: detach(services, tenant, unknown, actor=ACTOR), NotFoundError),
        "a move of nothing": (
            lambda: move_sighting(
                services, tenant, unknown, PersonRef(person_kind="customer", person_id=ada), actor=ACTOR
            ),
            NotFoundError,
        ),
        "a move to the owner": (
            lambda: move_sighting(
                services, tenant, known, PersonRef(person_kind="customer", person_id=ada), actor=ACTOR
            ),
            ConflictError,
        ),
        "a move to no staff member": (
            lambda: move_sighting(
                services, tenant, known, PersonRef(person_kind="staff", person_id=uuid4()), actor=ACTOR
            ),
            NotFoundError,
        ),
        "a promotion to nobody": (
            lambda: promote(services, tenant, ada, PromoteRequest(staff_id=uuid4()), actor=ACTOR),
            NotFoundError,
        ),
        "an undo of nothing": (lambda: undo(services, tenant, uuid4(), actor=ACTOR), NotFoundError),
    }


def test_what_cannot_be_corrected_is_refused_and_changes_nothing(
    world: World, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    before = record(world)
    for name, (attempt, error) in refusals(world, *ada_and_twin).items():
        with pytest.raises(error):
            attempt()
        assert record(world) == before, name


def test_what_was_done_already_is_refused(world: World, ada_and_twin: tuple[CustomerId, CustomerId]) -> None:
    ada, twin = ada_and_twin
    services, tenant = world.services, world.tenant_id
    done = merge_both(world, ada, twin)
    with pytest.raises(ConflictError, match=f"was merged into {twin}"):
        merge(services, tenant, ada, twin, actor=ACTOR)
    undone = undo(services, tenant, done.correction_id, actor=ACTOR)
    with pytest.raises(ConflictError, match="is undone already"):
        undo(services, tenant, done.correction_id, actor=ACTOR)
    with pytest.raises(ConflictError, match="An undo cannot be undone"):
        undo(services, tenant, undone.correction_id, actor=ACTOR)
    create_staff(services.engine, tenant, StaffCreate(display_name="Ada", external_ref="P-1"), actor=ACTOR)
    with pytest.raises(ConflictError, match="external_ref"):
        promote(services, tenant, ada, PromoteRequest(display_name="Ada", external_ref="P-1"), actor=ACTOR)
    promoted = hire_ada(world, ada, twin)
    with pytest.raises(ConflictError, match="was found to be the staff member"):
        merge(services, tenant, ada, twin, actor=ACTOR)
    assert promoted.created is not None
    face_giver = world.hire(person(50), "Grace")
    [face] = [row["face_id"] for row in world.rows("select face_id from footfall.staff_face_images")]
    move_face(services, tenant, face_giver, FaceId(face), StaffId(promoted.created.person_id), actor=ACTOR)
    with pytest.raises(ConflictError, match="stands in the way"):
        undo(services, tenant, promoted.correction_id, actor=ACTOR)
    gone = see(world, 3, 0)
    detach(services, tenant, EventId(gone.event_id), actor=ACTOR)
    with pytest.raises(ConflictError, match="nobody's already"):
        detach(services, tenant, EventId(gone.event_id), actor=ACTOR)


def test_another_tenants_people_are_not_there(
    world: World, worlds: Worlds, ada_and_twin: tuple[CustomerId, CustomerId]
) -> None:
    other = worlds("identify")
    stranger = customer_of(see(other, 1))
    before = record(other)
    done = merge(world.services, world.tenant_id, *ada_and_twin, actor=ACTOR)
    with pytest.raises(NotFoundError):
        merge(world.services, world.tenant_id, stranger, ada_and_twin[1], actor=ACTOR)
    with pytest.raises(NotFoundError):
        undo(other.services, other.tenant_id, done.correction_id, actor=ACTOR)
    assert record(other) == before
