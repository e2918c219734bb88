"""Events that come late, out of order or twice leave the same visits in the table as events that come in order."""

from __future__ import annotations

from datetime import timedelta
from random import Random

import pytest

from contracts.base import CameraId
from contracts.places import CameraCreate, SiteCreate
from footfall.cameras import create_camera
from footfall.places import create_site
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, MORNING, World
from tests.vectors import like, person

ADA = person(1)
STRANGER = person(3)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def test_a_late_event_joins_the_visits_on_both_its_sides(world: World) -> None:
    world.hire(ADA)
    first = world.see(ADA, at=MORNING)
    second = world.see(ADA, at=MORNING + minutes(50), camera=world.cameras[1])
    assert first.visit_id != second.visit_id

    late = world.see(ADA, at=MORNING + minutes(25))

    assert late.visit_id == first.visit_id
    [visit] = world.visits()
    assert (visit.visit_id, visit.sightings, visit.dwell_seconds) == (first.visit_id, 3, 3004.0)
    assert visit.camera_ids == tuple(sorted(world.cameras))
    assert visit.is_first_visit
    assert world.rows("select distinct visit_id from footfall.face_events") == [{"visit_id": first.visit_id}]


def test_a_repetition_after_a_merge_names_the_visit_that_is_left(world: World) -> None:
    world.hire(ADA)
    first = world.see(ADA, at=MORNING)
    event = world.event(ADA, at=MORNING + minutes(50))
    world.send(event)
    world.see(ADA, at=MORNING + minutes(25))

    assert world.send(event).visit_id == first.visit_id


def test_a_track_that_grew_joins_the_next_visit(world: World) -> None:
    world.hire(ADA)
    opened = world.event(ADA, at=MORNING)
    first = world.send(opened)
    second = world.see(ADA, at=MORNING + minutes(45))
    assert first.visit_id != second.visit_id

    grown = world.send(world.event(ADA, event_id=opened.event_id, revision=1, at=MORNING, lasts=minutes(20)))

    assert grown.visit_id == first.visit_id
    [visit] = world.visits()
    assert (visit.sightings, visit.ended_at) == (2, MORNING + minutes(45) + timedelta(seconds=4))


def test_an_earlier_visit_that_comes_late_becomes_the_first(world: World) -> None:
    seen_today = world.see(STRANGER, at=MORNING)

    world.see(STRANGER, at=MORNING - timedelta(days=2))

    assert [visit.is_first_visit for visit in world.visits()] == [True, False]
    assert world.visits()[1].visit_id == seen_today.visit_id
    assert world.rows("select first_seen_at, last_seen_at from footfall.customers") == [
        {"first_seen_at": MORNING - timedelta(days=2), "last_seen_at": MORNING + timedelta(seconds=4)}
    ]


def test_first_is_first_in_the_tenant_whatever_the_site(world: World) -> None:
    other_site = create_site(
        world.services.engine,
        world.tenant_id,
        SiteCreate(name="Other shop", timezone="Europe/Vienna"),
        actor=ACTOR,
    )
    there = CameraId(
        create_camera(
            world.services, world.tenant_id, CameraCreate(site_id=other_site.site_id, name="Door"), actor=ACTOR
        ).camera_id
    )
    world.see(STRANGER, at=MORNING)

    world.see(STRANGER, at=MORNING + minutes(1), camera=there)
    assert [visit.is_first_visit for visit in world.visits()] == [True, False]

    world.see(STRANGER, at=MORNING - minutes(5), camera=there)

    # It is within the gap of the visit there, which thereby begins before the one here.
    earliest, later = world.visits()
    assert (earliest.site_id, earliest.is_first_visit) == (other_site.site_id, True)
    assert (later.site_id, later.is_first_visit) == (world.site_id, False)


def test_a_silence_as_long_as_the_gap_begins_a_new_visit(world: World) -> None:
    world.hire(ADA)
    world.see(ADA, at=MORNING, lasts=timedelta())

    world.see(ADA, at=MORNING + minutes(30), lasts=timedelta())

    assert len(world.visits()) == 2


def test_midnight_does_not_split_a_visit(world: World) -> None:
    world.hire(ADA)
    before_midnight_in_vienna = MORNING.replace(hour=22, minute=50)

    world.see(ADA, at=before_midnight_in_vienna)
    world.see(ADA, at=before_midnight_in_vienna + minutes(20))

    assert len(world.visits()) == 1


def test_two_people_at_once_have_a_visit_each(world: World) -> None:
    ada, grace = world.hire(ADA), world.hire(person(2), "Grace Hopper")

    world.see(ADA)
    world.see(person(2))

    assert {visit.person_id for visit in world.visits()} == {ada, grace}


@pytest.mark.parametrize("seed", range(6))
def test_any_order_of_arrival_leaves_the_same_visits(worlds: Worlds, seed: int) -> None:
    """A day of 24 tracks, each with two revisions, of which some come twice."""
    random = Random(seed)
    world = worlds("identify")
    world.hire(ADA)
    starts = sorted(Random(99).sample(range(0, 600), 24))
    events = []
    for number, start in enumerate(starts):
        opened = world.event(like(ADA, 0.9, shot=number), at=MORNING + minutes(start))
        events.append(opened)
        events.append(
            world.event(
                like(ADA, 0.9, shot=number),
                at=MORNING + minutes(start),
                event_id=opened.event_id,
                revision=1,
                lasts=minutes(3),
            )
        )
    arriving = events + random.sample(events, 8)
    random.shuffle(arriving)

    for event in arriving:
        world.send(event)

    expected: list[list[int]] = []
    for start in starts:
        if expected and start - (expected[-1][-1] + 3) < 30:
            expected[-1].append(start)
        else:
            expected.append([start])
    stays = [(visit.started_at, visit.ended_at, visit.sightings, visit.is_first_visit) for visit in world.visits()]
    assert stays == [
        (MORNING + minutes(group[0]), MORNING + minutes(group[-1] + 3), len(group), group is expected[0])
        for group in expected
    ]
    assert world.count("face_events") == 24
    assert world.rows("select count(*) as n from footfall.face_events where visit_id is null") == [{"n": 0}]
