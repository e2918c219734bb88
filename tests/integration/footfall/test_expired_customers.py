"""Customers whose term is over are forgotten in every store while their visits stay; a legal hold keeps them."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from contracts.base import CustomerId, EventId
from contracts.corrections import PersonRef
from footfall import corrections
from footfall.anonymising import Expiry, expire_customers, fitting, preview_expiry
from footfall.errors import ConflictError, NotFoundError, ServiceUnavailableError
from footfall.legal_hold import LATEST_FIRST, Subject, held, lift_hold, list_holds, place_hold, require_not_held
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait
from tests.vectors import person

EARLIER = MORNING - timedelta(days=60)
LATER = EARLIER + timedelta(days=31)  # the tenants of these tests promise thirty


def expire(world: World, **options: int) -> Expiry:
    [done] = expire_customers(
        world.services.engine,
        world.services.vectors,
        lambda: world.services.objects,
        [world.tenant_id],
        now=LATER,
        **options,  # type: ignore[arg-type]  # a test's own
    )
    return done


def come(world: World, number: int, days: int = 0) -> CustomerId:
    """A stranger is seen with a picture, and half an hour later once more."""
    at = EARLIER + timedelta(days=days)
    first = world.send(world.event(person(number), at=at), jpeg(portrait(number)))
    world.see(person(number), at + timedelta(minutes=40))
    assert first.decision.person_id is not None
    return CustomerId(first.decision.person_id)


def customers(world: World) -> set[UUID]:
    return {row["customer_id"] for row in world.rows("select customer_id from footfall.customers")}


def test_who_was_not_seen_for_the_term_is_forgotten_and_the_visits_stay(world: World) -> None:
    gone, stays = come(world, 1), come(world, 2, days=5)
    before = [(visit.visit_id, visit.started_at, visit.is_first_visit) for visit in world.visits()]
    notes = world.count("traffic_changes")

    [planned] = preview_expiry(world.services.engine, [world.tenant_id], now=LATER)
    assert (planned.customers, planned.visits, planned.sightings, planned.images) == (1, 2, 2, 1)
    assert [due.customer_id for due in planned.first_due] == [gone]
    assert customers(world) == {gone, stays}, "a preview changes nothing"

    done = expire(world)
    assert (done.customers, done.visits, done.sightings, done.images, done.batches) == (1, 2, 2, 1, 1)
    assert customers(world) == {stays}
    assert [(visit.visit_id, visit.started_at, visit.is_first_visit) for visit in world.visits()] == before
    anonymous = [visit for visit in world.visits() if visit.is_anonymous]
    assert [visit.person_id for visit in anonymous] == [visit.visit_id for visit in anonymous]
    assert len(anonymous) == 2
    assert (world.count("event_templates"), world.count("customer_templates")) == (2, 1), "those of the one who stays"
    assert len(world.vector_ids()) == world.count("customer_templates")
    assert len(world.raw_keys()) == 1
    assert world.count("traffic_changes") == notes, "the marts keep what they counted"
    [entry] = world.rows("select detail from footfall.audit_log where action = 'customers.expired'")
    assert entry["detail"]["customers"] == 1
    assert str(gone) not in str(entry)
    assert world.see(person(1), LATER).decision.kind == "new_customer"
    assert expire(world).customers == 0


def test_batches_are_small_and_each_commits(world: World) -> None:
    for number in range(1, 4):
        come(world, number)
    assert expire(world, batch_customers=2).batches == 2
    assert fitting([CustomerId(UUID(int=n)) for n in range(3)], {CustomerId(UUID(int=0)): 5_000}) == [UUID(int=0)]


@pytest.mark.parametrize("operation", ["vectors.delete", "objects.delete"])
def test_a_store_that_is_away_leaves_rows_gone_and_the_rest_to_the_sweeps(
    fragile: World, outage: Outage, operation: str
) -> None:
    come(fragile, 1)
    outage.away = {operation}
    with pytest.raises(ServiceUnavailableError):
        expire(fragile)
    outage.away = set()
    assert customers(fragile) == set()
    assert len(fragile.visits()) == 2
    assert (len(fragile.vector_ids()) > 0) == (operation == "vectors.delete")
    assert (len(fragile.raw_keys()) > 0) == (operation == "objects.delete")


@pytest.mark.parametrize("kind", ["customer", "camera", "tenant"])
def test_what_is_held_stays_until_it_is_lifted(world: World, kind: str) -> None:
    kept, other = come(world, 1), come(world, 2)
    subject_id = {"customer": kept, "camera": world.cameras[0], "tenant": world.tenant_id}[kind]
    subject = Subject(kind, subject_id)  # type: ignore[arg-type]  # a parameter
    hold = place_hold(world.services.engine, world.tenant_id, subject, reference="File 12", actor=ACTOR)

    done = expire(world)
    assert customers(world) == ({kept} if kind == "customer" else {kept, other})
    assert done.held == (1 if kind == "customer" else 2)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        assert held(connection, world.tenant_id, Subject("customer", kept))
        assert held(connection, world.tenant_id, Subject("tenant", world.tenant_id))
        assert held(connection, world.tenant_id, Subject("camera", world.cameras[0]))
        assert held(connection, world.tenant_id, Subject("camera", world.cameras[1])) == (kind == "tenant")
        with pytest.raises(ConflictError, match="legal hold"):
            require_not_held(connection, world.tenant_id, Subject("customer", kept))

    lift_hold(world.services.engine, world.tenant_id, hold.hold_id, actor=ACTOR)
    assert expire(world).customers == (1 if kind == "customer" else 2)
    assert customers(world) == set()
    [shown] = list_holds(world.services.engine, world.tenant_id, LATEST_FIRST, standing=False).items
    assert shown.lifted_by == ACTOR
    actions = [row["action"] for row in world.rows("select action from footfall.audit_log order by audit_id")]
    assert [action for action in actions if action.startswith("legal_hold")] == [
        "legal_hold.placed",
        "legal_hold.lifted",
    ]
    with pytest.raises(NotFoundError):
        lift_hold(world.services.engine, world.tenant_id, hold.hold_id, actor=ACTOR)


def test_a_hold_reaches_the_customer_who_was_merged_into_another(world: World) -> None:
    first, second = come(world, 1), come(world, 2)
    place_hold(world.services.engine, world.tenant_id, Subject("customer", first), reference="File 12", actor=ACTOR)
    corrections.merge(world.services, world.tenant_id, first, second, actor=ACTOR)
    assert expire(world).held == 1
    assert customers(world) == {first, second}


def test_a_hold_needs_a_subject_of_the_tenant(world: World) -> None:
    with pytest.raises(NotFoundError):
        place_hold(
            world.services.engine,
            world.tenant_id,
            Subject("customer", world.tenant_id),
            reference="File 12",
            actor=ACTOR,
        )


def test_a_visit_of_nobody_is_no_longer_corrected(world: World) -> None:
    come(world, 1)
    expire(world)
    [event, _] = world.rows("select event_id from footfall.face_events")
    other = come(world, 2, days=31)
    with pytest.raises(ConflictError, match="nobody's any more"):
        corrections.move_sighting(
            world.services,
            world.tenant_id,
            EventId(event["event_id"]),
            PersonRef(person_kind="customer", person_id=other),
            actor=ACTOR,
        )
