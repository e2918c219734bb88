"""A removed photograph and a deleted staff member are gone from every store, or still there as a whole."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.base import FaceId, StaffId
from footfall.enrolled_faces import remove_face
from footfall.errors import (
    NotFoundError,
    ServiceUnavailableError,
)
from footfall.roster import delete_staff, get_staff
from tests.integration.footfall.enrolments import ADA, GRACE, enrolled, faces_of, hired, seen, stored
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait


def test_a_removed_face_is_gone_from_every_store_and_recognises_nobody(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    face = enrolled(world, ada, jpeg(ADA))
    enrolled(world, grace, jpeg(GRACE))

    remove_face(world.services, world.tenant_id, ada, FaceId(face.face_id), actor=ACTOR)

    assert faces_of(world, ada) == ()
    assert stored(world) == (1, 1, 2)
    assert world.see(seen(world, jpeg(ADA))).decision.kind == "new_customer"
    [entry] = world.rows("select subject_id, detail from footfall.audit_log where action = 'staff.face_removed'")
    assert entry == {"subject_id": str(ada), "detail": {"face_id": str(face.face_id)}}


def test_a_face_is_removed_from_its_own_staff_member_only(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    face = FaceId(enrolled(world, ada, jpeg(ADA)).face_id)

    with pytest.raises(NotFoundError, match=str(face)):
        remove_face(world.services, world.tenant_id, grace, face, actor=ACTOR)
    remove_face(world.services, world.tenant_id, ada, face, actor=ACTOR)
    with pytest.raises(NotFoundError, match=str(face)):
        remove_face(world.services, world.tenant_id, ada, face, actor=ACTOR)


@pytest.mark.parametrize("operation", ["vectors.delete", "objects.delete"])
def test_a_removal_that_fails_can_be_repeated(fragile: World, outage: Outage, operation: str) -> None:
    ada = hired(fragile)
    face = FaceId(enrolled(fragile, ada, jpeg(ADA)).face_id)
    outage.away = {operation}
    with pytest.raises(ServiceUnavailableError):
        remove_face(fragile.services, fragile.tenant_id, ada, face, actor=ACTOR)
    assert [kept.face_id for kept in faces_of(fragile, ada)] == [face]
    outage.away = set()

    remove_face(fragile.services, fragile.tenant_id, ada, face, actor=ACTOR)

    assert stored(fragile) == (0, 0, 0)


def test_deleting_a_staff_member_deletes_everything_that_names_them(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, grace, jpeg(GRACE))
    crop = jpeg(portrait(1, side_px=160))
    world.send(world.event(seen(world, jpeg(ADA))), crop)
    world.send(world.event(seen(world, jpeg(ADA)), at=MORNING + timedelta(hours=2)), crop)
    world.send(world.event(seen(world, jpeg(GRACE))), crop)

    delete_staff(world.services, world.tenant_id, ada, actor=ACTOR)

    with pytest.raises(NotFoundError):
        get_staff(world.services.engine, world.tenant_id, ada)
    assert stored(world) == (1, 1, 2)
    assert [visit.person_id for visit in world.visits()] == [grace]
    assert (world.count("face_events"), len(world.raw_keys())) == (1, 1)
    [entry] = world.rows("select subject_id, detail from footfall.audit_log where action = 'staff.deleted'")
    assert entry == {"subject_id": str(ada), "detail": {"faces": 1, "events": 2, "visits": 2}}


@pytest.mark.parametrize("operation", ["vectors.delete", "objects.delete"])
def test_a_deletion_that_fails_can_be_repeated(fragile: World, outage: Outage, operation: str) -> None:
    ada = hired(fragile)
    enrolled(fragile, ada, jpeg(ADA))
    fragile.send(fragile.event(seen(fragile, jpeg(ADA))), jpeg(portrait(1, side_px=160)))
    outage.away = {operation}
    with pytest.raises(ServiceUnavailableError):
        delete_staff(fragile.services, fragile.tenant_id, ada, actor=ACTOR)
    assert get_staff(fragile.services.engine, fragile.tenant_id, ada).faces == 1
    assert len(fragile.visits()) == 1
    outage.away = set()

    delete_staff(fragile.services, fragile.tenant_id, ada, actor=ACTOR)

    assert (stored(fragile), fragile.raw_keys(), fragile.visits()) == ((0, 0, 0), [], [])


def test_a_staff_member_who_was_never_enrolled_is_deleted_while_the_stores_are_away(
    fragile: World, outage: Outage
) -> None:
    ada = hired(fragile)
    outage.away = {"vectors.delete", "objects.delete"}

    delete_staff(fragile.services, fragile.tenant_id, ada, actor=ACTOR)

    assert fragile.count("staff") == 0


def test_nobody_deletes_a_staff_member_who_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        delete_staff(world.services, world.tenant_id, StaffId(uuid4()), actor=ACTOR)
