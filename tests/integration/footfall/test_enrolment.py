"""Photographs of staff: what is taken, what is refused, and that a failure or a removal leaves nothing behind."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from contracts.base import FaceId, StaffId
from contracts.people import StaffCreate, StaffFace
from footfall.enrolment import enrol_face, list_faces, recognition_test, remove_face
from footfall.errors import (
    ConflictError,
    FootfallError,
    ImageTooLargeError,
    NoFaceError,
    NotAnImageError,
    NotFoundError,
    PoorQualityError,
    ServiceUnavailableError,
    SeveralFacesError,
)
from footfall.roster import create_staff, delete_staff, get_staff
from footfall.templates import decode_vector
from footfall.vision.types import Float32Array
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait, side_by_side
from tests.vectors import person

ADA = portrait(1)
GRACE = portrait(2)


def hired(world: World, name: str = "Ada Byron") -> StaffId:
    return StaffId(
        create_staff(world.services.engine, world.tenant_id, StaffCreate(display_name=name), actor=ACTOR).staff_id
    )


def enrolled(world: World, staff_id: StaffId, image: bytes) -> StaffFace:
    return enrol_face(world.services, world.tenant_id, staff_id, image, actor=ACTOR)


def faces_of(world: World, staff_id: StaffId) -> tuple[StaffFace, ...]:
    return list_faces(world.services, world.tenant_id, staff_id).items


def seen(world: World, image: bytes) -> Float32Array:
    """The template of the one face in a photograph, as a worker makes it: not fused with its mirror image's."""
    [face] = world.services.vision.analyse_bytes(image)
    assert face.vector is not None
    return face.vector


def stored(world: World) -> tuple[int, int, int]:
    return world.count("staff_face_images"), len(world.vector_ids()), len(world.derived_keys())


def test_an_enrolled_face_is_recognised_at_a_camera(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))

    receipt = world.see(seen(world, jpeg(ADA, quality=60)))

    assert (receipt.decision.kind, receipt.decision.person_id) == ("staff", ada)


def test_an_enrolled_photograph_is_described_and_can_be_fetched(world: World) -> None:
    ada = hired(world)
    photograph = jpeg(ADA)

    face = enrolled(world, ada, photograph)

    assert (face.staff_id, face.model_version, face.background_faces) == (ada, world.services.model_version, 0)
    assert (face.box.width, face.box.height) == (160.0, 160.0)
    assert face.quality.size_px == 160.0
    assert str(face.face_id) in face.image_url
    assert faces_of(world, ada) == (face,)
    assert get_staff(world.services.engine, world.tenant_id, ada).faces == 1
    assert stored(world) == (1, 1, 2)
    [row] = world.rows("select image_key, crop_key from footfall.staff_face_images")
    assert row["image_key"].startswith(f"{world.tenant_id}/staff/{ada}/")
    assert world.services.objects.get(world.tenant_id, "derived", row["image_key"]) == photograph
    crop = world.services.vision.decode(world.services.objects.get(world.tenant_id, "derived", row["crop_key"]))
    assert crop.shape == (112, 112, 3)


def test_the_template_is_fused_with_its_mirror_images(world: World) -> None:
    enrolled(world, hired(world), jpeg(ADA))

    [row] = world.rows("select embedding from footfall.staff_face_images")
    template = decode_vector(bytes(row["embedding"]))
    mirrored = seen(world, jpeg(np.ascontiguousarray(ADA[:, ::-1])))
    as_taken = seen(world, jpeg(ADA))
    assert float(template @ as_taken) == pytest.approx(float(template @ mirrored), abs=0.02)
    assert float(template @ as_taken) > float(mirrored @ as_taken)


def test_an_enrolment_is_audited_without_a_template_or_an_image(world: World) -> None:
    ada = hired(world)
    face = enrolled(world, ada, jpeg(ADA))

    [entry] = world.rows("select * from footfall.audit_log where action = 'staff.face_enrolled'")
    assert (entry["actor"], entry["subject_kind"], entry["subject_id"]) == (ACTOR, "staff", str(ada))
    assert entry["detail"] == {"face_id": str(face.face_id), "background_faces": 0, "customers_retired": []}


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        (b"", NotAnImageError, "empty"),
        (b"%PDF-1.7 a contract", NotAnImageError, "no image"),
        (jpeg(ADA)[:2000], NotAnImageError, "breaks off"),
        (jpeg(np.full((320, 320, 3), 128, dtype=np.uint8)), NoFaceError, "No face"),
        (jpeg(side_by_side(ADA, GRACE, portrait(3))), SeveralFacesError, "3 faces"),
        (jpeg(portrait(1, side_px=120)), PoorQualityError, "60 px on its shorter side; enrolment needs 64 px"),
    ],
)
def test_a_photograph_that_is_not_fit_is_refused_and_leaves_nothing(
    world: World, image: bytes, error: type[FootfallError], message: str
) -> None:
    with pytest.raises(error, match=message):
        enrolled(world, hired(world), image)

    assert stored(world) == (0, 0, 0)


def test_an_image_bomb_is_refused(world: World) -> None:
    with pytest.raises(ImageTooLargeError):
        enrolled(world, hired(world), jpeg(np.zeros((6500, 6500, 3), dtype=np.uint8)))


def test_the_same_photograph_twice_is_refused(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))

    with pytest.raises(ConflictError, match="enrolled already"):
        enrolled(world, ada, jpeg(ADA))

    assert stored(world) == (1, 1, 2)


def test_the_same_photograph_twice_at_once_is_enrolled_once(world: World) -> None:
    ada = hired(world)

    def attempt(_: int) -> bool:
        try:
            enrolled(world, ada, jpeg(ADA))
        except ConflictError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(attempt, range(6))) == [False] * 5 + [True]
    assert stored(world) == (1, 1, 2)


def test_another_photograph_of_the_same_person_is_added(world: World) -> None:
    ada = hired(world)
    first = enrolled(world, ada, jpeg(ADA))
    second = enrolled(world, ada, jpeg(ADA, quality=70))

    assert [face.face_id for face in faces_of(world, ada)] == [first.face_id, second.face_id]
    assert stored(world) == (2, 2, 4)


def test_a_staff_member_who_is_not_there_has_no_faces(world: World) -> None:
    nobody = StaffId(uuid4())

    with pytest.raises(NotFoundError, match=str(nobody)):
        enrolled(world, nobody, jpeg(ADA))
    with pytest.raises(NotFoundError, match=str(nobody)):
        faces_of(world, nobody)
    with pytest.raises(NotFoundError, match=str(nobody)):
        recognition_test(world.services, world.tenant_id, nobody, jpeg(ADA))
    assert not world.derived_keys()


def test_a_customer_who_turns_out_to_be_staff_does_not_stand_in_the_way(world: World) -> None:
    probe = seen(world, jpeg(ADA))
    as_customer = world.see(probe)
    somebody_else = world.see(person(4))
    ada = hired(world)

    enrolled(world, ada, jpeg(ADA, quality=90))
    receipt = world.see(probe, at=MORNING + timedelta(hours=3))

    assert (receipt.decision.kind, receipt.decision.person_id) == ("staff", ada)
    assert world.see(person(4), at=MORNING + timedelta(hours=3)).decision.person_id == somebody_else.decision.person_id
    [entry] = world.rows("select detail from footfall.audit_log where action = 'staff.face_enrolled'")
    assert entry["detail"]["customers_retired"] == [str(as_customer.decision.person_id)]
    # The visit that was made as a customer stays what it was.
    assert [visit.person_kind for visit in world.visits()].count("customer") == 3
    assert len(world.vector_ids()) == 2


# --- failures ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "operation",
    ["objects.put photograph.jpg", "objects.put crop.png", "vectors.search", "vectors.upsert"],
)
def test_a_store_that_is_away_leaves_nothing_of_the_photograph(fragile: World, outage: Outage, operation: str) -> None:
    ada = hired(fragile)
    outage.away = {operation}
    with pytest.raises(ServiceUnavailableError):
        enrolled(fragile, ada, jpeg(ADA))
    assert stored(fragile) == (0, 0, 0)

    outage.away = set()

    enrolled(fragile, ada, jpeg(ADA))
    assert stored(fragile) == (1, 1, 2)


@pytest.mark.parametrize("operation", ["objects.put", "vectors.upsert"])
def test_an_answer_that_is_lost_after_the_work_was_done_leaves_nothing(
    fragile: World, outage: Outage, operation: str
) -> None:
    outage.lost_answer = {operation}

    with pytest.raises(ServiceUnavailableError):
        enrolled(fragile, hired(fragile), jpeg(ADA))

    assert stored(fragile) == (0, 0, 0)


def test_what_cannot_be_cleaned_up_is_logged_and_matches_nobody(
    fragile: World, outage: Outage, caplog: pytest.LogCaptureFixture
) -> None:
    outage.lost_answer, outage.away = {"vectors.upsert"}, {"vectors.delete"}
    with caplog.at_level(logging.WARNING), pytest.raises(ServiceUnavailableError):
        enrolled(fragile, hired(fragile), jpeg(ADA))
    outage.lost_answer, outage.away = set(), set()

    assert "could not be withdrawn" in caplog.text
    assert stored(fragile) == (0, 1, 0)
    assert fragile.see(seen(fragile, jpeg(ADA))).decision.kind == "new_customer"


# --- removal ----------------------------------------------------------------------------------------


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


# --- recognition tests ------------------------------------------------------------------------------


def test_a_recognition_test_says_what_would_be_made_of_each_face(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    enrolled(world, ada, jpeg(ADA))
    enrolled(world, grace, jpeg(GRACE))

    result = recognition_test(world.services, world.tenant_id, grace, jpeg(side_by_side(portrait(9), GRACE)))

    assert (result.staff_id, result.matches) == (grace, True)
    stranger, known = result.faces
    assert (stranger.decision.kind, known.decision.kind) == ("stranger", "staff")
    assert known.decision.person_id == grace
    assert [candidate.display_name for candidate in known.candidates] == ["Grace Hopper", "Ada Byron"]
    assert known.candidates[0].score == known.decision.score
    assert stranger.decision.person_id is None
    assert stranger.box.x < known.box.x


def test_a_recognition_test_of_somebody_else_does_not_match(world: World) -> None:
    ada, grace = hired(world), hired(world, "Grace Hopper")
    enrolled(world, ada, jpeg(ADA))

    result = recognition_test(world.services, world.tenant_id, grace, jpeg(ADA))

    assert result.matches is False
    assert result.faces[0].decision.person_id == ada


def test_a_recognition_test_stores_nothing(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))
    before = (stored(world), world.count("audit_log"))

    recognition_test(world.services, world.tenant_id, ada, jpeg(portrait(9)))

    assert (stored(world), world.count("audit_log")) == before
    assert (world.count("customers"), world.count("face_events"), world.raw_keys()) == (0, 0, [])


def test_a_recognition_test_of_a_picture_without_faces_matches_nobody(world: World) -> None:
    blank = jpeg(np.full((320, 320, 3), 128, dtype=np.uint8))

    result = recognition_test(world.services, world.tenant_id, hired(world), blank)

    assert (result.matches, result.faces) == (False, ())


def test_a_poor_face_in_a_recognition_test_has_no_candidates(world: World) -> None:
    ada = hired(world)
    enrolled(world, ada, jpeg(ADA))

    result = recognition_test(world.services, world.tenant_id, ada, jpeg(portrait(1, side_px=60)))

    assert result.matches is False
    assert [(face.decision.kind, face.candidates) for face in result.faces] == [("poor_quality", ())]
