"""People of whom no picture is stored any more: they stay, and the first visit with a picture brings them over."""

from __future__ import annotations

import pytest

from contracts.base import CustomerId
from footfall.errors import ConflictError
from footfall.opt_out import list_opt_outs, opt_out_by_photograph, opt_out_of_customer
from footfall.reembedding_switch import retire
from tests.integration.footfall.enrolments import enrolled, hired
from tests.integration.footfall.world import ACTOR, jpeg, portrait
from tests.integration.reembedding.two_versions import NEW, OLD, TwoVersions, later


def test_a_customer_without_a_picture_is_known_again_at_the_first_visit_after_the_switch(two: TwoVersions) -> None:
    customer = two.see(1).decision.person_id
    two.lose_pictures()
    two.begin()
    assert two.bring_over().coverage.customers_known == 0
    two.switch()
    back = two.see(1, at=later(40), model_version=NEW).decision
    assert (back.kind, back.person_id) == ("customer", customer)
    assert "mock-1" in back.threshold_source or "not calibrated" in back.threshold_source
    assert two.coverage().customers_known == 1
    # From now on without the former version.
    assert two.see(1, at=later(41), model_version=NEW, pictured=False).decision.person_id == customer


def test_a_visit_before_the_switch_brings_a_customer_over_though_its_shot_is_worse(two: TwoVersions) -> None:
    customer = two.see(1, quality=0.9).decision.person_id
    two.lose_pictures()
    two.begin()
    two.bring_over()
    two.see(1, at=later(1), quality=0.5)
    assert two.coverage().customers_known == 1
    two.switch()
    assert two.see(1, at=later(2), model_version=NEW, pictured=False).decision.person_id == customer


def test_without_a_picture_at_that_visit_a_customer_is_a_new_one(two: TwoVersions) -> None:
    """The plain cost: docs/adr/a-second-model-version-beside-the-first.md."""
    two.see(1)
    two.lose_pictures()
    two.begin()
    two.bring_over()
    two.switch()
    assert two.see(1, at=later(40), model_version=NEW, pictured=False).decision.kind == "new_customer"


def test_a_stranger_is_a_stranger_in_both_versions(two: TwoVersions) -> None:
    two.see(1)
    two.lose_pictures()
    two.begin()
    two.bring_over()
    two.switch()
    assert two.see(2, at=later(40), model_version=NEW).decision.kind == "new_customer"
    assert two.world.count("customers") == 2


def test_once_the_former_version_is_removed_who_was_left_behind_is_a_new_customer(two: TwoVersions) -> None:
    first = two.see(1).decision.person_id
    two.lose_pictures()
    two.begin()
    two.bring_over()
    two.switch()
    assert retire(two.operator, OLD).templates == 1
    again = two.see(1, at=later(40), model_version=NEW).decision
    assert again.kind == "new_customer"
    assert again.person_id != first
    assert two.world.count("customers") == 2  # whose visits stay


def test_who_opted_out_is_left_alone_after_the_switch_and_carried_over_by_that_visit(two: TwoVersions) -> None:
    customer = two.see(1).decision.person_id
    assert customer is not None
    opt_out_of_customer(two.world.services, two.tenant_id, CustomerId(customer), consent="form 1", actor=ACTOR)
    two.begin()
    two.bring_over()
    two.switch()
    found = two.coverage()
    assert (found.opt_outs, found.opt_outs_known) == (1, 0)
    with pytest.raises(ConflictError, match="0 photographs of staff and 1 opt-outs are known in mock-1 alone"):
        retire(two.operator, OLD)
    assert two.see(1, at=later(40), model_version=NEW).decision.kind == "counted"
    assert two.coverage().opt_outs_known == 1
    retire(two.operator, OLD)
    assert two.see(1, at=later(41), model_version=NEW, pictured=False).decision.kind == "counted"
    assert two.world.count("opt_out_templates") == 1


def test_a_visit_before_the_switch_carries_an_opt_out_over(two: TwoVersions) -> None:
    customer = two.see(1).decision.person_id
    assert customer is not None
    opt_out_of_customer(two.world.services, two.tenant_id, CustomerId(customer), consent="form 1", actor=ACTOR)
    two.begin()
    assert two.see(1, at=later(1)).decision.kind == "counted"
    assert two.coverage().opt_outs_known == 1
    two.bring_over()
    two.switch()
    assert two.see(1, at=later(2), model_version=NEW, pictured=False).decision.kind == "counted"


def test_who_opts_out_while_two_versions_stand_does_so_in_both(two: TwoVersions) -> None:
    two.begin()
    opt_out_by_photograph(two.world.services, two.tenant_id, jpeg(portrait(5)), consent="form 2", actor=ACTOR)
    customer = two.see(1).decision.person_id
    assert customer is not None
    opt_out_of_customer(two.world.services, two.tenant_id, CustomerId(customer), consent="form 3", actor=ACTOR)
    found = two.coverage()
    assert (found.opt_outs, found.opt_outs_known) == (2, 2)
    two.bring_over()
    two.switch()
    shown = list_opt_outs(two.world.services, two.tenant_id, limit=10, cursor=None)
    assert [each.active for each in shown.items] == [True, True]
    assert two.see(1, at=later(1), model_version=NEW, pictured=False).decision.kind == "counted"


def test_staff_whose_pictures_are_gone_are_known_by_the_former_version_until_they_are_enrolled_again(
    two: TwoVersions,
) -> None:
    ada = hired(two.world)
    enrolled(two.world, ada, jpeg(portrait(1_007)))
    two.world.services.objects.delete(two.tenant_id, "derived", two.world.derived_keys())
    two.begin()
    assert two.bring_over().set_aside == 1
    two.switch()
    assert two.see(7, at=later(1), model_version=NEW).decision.person_id == ada
