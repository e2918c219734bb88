"""People who opted out: their faces leave nothing but a count, until they withdraw."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest

from contracts.base import CustomerId, EventId
from footfall.correction_undo import undo
from footfall.corrections import detach
from footfall.errors import ConflictError, FaceRejectedError, NotFoundError, PrivacyModeError
from footfall.gallery import gallery_drift
from footfall.opt_out import list_opt_outs, opt_out_by_photograph, opt_out_of_customer, withdraw_opt_out
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.corrected import customer_of, record, see
from tests.integration.footfall.world import ACTOR, MORNING, World, jpeg, portrait, side_by_side
from tests.vectors import like, person

CONSENT = "form 17 of 2026-11-22"


def opted_out(world: World, number: int = 1) -> CustomerId:
    customer = customer_of(world.send(world.event(person(number)), jpeg(portrait(1, side_px=160))))
    opt_out_of_customer(world.services, world.tenant_id, customer, consent=CONSENT, actor=ACTOR)
    return customer


def test_a_face_that_opted_out_is_counted_and_nothing_of_it_is_kept(world: World) -> None:
    opted_out(world)
    visits = world.visits()
    event = world.event(like(person(1), 0.9), at=MORNING + timedelta(hours=2))
    receipt = world.send(event, jpeg(portrait(2, side_px=160)))
    decision = receipt.decision
    assert (decision.kind, decision.person_id, decision.score, receipt.visit_id) == ("counted", None, None, None)
    assert world.visits() == visits
    assert (world.raw_keys(), world.vector_ids()) == ([], set())
    [row] = world.rows("select * from footfall.face_events where event_id = :id", id=event.event_id)
    assert (row["box"], row["quality"], row["image_key"], row["model_version"], row["score"]) == (
        {},
        {},
        None,
        None,
        None,
    )
    assert world.count("event_templates") == 0


def test_one_who_opts_out_leaves_the_gallery_with_every_template_and_image(world: World) -> None:
    see(world, 2, 5)
    customer = customer_of(world.send(world.event(person(1)), jpeg(portrait(1, side_px=160))))
    world.send(world.event(like(person(1), 0.97), at=MORNING + timedelta(hours=3), quality=0.9))
    assert len(world.raw_keys()) == 1
    made = opt_out_of_customer(world.services, world.tenant_id, customer, consent=CONSENT, actor=ACTOR)
    assert (made.consent, made.templates, made.active) == (CONSENT, 2, True)
    assert world.raw_keys() == []
    assert len(world.vector_ids()) == 1, "of the other customer"
    assert world.rows("select 1 from footfall.customer_templates where customer_id = :id", id=customer) == []
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none
    assert len([visit for visit in world.visits() if visit.person_id == customer]) == 2
    assert see(world, 2, 100).decision.kind == "customer"


def test_an_undo_gives_no_template_back_to_one_who_opted_out(world: World) -> None:
    customer = customer_of(see(world, 1))
    second = see(world, 1, 100, shot=2, quality=0.9)
    done = detach(world.services, world.tenant_id, EventId(second.event_id), actor=ACTOR)
    opt_out_of_customer(world.services, world.tenant_id, customer, consent=CONSENT, actor=ACTOR)
    undo(world.services, world.tenant_id, done.correction_id, actor=ACTOR)
    assert (world.count("customer_templates"), world.count("event_templates")) == (0, 0)


def test_a_photograph_registers_its_person_and_is_not_kept(world: World) -> None:
    picture = portrait(4)
    [face] = world.services.vision.analyse(picture)
    assert face.vector is not None
    known = customer_of(world.see(face.vector))
    made = opt_out_by_photograph(world.services, world.tenant_id, jpeg(picture), consent=CONSENT, actor=ACTOR)
    assert made.active
    assert (world.derived_keys(), world.raw_keys(), world.vector_ids()) == ([], [], set())
    assert world.see(face.vector, MORNING + timedelta(hours=1)).decision.kind == "counted"
    assert world.rows("select 1 from footfall.customer_templates where customer_id = :id", id=known) == []


def test_after_the_withdrawal_the_template_is_gone_and_the_face_is_a_strangers(world: World) -> None:
    opted_out(world)
    [listed] = list_opt_outs(world.services, world.tenant_id, limit=10, cursor=None).items
    withdraw_opt_out(world.services.engine, world.tenant_id, listed.opt_out_id, actor="privacy officer")
    assert world.count("opt_out_templates") == 0
    [listed] = list_opt_outs(world.services, world.tenant_id, limit=10, cursor=None).items
    assert (listed.active, listed.templates, listed.withdrawn_at is not None) == (False, 0, True)
    assert see(world, 1, 60).decision.kind == "new_customer"
    with pytest.raises(NotFoundError):
        withdraw_opt_out(world.services.engine, world.tenant_id, listed.opt_out_id, actor=ACTOR)
    actions = "select action from footfall.audit_log where action like 'opt_out%' order by audit_id"
    told = [row["action"] for row in world.rows(actions)]
    assert told == ["opt_out.registered", "opt_out.withdrawn"]


def test_somebody_nearer_is_still_recognised(world: World) -> None:
    """One opt-out must not make a lookalike invisible."""
    opted_out(world)
    lookalike = like(person(1), 0.6, shot=5)
    staff = world.hire(lookalike)
    assert world.see(lookalike, MORNING + timedelta(hours=1)).decision.person_id == staff


def test_what_cannot_be_registered_is_refused(world: World, worlds: Worlds) -> None:
    services, tenant = world.services, world.tenant_id
    customer = opted_out(world)
    before = record(world)
    with pytest.raises(ConflictError, match="no template"):
        opt_out_of_customer(services, tenant, customer, consent=CONSENT, actor=ACTOR)
    with pytest.raises(NotFoundError):
        opt_out_of_customer(services, tenant, CustomerId(uuid4()), consent=CONSENT, actor=ACTOR)
    two = jpeg(side_by_side(portrait(1), portrait(2)))
    with pytest.raises(FaceRejectedError):
        opt_out_by_photograph(services, tenant, two, consent=CONSENT, actor=ACTOR)
    counting = worlds("count_only")
    with pytest.raises(PrivacyModeError):
        opt_out_by_photograph(services, counting.tenant_id, jpeg(portrait(1)), consent=CONSENT, actor=ACTOR)
    assert record(world) == before
