"""A site's visits after its visit gap changed: as if the gap had always been the new one."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest

from contracts.base import EventId
from contracts.places import SitePatch
from footfall.places import change_site
from footfall.stores.postgres.reassignments import select_filed_events
from footfall.tenancy import tenant_transaction
from footfall.versions import ANY_VERSION
from footfall.visits import Sighting, sessionize
from tests.integration.footfall.corrected import see
from tests.integration.footfall.world import ACTOR, World

# Minutes at which three people are seen, with silences of 10 to 60 minutes; the default gap is 30.
TIMES = {1: (0, 10, 50, 65, 200), 2: (5, 34, 64, 95), 3: (0, 300)}


@pytest.fixture
def busy(world: World) -> World:
    for who, minutes in TIMES.items():
        for shot, minute in enumerate(minutes):
            see(world, who, minute, shot=shot)
    return world


def set_gap(world: World, minutes: int) -> None:
    patch = SitePatch(visit_gap_minutes=minutes)
    change_site(world.services.engine, world.tenant_id, world.site_id, patch, ANY_VERSION, actor=ACTOR)


def found(world: World) -> set[tuple[object, ...]]:
    """Person, span, sightings and cameras of every visit; each sighting is filed under the visit that spans it."""
    with tenant_transaction(world.services.engine, world.tenant_id) as connection:
        events = select_filed_events(
            connection, event_ids=[row["event_id"] for row in world.rows("select event_id from footfall.face_events")]
        )
    visits = {row["visit_id"]: row for row in world.rows("select * from footfall.visits")}
    for event in events:
        visit = visits[event.visit_id]
        assert visit["started_at"] <= event.started_at
        assert event.ended_at <= visit["ended_at"]
    return {
        (row["customer_id"], row["started_at"], row["ended_at"], row["sightings"], tuple(row["camera_ids"]))
        for row in visits.values()
    }


def expected(world: World, gap_minutes: int) -> set[tuple[object, ...]]:
    made: set[tuple[object, ...]] = set()
    for who in {row["customer_id"] for row in world.rows("select customer_id from footfall.customers")}:
        rows = world.rows("select * from footfall.face_events where customer_id = :who", who=who)
        sightings = [
            Sighting(EventId(row["event_id"]), row["camera_id"], row["started_at"], row["ended_at"], row["score"])
            for row in rows
        ]
        for visit in sessionize(sightings, timedelta(minutes=gap_minutes)):
            made.add((who, visit.started_at, visit.ended_at, visit.sightings, tuple(visit.camera_ids)))
    return made


@pytest.mark.parametrize("gaps", [(1440,), (15, 45, 30), (60, 1, 60)])
def test_visits_are_those_of_the_new_gap(busy: World, gaps: tuple[int, ...]) -> None:
    before = found(busy)
    assert before == expected(busy, 30)
    for gap in gaps:
        set_gap(busy, gap)
        assert found(busy) == expected(busy, gap)
    assert len(found(busy)) >= len(TIMES)


def test_a_visit_that_is_not_concerned_is_not_touched(busy: World) -> None:
    """It keeps its id, its time of change and its place in the marts."""

    def of_the_third() -> list[Mapping[str, object]]:
        rows = busy.rows("select * from footfall.visits order by started_at")
        by_person: dict[object, list[Mapping[str, object]]] = {}
        for row in rows:
            by_person.setdefault(row["customer_id"], []).append(row)
        return next(visits for visits in by_person.values() if len(visits) == 2 and visits[0]["sightings"] == 1)

    before = of_the_third()
    set_gap(busy, 45)
    assert of_the_third() == before


def test_the_first_visit_stays_the_first(busy: World) -> None:
    for gap in (1, 1440):
        set_gap(busy, gap)
        rows = busy.rows("select customer_id, started_at, is_first_visit from footfall.visits order by started_at")
        firsts = [row["customer_id"] for row in rows if row["is_first_visit"]]
        assert sorted(map(str, firsts)) == sorted({str(row["customer_id"]) for row in rows})
        for customer in set(firsts):
            assert next(row for row in rows if row["customer_id"] == customer)["is_first_visit"]


def test_a_visit_of_which_sightings_were_erased_stays_as_it_is(busy: World) -> None:
    row = busy.rows("select visit_id, started_at from footfall.visits order by sightings desc limit 1")[0]
    busy.rows(
        "delete from footfall.face_events where visit_id = :id and started_at > :began returning 1",
        id=row["visit_id"],
        began=row["started_at"],
    )
    before = busy.rows("select * from footfall.visits where visit_id = :id", id=row["visit_id"])
    set_gap(busy, 1)
    assert busy.rows("select * from footfall.visits where visit_id = :id", id=row["visit_id"]) == before


def test_sightings_that_come_meanwhile_are_filed_by_the_new_gap(busy: World) -> None:
    """A sighting that was under way is waited for, and one that comes after goes by the new gap."""
    threads = [
        threading.Thread(target=see, args=(busy, who, 400 + 7 * number), kwargs={"shot": 10 + number})
        for number in range(3)
        for who in TIMES
    ]
    for thread in threads:
        thread.start()
    set_gap(busy, 12)
    set_gap(busy, 5)
    for thread in threads:
        thread.join()
    assert found(busy) == expected(busy, 5)
