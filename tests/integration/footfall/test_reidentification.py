"""One stranger is one customer, on whatever camera, day and site of the tenant; and the templates keep up."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from random import Random

import pytest

from contracts.base import CameraId, SiteId
from contracts.places import CameraCreate, SiteCreate
from footfall.cameras import create_camera
from footfall.gallery import gallery_drift
from footfall.places import create_site
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.corrected import customer_of, see
from tests.integration.footfall.world import ACTOR, MORNING, World
from tests.vectors import like, person


def elsewhere(world: World, name: str) -> World:
    """Another site of the tenant, in another time zone."""
    services, tenant = world.services, world.tenant_id
    site = create_site(services.engine, tenant, SiteCreate(name=name, timezone="Asia/Tokyo"), actor=ACTOR)
    cameras = [
        create_camera(services, tenant, CameraCreate(site_id=site.site_id, name=door), actor=ACTOR)
        for door in ("North", "South")
    ]
    first, second = (CameraId(camera.camera_id) for camera in cameras)
    return replace(world, site_id=SiteId(site.site_id), cameras=(first, second))


def test_a_customer_is_known_on_every_camera_day_and_site_of_the_tenant(world: World) -> None:
    tokyo = elsewhere(world, "Tokyo")
    seen = [
        customer_of(see(place, 1, minutes, shot=shot, camera=camera))
        for shot, (place, camera, minutes) in enumerate(
            (place, camera, day * 1440 + door)
            for day in range(3)
            for place in (world, tokyo)
            for door, camera in enumerate(place.cameras)
        )
    ]
    assert len(set(seen)) == 1
    visits = world.visits()
    assert len(visits) == 6, "one a day and site, the two doors of a site in one"
    assert [visit.is_first_visit for visit in visits].count(True) == 1
    assert all(len(visit.camera_ids) == 2 for visit in visits)


def test_no_other_tenant_knows_the_customer(world: World, worlds: Worlds) -> None:
    customer = customer_of(see(world, 1))
    other = see(worlds("identify"), 1)
    assert other.decision.kind == "new_customer"
    assert other.decision.person_id != customer


def test_a_new_identity_is_made_only_from_a_good_shot(world: World) -> None:
    poor = see(world, 1, quality=0.1)
    small = see(world, 1, 1, size_px=20.0)
    assert {poor.decision.kind, small.decision.kind} == {"poor_quality"}
    assert (world.count("customers"), world.vector_ids()) == (0, set())


def test_templates_are_refreshed_with_better_shots_and_capped(world: World) -> None:
    most = world.services.settings.recognition.max_templates_per_customer
    for shot in range(most + 4):
        see(world, 1, shot, shot=shot, quality=0.5 + 0.04 * shot)
    kept = sorted(row["quality_score"] for row in world.rows("select quality_score from footfall.customer_templates"))
    assert kept == pytest.approx([0.5 + 0.04 * shot for shot in range(4, most + 4)])
    assert len(world.vector_ids()) == most
    assert world.count("event_templates") == most + 4, "every sighting keeps its own"
    see(world, 1, 100, shot=99, quality=0.51)
    assert len(world.vector_ids()) == most


def two_cameras_see(world: World, strangers: int, *, threads: int) -> None:
    """Every stranger at once on both cameras, from many threads; then nobody is there twice."""
    events = [
        world.event(like(person(number), 0.95, shot=shot), camera=camera, quality=0.6 + 0.1 * shot)
        for number in range(strangers)
        for shot, camera in enumerate(world.cameras)
    ]
    Random(5).shuffle(events)
    with ThreadPoolExecutor(threads) as pool:
        receipts = list(pool.map(world.send, events))
    kinds = [receipt.decision.kind for receipt in receipts]
    assert (kinds.count("new_customer"), kinds.count("customer")) == (strangers, strangers)
    assert (world.count("customers"), world.count("visits")) == (strangers, strangers)
    assert all(visit.sightings == 2 for visit in world.visits(now=MORNING + timedelta(days=1)))
    assert gallery_drift(world.services.engine, world.services.vectors, world.tenant_id).none


@pytest.mark.e2e
def test_two_hundred_strangers_whom_two_cameras_see_at_once_are_two_hundred_customers(world: World) -> None:
    two_cameras_see(world, 200, threads=8)
