"""Cameras that see the same people at the same moment: each person is one person, each event one event."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from random import Random

import pytest

from contracts.people import EventReceipt
from footfall.gallery import gallery_drift
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import MORNING, World, jpeg, portrait
from tests.vectors import like, person

THREADS = 20


def seen_by_both_at_once(world: World, strangers: int) -> None:
    """Each stranger is seen by both cameras, and all events arrive at once in any order."""
    events = [
        world.event(
            like(person(number), 0.95, shot=shot),
            camera=camera,
            at=MORNING + timedelta(seconds=number),
            quality=0.6 + 0.1 * shot,
        )
        for number in range(strangers)
        for shot, camera in enumerate(world.cameras)
    ]
    Random(7).shuffle(events)

    with ThreadPoolExecutor(THREADS) as pool:
        receipts = list(pool.map(world.send, events))

    kinds = [receipt.decision.kind for receipt in receipts]
    assert (kinds.count("new_customer"), kinds.count("customer")) == (strangers, strangers)
    assert (world.count("customers"), world.count("face_events")) == (strangers, 2 * strangers)
    visits = world.visits()
    assert len(visits) == strangers
    assert all(visit.sightings == 2 and len(visit.camera_ids) == 2 for visit in visits)
    assert all(visit.is_first_visit for visit in visits)
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none


def test_fifty_strangers_whom_two_cameras_see_at_once_are_fifty_customers(world: World) -> None:
    seen_by_both_at_once(world, 50)


@pytest.mark.e2e
def test_two_hundred_are_two_hundred_with_their_vectors_in_a_milvus(over_milvus: World) -> None:
    seen_by_both_at_once(over_milvus, 200)


def test_one_event_delivered_by_many_threads_is_recorded_once(world: World) -> None:
    event = world.event(person(1))
    image = jpeg(portrait(1, side_px=160))

    def deliver(_: int) -> EventReceipt:
        return world.send(event, image)

    with ThreadPoolExecutor(THREADS) as pool:
        receipts = list(pool.map(deliver, range(THREADS)))

    assert sorted(receipt.duplicate for receipt in receipts) == [False] + [True] * (THREADS - 1)
    assert len({receipt.model_copy(update={"duplicate": False}) for receipt in receipts}) == 1
    assert (world.count("face_events"), world.count("customers"), len(world.raw_keys())) == (1, 1, 1)


def test_sightings_of_one_person_from_many_threads_are_the_visits_of_their_gaps(world: World) -> None:
    """Three stays of ten tracks each, ten minutes apart, with an hour between the stays; both revisions of each."""
    world.hire(person(1))
    starts = [stay * 150 + 10 * track for stay in range(3) for track in range(10)]
    opened = [world.event(person(1), at=MORNING + timedelta(minutes=start)) for start in starts]
    closed = [
        world.event(
            person(1),
            at=event.track.started_at,
            event_id=event.event_id,
            revision=1,
            lasts=timedelta(minutes=2),
            camera=world.cameras[0],
        )
        for event in opened
    ]
    arriving = opened + closed
    Random(3).shuffle(arriving)

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(world.send, arriving))

    assert [
        (visit.started_at, visit.dwell_seconds, visit.sightings, visit.is_first_visit) for visit in world.visits()
    ] == [(MORNING + timedelta(minutes=150 * stay), 92 * 60.0, 10, stay == 0) for stay in range(3)]


def test_tenants_do_not_wait_for_each_other(world: World, worlds: Worlds) -> None:
    """The lock is the tenant's own."""
    other = worlds("identify")
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        lock_gallery(connection, world.tenant_id)
        assert other.see(person(1)).decision.kind == "new_customer"
