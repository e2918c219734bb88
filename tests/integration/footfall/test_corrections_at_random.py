"""Random merges, splits and undos, held against a model that knows nothing of tables: 100 here, 1,000 end to end."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID

import pytest

from contracts.base import CustomerId, EventId
from footfall.correction_log import hold_against_record
from footfall.correction_records import first_owners, replay
from footfall.correction_undo import undo
from footfall.corrections import merge, split
from footfall.errors import ConflictError
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres.visits import Person
from footfall.tenancy import tenant_transaction
from footfall.visits import Sighting, sessionize
from tests.integration.footfall.corrected import customer_of, record, see, vectors_of, whole
from tests.integration.footfall.world import ACTOR, GAP_MINUTES, MORNING, World

logger = logging.getLogger(__name__)

PEOPLE, SIGHTINGS_EACH = 8, 4


@dataclass
class Model:
    """Whose each sighting is, and what each correction that stands moved from whom."""

    owners: dict[EventId, CustomerId]
    standing: dict[UUID, dict[EventId, CustomerId]] = field(default_factory=dict)

    def give(self, correction_id: UUID, event_ids: list[EventId], to: CustomerId) -> None:
        self.standing[correction_id] = {event_id: self.owners[event_id] for event_id in event_ids}
        self.owners.update(dict.fromkeys(event_ids, to))

    def take_back(self, correction_id: UUID) -> None:
        self.owners.update(self.standing.pop(correction_id))

    # Both in the order of the sightings and not of their ids, which are new in each run: a seed must mean one course.
    def of(self, customer: CustomerId) -> list[EventId]:
        return [event_id for event_id, owner in self.owners.items() if owner == customer]

    def customers(self) -> list[CustomerId]:
        return list(dict.fromkeys(self.owners.values()))


def crowd(world: World, random: Random) -> Model:
    """People who come at random minutes, so that merged visits join, touch and lie apart."""
    owners: dict[EventId, CustomerId] = {}
    for number in range(PEOPLE):
        for shot in range(SIGHTINGS_EACH):
            receipt = see(
                world,
                number,
                random.randrange(600),
                shot=shot,
                quality=round(0.5 + 0.4 * random.random(), 3),
                camera=random.choice(world.cameras),
            )
            owners[EventId(receipt.event_id)] = customer_of(receipt)
    assert len(set(owners.values())) == PEOPLE
    return Model(owners)


def act(world: World, model: Model, random: Random) -> str:
    """One random correction or undo, made in both; what it was."""
    services, tenant = world.services, world.tenant_id
    kind = random.choices(("merge", "split", "undo"), (3, 3, 4))[0]
    customers = model.customers()
    if kind == "merge" and len(customers) > 1:
        one, other = random.sample(customers, 2)
        done = merge(services, tenant, one, other, actor=ACTOR)
        model.give(done.correction_id, model.of(one), other)
        return kind
    if kind == "split" and (large := [one for one in customers if len(model.of(one)) > 1]):
        one = random.choice(large)
        held = model.of(one)
        leaving = random.sample(held, random.randrange(1, len(held)))
        done = split(services, tenant, one, leaving, actor=ACTOR)
        assert done.created is not None
        model.give(done.correction_id, leaving, CustomerId(done.created.person_id))
        return kind
    if kind == "undo" and model.standing:
        # The older a correction, the likelier a later one stands in its way; both answers are wanted.
        correction_id = random.choice(list(model.standing)[random.choice((0, -1, -2, -4)) :])
        try:
            undo(services, tenant, correction_id, actor=ACTOR)
        except ConflictError as error:
            if "stands in the way" not in error.message:
                raise
            return "refused"
        model.take_back(correction_id)
        return kind
    return "nothing"


def held_against(world: World, model: Model) -> None:
    """The record says what the model says: whose each sighting is, and the visits that follow from it alone."""
    rows = world.rows("select event_id, customer_id, camera_id, started_at, ended_at from footfall.face_events")
    assert {row["event_id"]: row["customer_id"] for row in rows} == model.owners
    expected = {
        (customer, visit.started_at, visit.ended_at, visit.sightings, visit.camera_ids)
        for customer in model.customers()
        for visit in sessionize(
            (
                Sighting(row["event_id"], row["camera_id"], row["started_at"], row["ended_at"], None)
                for row in rows
                if row["customer_id"] == customer
            ),
            timedelta(minutes=GAP_MINUTES),
        )
    }
    visits = world.visits(now=MORNING + timedelta(days=2))
    assert {
        (visit.person_id, visit.started_at, visit.ended_at, visit.sightings, visit.camera_ids) for visit in visits
    } == expected
    assert len(visits) == len(expected), "no visit is there twice"
    first = {customer: min(v.started_at for v in visits if v.person_id == customer) for customer in model.customers()}
    assert sorted(v.person_id for v in visits if v.is_first_visit) == sorted(first)
    assert all(v.is_first_visit == (v.started_at == first[CustomerId(v.person_id)]) for v in visits)
    assert {owner for _, owner in vectors_of(world).values()} == set(model.customers()), "everybody is found again"


def run(world: World, *, operations: int, seed: int, look_every: int) -> dict[str, int]:
    """Makes the operations, holding the record against the model on the way, and takes everything back at the end."""
    random = Random(seed)
    model = crowd(world, random)
    at_first, first = record(world), dict(model.owners)
    counts = dict.fromkeys(("merge", "split", "undo", "refused", "nothing"), 0)
    for number in range(operations):
        counts[act(world, model, random)] += 1
        if number % look_every == 0:
            held_against(world, model)
            assert whole(world)
    held_against(world, model)
    assert whole(world)

    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        log = table.select_log(connection)
    current: dict[EventId, Person | None] = {key: Person("customer", owner) for key, owner in model.owners.items()}
    initial: dict[EventId, Person | None] = {key: Person("customer", owner) for key, owner in first.items()}
    assert replay(initial, log) == current, "the state equals a replay of the log"
    assert first_owners(current, log) == initial

    for correction_id in [row.correction_id for row in reversed(log) if row.kind != "undo" and row.undone_by is None]:
        undo(world.services, world.tenant_id, correction_id, actor=ACTOR)
    at_last = record(world)
    assert {key: at_last[key] for key in ("customers", "of_sightings", "vectors")} == {
        key: at_first[key] for key in ("customers", "of_sightings", "vectors")
    }
    assert [dict(row, visit_id=None) for row in at_last["events"]] == [
        dict(row, visit_id=None) for row in at_first["events"]
    ]
    assert at_last["templates"] == at_first["templates"]
    assert hold_against_record(world.services.engine, world.tenant_id).holds
    return counts


@pytest.mark.parametrize("seed", [1, 2])
def test_random_corrections_are_what_a_replay_of_their_log_gives(world: World, seed: int) -> None:
    counts = run(world, operations=50, seed=seed, look_every=5)
    assert min(counts["merge"], counts["split"], counts["undo"]) >= 5, counts


@pytest.mark.e2e
def test_a_thousand_random_corrections_are_what_a_replay_of_their_log_gives(over_milvus: World) -> None:
    """With the vectors in a Milvus: none is orphaned, none is missing, and each is whose the record says."""
    counts = run(over_milvus, operations=1_000, seed=2026, look_every=25)
    logger.info("made and held against a replay: %s; then everything that stood was undone", counts)
    assert min(counts["merge"], counts["split"], counts["undo"]) >= 100, counts
    assert counts["refused"] > 0
