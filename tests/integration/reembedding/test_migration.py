"""From one model to another while people come and go: nobody is missed, nothing is compared across versions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from footfall.errors import ConflictError, ModelVersionMismatchError
from footfall.gallery import gallery_drift
from footfall.reembedding_switch import prepare_candidate, retire
from tests.integration.footfall.enrolments import enrolled, hired
from tests.integration.footfall.world import jpeg, portrait
from tests.integration.reembedding.two_versions import NEW, OLD, TwoVersions, later, picture_of


def test_everybody_is_known_in_the_new_version_and_recognised_by_it(two: TwoVersions) -> None:
    ada = hired(two.world)
    enrolled(two.world, ada, jpeg(portrait(1)))
    customers = [two.see(number).decision.person_id for number in range(5)]
    two.begin()
    done = two.bring_over()
    assert (done.outcome, done.embedded, done.set_aside) == ("complete", 11, 0)  # a face, 5 customers, 5 sightings
    switched = two.switch()
    assert (switched.served, switched.former) == (NEW, OLD)
    assert switched.rebuild.report.vectors == 6
    again = [two.see(number, at=later(1), model_version=NEW) for number in range(5)]
    assert [receipt.decision.person_id for receipt in again] == customers
    assert {receipt.decision.kind for receipt in again} == {"customer"}
    photograph = two.world.services.vision.analyse_bytes(jpeg(portrait(1)))[0].vector
    assert two.world.see(photograph, at=later(1)).decision.person_id == ada
    assert gallery_drift(two.operator.engine, two.operator.vectors, two.tenant_id, NEW).none


def test_who_comes_while_two_versions_stand_is_written_in_both(two: TwoVersions) -> None:
    two.begin()
    two.see(1)
    enrolled(two.world, hired(two.world), jpeg(portrait(1)))
    found = two.coverage()
    assert (found.staff_faces_known, found.customers_known, found.sightings_known, found.untried) == (1, 1, 1, 0)
    assert two.bring_over().embedded == 0


def test_the_old_version_decides_until_the_switch(two: TwoVersions) -> None:
    two.begin()
    customer = two.see(1).decision.person_id
    assert two.see(1, at=later(1)).decision.person_id == customer
    # A worker that is ahead sends the candidate's template: it is embedded anew from its picture.
    assert two.see(1, at=later(2), model_version=NEW).decision.person_id == customer


def test_after_the_switch_a_late_worker_is_understood_by_its_picture_alone(two: TwoVersions) -> None:
    customer = two.see(1).decision.person_id
    two.begin()
    two.bring_over()
    two.switch()
    assert two.see(1, at=later(1), model_version=OLD).decision.person_id == customer
    with pytest.raises(ModelVersionMismatchError, match=r"made with mock-1; this server compares mock-2"):
        two.see(1, at=later(2), model_version=OLD, pictured=False)


def test_a_track_that_ends_after_the_switch_stretches_its_visit_without_a_picture(two: TwoVersions) -> None:
    two.begin()
    opened = two.event(1)
    customer = two.world.send(opened, picture_of(1)).decision.person_id
    two.switch()
    ended = opened.track.started_at + timedelta(minutes=9)
    closed = opened.model_copy(update={"revision": 1, "track": opened.track.model_copy(update={"ended_at": ended})})
    assert two.world.send(closed).decision.person_id == customer
    [visit] = two.world.visits()
    assert visit.ended_at == ended


def test_a_version_that_was_never_here_is_refused_even_with_a_picture(two: TwoVersions) -> None:
    two.begin()
    event = two.event(1).model_copy(deep=True)
    assert event.embedding is not None
    foreign = event.model_copy(update={"embedding": event.embedding.model_copy(update={"model_version": "other-9"})})
    with pytest.raises(ModelVersionMismatchError, match="made with other-9"):
        two.world.send(foreign, picture_of(1))


def test_nothing_is_compared_across_versions(two: TwoVersions) -> None:
    """A face whose new vector is exactly somebody's old one is a stranger: that number means nothing."""
    two.see(1, pictured=False)
    two.begin()
    two.bring_over()
    two.switch()
    stranger = two.world.event(two.vector(1, OLD), at=later(1), model_version=NEW)
    receipt = two.world.send(stranger)
    assert (receipt.decision.kind, receipt.decision.score) == ("new_customer", None)


def test_going_back_serves_the_old_version_with_all_that_came_since(two: TwoVersions) -> None:
    first = two.see(1).decision.person_id
    two.begin()
    two.bring_over()
    two.switch()
    since = two.see(2, at=later(1), model_version=NEW).decision.person_id
    back = two.switch(OLD)
    assert (back.served, back.former) == (OLD, NEW)
    assert two.see(1, at=later(2), model_version=OLD).decision.person_id == first
    assert two.see(2, at=later(2), model_version=OLD).decision.person_id == since
    assert gallery_drift(two.operator.engine, two.operator.vectors, two.tenant_id, OLD).none
    assert two.switch(NEW).served == NEW


def test_a_removed_version_leaves_nothing_behind_and_no_way_back(two: TwoVersions) -> None:
    enrolled(two.world, hired(two.world), jpeg(portrait(1)))
    customer = two.see(1).decision.person_id
    two.begin()
    two.bring_over()
    two.switch()
    gone = retire(two.operator, OLD)
    assert (gone.templates, gone.staff_faces, gone.opt_outs) == (0, 0, 0)
    for table in ("staff_face_images", "customer_templates", "event_templates"):
        versions = two.world.rows(f"select distinct model_version from footfall.{table}")
        assert [row["model_version"] for row in versions] == [NEW]
    for table in ("staff_face_versions", "customer_template_versions", "event_template_versions"):
        assert two.world.count(table) == 0
    assert two.see(1, at=later(1), model_version=NEW).decision.person_id == customer
    assert gallery_drift(two.operator.engine, two.operator.vectors, two.tenant_id, NEW).none
    with pytest.raises(ConflictError, match="nothing stands beside mock-2"):
        two.switch(OLD)
    # A worker that still sends it is understood by its picture.
    assert two.see(1, at=later(2), model_version=OLD).decision.person_id == customer


def test_a_candidate_can_be_given_up(two: TwoVersions) -> None:
    two.see(1)
    two.begin()
    two.bring_over()
    retire(two.operator, NEW)
    assert two.coverage().customers_known == 0
    assert two.see(1, at=later(1)).decision.kind == "customer"
    two.begin()
    assert two.bring_over().embedded == 3


def test_only_what_stands_beside_the_served_version_is_served(two: TwoVersions) -> None:
    with pytest.raises(ConflictError, match="nothing stands beside mock-1"):
        two.switch(NEW)
    with pytest.raises(ConflictError, match="mock-1 is served already"):
        prepare_candidate(two.operator, OLD)
    with pytest.raises(ConflictError, match="mock-1 is served"):
        retire(two.operator, OLD)
    with pytest.raises(ConflictError, match="not known here"):
        retire(two.operator, "other-9")
