"""Photographs of staff: what is taken, what is refused, and that a failure leaves nothing behind."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import numpy as np
import pytest

from contracts.base import StaffId
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
from footfall.recognition_trial import recognition_test
from footfall.roster import get_staff
from footfall.templates import decode_vector
from tests.integration.footfall.enrolments import ADA, GRACE, enrolled, faces_of, hired, seen, stored
from tests.integration.footfall.outages import Outage
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait, side_by_side
from tests.vectors import person


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
    assert world.picture("derived", row["image_key"]) == photograph
    crop = world.services.vision.decode(world.picture("derived", row["crop_key"]))
    assert crop.shape == (112, 112, 3)


def test_the_template_is_fused_with_its_mirror_images(world: World) -> None:
    enrolled(world, hired(world), jpeg(ADA))

    [row] = world.rows("select embedding, opener from footfall.staff_face_templates")
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
