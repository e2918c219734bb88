"""Corrections that cannot be made, or cannot be finished: said so, and nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest

from contracts.base import CustomerId, EventId, FaceId, StaffId
from contracts.corrections import PersonRef, PromoteRequest
from contracts.people import StaffCreate
from footfall.correction_undo import undo
from footfall.corrections import detach, merge, move_face, move_sighting, promote, split
from footfall.errors import ConflictError, InputError, NotFoundError, VectorsUnavailableError
from footfall.roster import create_staff
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.corrected import (
    Act,
    customer_of,
    hire_ada,
    merge_both,
    move_one,
    record,
    see,
    sightings,
    split_last_two,
)
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, World
from tests.vectors import person


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


def test_a_visit_whose_sightings_are_partly_erased_is_not_made_anew_from_the_rest(world: World) -> None:
    ada, twin = customer_of(see(world, 1)), customer_of(see(world, 2))
    lost = see(world, 1, 2)
    world.rows("delete from footfall.face_events where event_id = :id returning 1", id=lost.event_id)
    with pytest.raises(ConflictError, match="only 1 of 2 sightings are kept"):
        merge_both(world, ada, twin)


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
