"""The steps of tests of corrections: people who come, what is done to them, the whole record to compare. No tests."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from contracts.base import CustomerId, EventId
from contracts.corrections import Correction, PersonRef, PromoteRequest
from contracts.people import EventReceipt
from footfall.correction_log import hold_against_record
from footfall.corrections import detach, merge, move_sighting, promote, split
from footfall.gallery import gallery_drift
from tests.integration.footfall.world import ACTOR, MORNING, World
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
        "templates": world.rows("select * from footfall.customer_gallery_templates order by template_id"),
        "of_sightings": world.rows("select * from footfall.sighting_templates order by event_id"),
        "faces": world.rows(
            "select face_id, staff_id, embedding, opener from footfall.staff_face_templates order by 1"
        ),
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
