"""Calibrating a tenant over a real Postgres: what is measured, kept, used for decisions, and when it is not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from footfall.calibration import LEAST_PEOPLE
from footfall.calibration_background import load_background
from footfall.calibration_gallery import calibrate, calibration_report
from footfall.calibration_policy import OUTGROWN, Gallery, PolicyCache, policy_for, policy_of
from footfall.matching import MatchPolicy
from footfall.stores.postgres.calibrations import select_latest
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import MORNING, World
from tests.vectors import between, like, person

COMMON = person(99)


def policy_now(world: World, *, staff_only: bool = False) -> MatchPolicy:
    """As of this moment, whatever was cached."""
    fresh = replace(world.services, policies=PolicyCache())
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        return policy_of(connection, fresh, world.tenant_id, staff_only=staff_only)


def hire(world: World, count: int, *, alike: float = 0.0, start: int = 0) -> None:
    for number in range(start, start + count):
        world.hire(between(person(number), COMMON, alike), name=f"Person {number}")


def calibrated(world: World) -> None:
    services = world.services
    calibrate(services.engine, services.settings.recognition, world.tenant_id, services.model_version)


def test_before_the_first_calibration_the_background_decides_and_says_so(world: World) -> None:
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        report = calibration_report(connection, world.services.settings.recognition, world.services.model_version)

    assert (report.calibrated_at, report.own_people, report.own_weight) == (None, 0, 0.0)
    assert report.notes[0].startswith("Not calibrated yet")
    assert policy_now(world) == world.services.policy


def test_too_few_people_are_kept_with_a_warning_and_change_nothing(world: World) -> None:
    hire(world, 3)
    before = policy_now(world)

    calibrated(world)

    after = policy_now(world)
    assert (after.threshold_low, after.threshold_high) == (before.threshold_low, before.threshold_high)
    assert after.source.startswith("too few own people")
    assert world.count("calibrations") == 1


def test_a_gallery_of_people_who_are_alike_gets_higher_thresholds(world: World) -> None:
    hire(world, LEAST_PEOPLE + 20, alike=0.6)
    before = policy_now(world)

    calibrated(world)

    after = policy_now(world)
    assert after.threshold_high > before.threshold_high + 0.02
    assert after.source.startswith("calibration of 20")
    assert f"{LEAST_PEOPLE + 20} own people" in after.source


def test_each_event_records_the_thresholds_in_force_with_reason_and_margin(world: World) -> None:
    hire(world, LEAST_PEOPLE + 5)
    calibrated(world)
    policy = policy_now(world)

    receipt = world.see(like(person(1), 0.8))

    [row] = world.rows(
        "select threshold_low, threshold_high, threshold_source, reason, margin from footfall.face_events"
    )
    assert receipt.decision.kind == "staff"
    assert row["threshold_high"] == pytest.approx(policy.threshold_high)
    assert row["threshold_low"] == pytest.approx(policy.threshold_low)
    assert row["threshold_source"] == policy.source
    assert row["reason"]
    assert row["margin"] > 0.3


def test_thresholds_follow_the_galleries_growth_without_a_new_calibration(world: World) -> None:
    background = load_background("mock-1")
    recognition = world.services.settings.recognition
    hire(world, LEAST_PEOPLE)
    calibrated(world)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        row = select_latest(connection, "mock-1")
    assert row is not None

    now = policy_for(recognition, background, row, Gallery(LEAST_PEOPLE, 150.0))
    larger = policy_for(recognition, background, row, Gallery(LEAST_PEOPLE * 2, 300.0))
    outgrown = policy_for(recognition, background, row, Gallery(LEAST_PEOPLE * OUTGROWN + 1, 300.0))

    assert larger.threshold_high > now.threshold_high
    assert larger.source.startswith("calibration of")
    assert outgrown.source.startswith("outgrown calibration")
    assert outgrown.threshold_high == policy_for(recognition, background, None, Gallery(1, 300.0)).threshold_high


def test_a_gallery_without_customers_is_smaller(world: World) -> None:
    hire(world, 2)
    for number in range(40, 160):
        world.hire(person(number), name=f"Person {number}")
    for number in range(200, 240):
        world.see(person(number), at=MORNING + timedelta(minutes=number))

    assert policy_now(world, staff_only=True).threshold_high < policy_now(world).threshold_high


def test_a_calibration_of_another_model_is_not_used(world: World) -> None:
    hire(world, LEAST_PEOPLE + 20, alike=0.6)
    calibrated(world)
    before = policy_now(world)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        assert select_latest(connection, "arcface-mbf-512-v1") is None

    assert before.source.startswith("calibration of")


def test_one_tenants_calibration_is_no_other_tenants(worlds: Worlds) -> None:
    mine, other = worlds(), worlds()
    hire(mine, LEAST_PEOPLE + 20, alike=0.6)
    calibrated(mine)

    assert policy_now(other) == other.services.policy
    assert other.count("calibrations") == 0


def test_the_policy_is_cached_for_a_while(world: World) -> None:
    hire(world, LEAST_PEOPLE + 20, alike=0.6)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        before = policy_of(connection, world.services, world.tenant_id, staff_only=False)
    calibrated(world)
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        cached = policy_of(connection, world.services, world.tenant_id, staff_only=False)

    assert cached == before
    assert policy_now(world) != before


def test_a_report_tells_what_the_thresholds_rest_on(world: World) -> None:
    hire(world, LEAST_PEOPLE + 1)
    services = world.services

    report = calibrate(services.engine, services.settings.recognition, world.tenant_id, services.model_version)

    people = LEAST_PEOPLE + 1
    assert (report.gallery_people, report.own_people, report.own_pairs) == (people, people, people * (people - 1) // 2)
    assert report.threshold_high.low <= report.threshold_high.value <= report.threshold_high.high
    assert report.threshold_low.value < report.threshold_high.value
    assert sum(report.impostors.own) == pytest.approx(1)
    assert report.expected_miss_rate is not None
    assert any("genuine" in note for note in report.notes)
