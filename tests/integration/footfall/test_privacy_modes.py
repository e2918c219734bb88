"""What each privacy mode lets in, and that nothing else is kept anywhere."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from contracts.base import PrivacyMode
from contracts.events import Embedding
from footfall.enrolment import enrol_face
from footfall.errors import EmbeddingInvalidError, NotAnImageError, PrivacyModeError
from footfall.identification import NOT_KNOWN_TO_THE_WORKER
from footfall.recognition_trial import recognition_test
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait
from tests.vectors import like, person

ADA = person(1)
STRANGER = person(3)
CROP = jpeg(portrait(1, side_px=160))

PARTICULARS = (
    "select box, landmarks, quality, model_version, image_key, staff_id, customer_id from footfall.face_events"
)
NOTHING: dict[str, object] = {
    "box": {},
    "landmarks": [],
    "quality": {},
    "model_version": None,
    "image_key": None,
    "staff_id": None,
    "customer_id": None,
}


@pytest.fixture
def counting(worlds: Worlds) -> World:
    return worlds("count_only")


@pytest.fixture
def staff_only(worlds: Worlds) -> World:
    return worlds("staff_only")


def nothing_kept(world: World) -> bool:
    rows = world.rows(PARTICULARS)
    return (
        bool(rows)
        and all(row == NOTHING for row in rows)
        and not world.raw_keys()
        and world.count("customers") == world.count("customer_templates") == world.count("visits") == 0
    )


# --- count_only -------------------------------------------------------------------------------------


def test_count_only_counts_and_keeps_nothing(counting: World) -> None:
    counting.hire(ADA)

    receipt = counting.send(counting.event(like(ADA, 0.9)), CROP)

    assert (receipt.decision.kind, receipt.decision.person_id, receipt.visit_id) == ("counted", None, None)
    assert receipt.decision.score is None
    assert nothing_kept(counting)


def test_count_only_does_not_look_at_what_it_drops(counting: World) -> None:
    """A broken image or template is as unread as a good one."""
    unreadable = counting.event(ADA).model_copy(
        update={"embedding": Embedding(model_version="other-2", vector="!" * 2732)}
    )

    assert counting.send(unreadable, b"no image at all").decision.kind == "counted"
    assert nothing_kept(counting)


def test_count_only_takes_later_revisions_and_repetitions(counting: World) -> None:
    opened = counting.event(None)
    counting.send(opened)

    closed = counting.send(counting.event(None, event_id=opened.event_id, revision=1, lasts=timedelta(minutes=2)))
    again = counting.send(opened)

    assert (closed.revision, closed.duplicate, again.revision, again.duplicate) == (1, False, 1, True)
    assert counting.count("face_events") == 1


def test_count_only_enrols_nobody(counting: World) -> None:
    ada = counting.hire(ADA)

    with pytest.raises(PrivacyModeError, match="only counts"):
        enrol_face(counting.services, counting.tenant_id, ada, jpeg(portrait(1)), actor=ACTOR)
    assert not counting.derived_keys()


def test_count_only_compares_nobody(counting: World) -> None:
    ada = counting.hire(ADA)

    with pytest.raises(PrivacyModeError, match="only counts"):
        recognition_test(counting.services, counting.tenant_id, ada, jpeg(portrait(1)))


# --- staff_only -------------------------------------------------------------------------------------


def test_staff_only_knows_staff(staff_only: World) -> None:
    ada = staff_only.hire(ADA)

    receipt = staff_only.send(staff_only.event(like(ADA, 0.8)), CROP)

    assert (receipt.decision.kind, receipt.decision.person_id) == ("staff", ada)
    assert [visit.person_id for visit in staff_only.visits()] == [ada]
    assert staff_only.raw_keys() == [f"{staff_only.tenant_id}/events/{receipt.event_id}.jpg"]
    [row] = staff_only.rows(PARTICULARS)
    assert row["model_version"] == staff_only.services.model_version
    assert len(row["landmarks"]) == 5


def test_staff_only_keeps_nothing_of_a_stranger(staff_only: World) -> None:
    staff_only.hire(ADA)
    before = staff_only.vector_ids()

    receipt = staff_only.send(staff_only.event(STRANGER), CROP)

    assert (receipt.decision.kind, receipt.decision.person_id, receipt.visit_id) == ("stranger", None, None)
    assert nothing_kept(staff_only)
    assert staff_only.vector_ids() == before


def test_staff_only_takes_a_face_without_its_template_for_a_stranger_s(staff_only: World) -> None:
    """The worker sends nobody's whom it does not know for staff: the face was not too poor."""
    receipt = staff_only.send(staff_only.event(None))

    assert (receipt.decision.kind, receipt.decision.reason) == ("stranger", NOT_KNOWN_TO_THE_WORKER)
    assert staff_only.send(staff_only.event(None, quality=0.1)).decision.kind == "poor_quality"
    assert nothing_kept(staff_only)


def test_staff_only_does_not_know_a_stranger_again(staff_only: World) -> None:
    staff_only.see(STRANGER)

    assert staff_only.see(STRANGER, at=MORNING + timedelta(minutes=1)).decision.kind == "stranger"


@pytest.mark.parametrize("cosine", [0.42])
def test_staff_only_keeps_nothing_of_an_unsure_face(staff_only: World, cosine: float) -> None:
    """It may be a stranger's."""
    staff_only.hire(ADA)

    receipt = staff_only.send(staff_only.event(like(ADA, cosine)), CROP)

    assert receipt.decision.kind == "unsure"
    assert nothing_kept(staff_only)


def test_staff_only_keeps_nothing_of_a_poor_face(staff_only: World) -> None:
    receipt = staff_only.send(staff_only.event(STRANGER, quality=0.1), CROP)

    assert receipt.decision.kind == "poor_quality"
    assert nothing_kept(staff_only)


def test_staff_only_refuses_what_cannot_be_read(staff_only: World) -> None:
    with pytest.raises(NotAnImageError):
        staff_only.send(staff_only.event(ADA), b"no image at all")
    with pytest.raises(EmbeddingInvalidError):
        staff_only.send(staff_only.event(ADA * np.float32(2)))


def set_mode(world: World, mode: PrivacyMode) -> None:
    world.rows("update footfall.tenants set privacy_mode = :mode returning 1", mode=mode)


def test_customers_from_before_are_strangers_in_staff_only(world: World) -> None:
    world.see(STRANGER)
    set_mode(world, "staff_only")

    receipt = world.see(STRANGER, at=MORNING + timedelta(minutes=1))

    assert (receipt.decision.kind, receipt.decision.person_id) == ("stranger", None)
    assert (world.count("customers"), world.count("customer_templates")) == (1, 1)


def test_a_customer_from_before_does_not_keep_staff_from_being_known_in_staff_only(world: World) -> None:
    world.see(like(ADA, 0.9))
    ada = world.hire(ADA)
    set_mode(world, "staff_only")

    receipt = world.see(ADA, at=MORNING + timedelta(minutes=1))

    assert (receipt.decision.kind, receipt.decision.person_id) == ("staff", ada)


def test_a_mode_holds_from_the_next_event_on(world: World) -> None:
    world.see(STRANGER)
    set_mode(world, "count_only")

    assert world.see(STRANGER, at=MORNING + timedelta(minutes=1)).decision.kind == "counted"
    assert len(world.visits()) == 1


# --- identify ---------------------------------------------------------------------------------------


def test_identify_keeps_the_particulars_of_every_face(world: World) -> None:
    world.send(world.event(STRANGER), CROP)
    world.send(world.event(STRANGER, quality=0.1), CROP)

    rows = world.rows(PARTICULARS)
    assert all(row["box"]["width"] == 90.0 and len(row["landmarks"]) == 5 for row in rows)
    # The version of a template that was not looked at is not stated.
    assert sorted(str(row["model_version"]) for row in rows) == ["None", "mock-1"]
    assert len(world.raw_keys()) == 2


def test_no_mode_writes_a_single_event_into_the_audit_log(worlds: Worlds) -> None:
    modes: tuple[PrivacyMode, ...] = ("count_only", "staff_only", "identify")
    for mode in modes:
        world = worlds(mode)
        before = world.count("audit_log")
        world.see(STRANGER)
        assert world.count("audit_log") == before
