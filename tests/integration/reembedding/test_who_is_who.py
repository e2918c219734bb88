"""Corrections, removals and reports while there are two versions: what happens to a template happens to its twin."""

from __future__ import annotations

import pytest

from contracts.base import CustomerId, EventId, FaceId, StaffId
from contracts.corrections import PromoteRequest
from footfall.calibration_gallery import calibrate, calibration_report
from footfall.correction_undo import undo
from footfall.corrections import detach, merge, promote, split
from footfall.enrolled_faces import remove_face
from footfall.opt_out import opt_out_of_customer, withdraw_opt_out
from footfall.reembedding import report_versions
from footfall.serving import read_serving
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.enrolments import enrolled, hired
from tests.integration.footfall.world import ACTOR, jpeg, portrait
from tests.integration.reembedding.two_versions import NEW, OLD, TwoVersions, later

TABLES = ("staff_face_versions", "customer_template_versions", "event_template_versions")


def twins(two: TwoVersions) -> tuple[int, ...]:
    return tuple(two.world.count(table) for table in TABLES)


def customer_of(two: TwoVersions, number: int, day: float = 0) -> CustomerId:
    person_id = two.see(number, at=later(day)).decision.person_id
    assert person_id is not None
    return CustomerId(person_id)


@pytest.mark.parametrize("switched", [False, True])
def test_a_merge_and_its_undo_take_both_versions_along(two: TwoVersions, switched: bool) -> None:
    one, other = customer_of(two, 1), customer_of(two, 2, 0.1)
    two.begin()
    two.bring_over()
    if switched:
        two.switch()
    version = NEW if switched else OLD
    done = merge(two.world.services, two.tenant_id, one, other, actor=ACTOR)
    for number in (1, 2):
        seen = two.see(number, at=later(1), model_version=version, pictured=False)
        assert seen.decision.person_id == other
    undo(two.world.services, two.tenant_id, done.correction_id, actor=ACTOR)
    if not switched:
        two.bring_over()
        two.switch()
    assert two.see(1, at=later(2), model_version=NEW, pictured=False).decision.person_id == one
    assert two.see(2, at=later(2), model_version=NEW, pictured=False).decision.person_id == other


def test_a_split_gives_both_halves_their_faces_in_both_versions(two: TwoVersions) -> None:
    one, other = customer_of(two, 1), customer_of(two, 2, 0.1)
    two.begin()
    two.bring_over()
    merge(two.world.services, two.tenant_id, one, other, actor=ACTOR)
    event_ids = [
        EventId(row["event_id"])
        for row in two.world.rows("select event_id from footfall.face_events order by started_at limit 1")
    ]
    made = split(two.world.services, two.tenant_id, other, event_ids, actor=ACTOR)
    two.switch()
    first = two.see(1, at=later(1), model_version=NEW, pictured=False).decision.person_id
    second = two.see(2, at=later(1), model_version=NEW, pictured=False).decision.person_id
    assert second == other
    assert first not in {other, None}
    assert made.kind == "split"


def test_a_detached_sighting_that_is_given_back_has_both_its_versions_again(two: TwoVersions) -> None:
    customer = customer_of(two, 1)
    event_id = EventId(two.world.rows("select event_id from footfall.face_events")[0]["event_id"])
    two.begin()
    two.bring_over()
    done = detach(two.world.services, two.tenant_id, event_id, actor=ACTOR)
    assert twins(two) == (0, 0, 1)
    undo(two.world.services, two.tenant_id, done.correction_id, actor=ACTOR)
    assert twins(two) == (0, 1, 1)
    two.switch()
    assert two.see(1, at=later(1), model_version=NEW, pictured=False).decision.person_id == customer


def test_a_promoted_customer_is_staff_in_both_versions(two: TwoVersions) -> None:
    customer = customer_of(two, 1)
    two.begin()
    two.bring_over()
    promote(two.world.services, two.tenant_id, customer, PromoteRequest(display_name="Ada"), actor=ACTOR)
    two.switch()
    assert two.see(1, at=later(1), model_version=NEW, pictured=False).decision.kind == "staff"


def test_whatever_is_deleted_is_deleted_in_every_version(two: TwoVersions) -> None:
    ada = hired(two.world)
    face = enrolled(two.world, ada, jpeg(portrait(1)))
    customer = customer_of(two, 1)
    two.begin()
    two.bring_over()
    assert twins(two) == (1, 1, 1)
    remove_face(two.world.services, two.tenant_id, StaffId(ada), FaceId(face.face_id), actor=ACTOR)
    opted = opt_out_of_customer(two.world.services, two.tenant_id, customer, consent="form 1", actor=ACTOR)
    assert twins(two) == (0, 0, 0)
    assert two.world.count("opt_out_templates") == 2
    withdraw_opt_out(two.world.services.engine, two.tenant_id, opted.opt_out_id, actor=ACTOR)
    assert two.world.count("opt_out_templates") == 0


def test_an_erased_sighting_takes_its_twins_along(two: TwoVersions) -> None:
    """What retention and erasure delete is the event's row."""
    customer_of(two, 1)
    two.begin()
    two.bring_over()
    with tenant_transaction(two.operator.engine, two.tenant_id) as connection:
        connection.exec_driver_sql("delete from footfall.face_events")
        connection.exec_driver_sql("delete from footfall.visits")
        connection.exec_driver_sql("delete from footfall.customers")
    assert twins(two) == (0, 0, 0)
    assert two.world.count("event_templates") == 0


def test_vectors_of_the_former_version_are_deleted_with_those_served(two: TwoVersions) -> None:
    ada = hired(two.world)
    face = enrolled(two.world, ada, jpeg(portrait(1)))
    two.begin()
    two.bring_over()
    two.switch()
    remove_face(two.world.services, two.tenant_id, StaffId(ada), FaceId(face.face_id), actor=ACTOR)
    assert two.operator.vectors.template_ids(two.tenant_id) == set()
    two.operator.vectors.rollback(OLD)  # the collection alone, without what mends it
    assert two.operator.vectors.template_ids(two.tenant_id) == set()


def test_thresholds_of_both_versions_are_calibrated_apart(two: TwoVersions) -> None:
    for number in range(3):
        customer_of(two, number, number / 10)
    two.begin()
    two.bring_over()
    recognition = two.operator.settings.recognition
    made = calibrate(two.operator.engine, recognition, two.tenant_id, NEW)
    assert (made.model_version, made.own_people) == (NEW, 3)
    with tenant_transaction(two.operator.engine, two.tenant_id) as connection:
        old = calibration_report(connection, recognition, OLD)
        [served, candidate] = report_versions(connection, read_serving(connection, OLD))
    assert old.calibrated_at is None
    assert (served.model_version, served.role, served.customers_known) == (OLD, "served", 3)
    assert (candidate.model_version, candidate.role, candidate.untried) == (NEW, "candidate", 0)
