"""Visits as a list: filtered, within what the caller may see, page by page without gaps or repetitions."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.base import CameraId, SiteId
from contracts.places import CameraCreate, SiteCreate
from contracts.records import VisitRecordV1
from contracts.reports import VisitPage
from footfall.cameras import create_camera
from footfall.errors import InputError
from footfall.places import create_site
from footfall.stores.postgres.visit_lists import VisitFilter
from footfall.stores.postgres.visits import Person
from footfall.visit_lists import export_visits, list_visits, visits_json
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, GAP_MINUTES, MORNING, World
from tests.vectors import like, person

LATER = MORNING + timedelta(days=30)


def listed(world: World, **which: Any) -> list[VisitRecordV1]:
    asked: dict[str, Any] = {"limit": 100, "cursor": None, "now": LATER}
    asked |= {name: which.pop(name) for name in ("limit", "cursor", "now", "sort") if name in which}
    return list(list_visits(world.services.engine, world.tenant_id, VisitFilter(**which), **asked).items)


def another_site(world: World) -> tuple[SiteId, CameraId]:
    site = create_site(
        world.services.engine, world.tenant_id, SiteCreate(name="Graz", timezone="Europe/Vienna"), actor=ACTOR
    )
    camera = create_camera(
        world.services, world.tenant_id, CameraCreate(site_id=site.site_id, name="Door"), actor=ACTOR
    )
    return SiteId(site.site_id), CameraId(camera.camera_id)


def test_visits_come_latest_first(world: World) -> None:
    for hour in (2, 0, 1):
        world.see(person(1), at=MORNING + timedelta(hours=hour))

    assert [visit.started_at for visit in listed(world)] == [MORNING + timedelta(hours=hour) for hour in (2, 1, 0)]


def test_a_record_says_whose_visit_it_was_and_where(world: World) -> None:
    ada = world.hire(person(1), "Ada Byron")
    receipt = world.see(person(1), lasts=timedelta(minutes=4))

    [visit] = listed(world)

    assert (visit.visit_id, visit.tenant_id, visit.site_id) == (receipt.visit_id, world.tenant_id, world.site_id)
    assert (visit.person_kind, visit.person_id, visit.display_name) == ("staff", ada, "Ada Byron")
    assert visit.site_name.startswith("Shop")
    assert (visit.dwell_seconds, visit.camera_ids) == (240.0, (world.cameras[0],))


def test_visits_are_filtered_by_site_camera_kind_and_time(world: World) -> None:
    graz, door = another_site(world)
    ada = world.hire(person(1))
    staff = world.see(person(1)).visit_id
    at_exit = world.see(person(2), at=MORNING + timedelta(hours=1), camera=world.cameras[1]).visit_id
    in_graz = world.see(person(2), at=MORNING + timedelta(hours=2), camera=door).visit_id

    def ids(**which: Any) -> list[UUID]:
        return [visit.visit_id for visit in listed(world, **which)]

    assert ids() == [in_graz, at_exit, staff]
    assert ids(site_id=graz) == [in_graz]
    assert ids(camera_id=world.cameras[1]) == [at_exit]
    assert ids(person_kind="staff") == [staff]
    assert ids(person_kind="customer") == [in_graz, at_exit]
    assert ids(since=MORNING + timedelta(hours=1)) == [in_graz, at_exit]
    assert ids(until=MORNING + timedelta(hours=1)) == [staff]
    assert ids(since=MORNING, until=MORNING + timedelta(hours=2)) == [at_exit, staff]
    assert ids(site_id=SiteId(uuid4())) == []
    assert [visit.person_id for visit in listed(world, person_kind="staff")] == [ada]


def test_a_site_manager_sees_allowed_sites_alone(world: World) -> None:
    graz, door = another_site(world)
    world.see(person(1))
    world.see(person(2), camera=door)

    assert [visit.site_id for visit in listed(world, allowed_sites=frozenset({graz}))] == [graz]
    assert listed(world, allowed_sites=frozenset()) == []
    assert listed(world, allowed_sites=frozenset({graz}), site_id=world.site_id) == []


def test_another_tenants_visits_are_not_there(world: World, worlds: Worlds) -> None:
    other = worlds("identify")
    other.see(person(1))

    assert listed(world) == []
    assert listed(world, site_id=other.site_id) == []


@pytest.mark.parametrize("limit", [1, 3, 4, 7])
def test_pages_hold_every_visit_once(world: World, limit: int) -> None:
    """Among them visits that began at the same instant, which only their ids tell apart."""
    for number in range(7):
        world.see(person(number), at=MORNING + timedelta(hours=number // 3))

    pages, cursor = [], None
    while True:
        page = list_visits(world.services.engine, world.tenant_id, VisitFilter(), limit=limit, cursor=cursor, now=LATER)
        pages.append(page.items)
        cursor = page.next_cursor
        if cursor is None:
            break

    assert [visit for items in pages for visit in items] == listed(world)
    assert all(len(items) == limit for items in pages[:-1])
    assert len(pages) == -(-7 // limit)


def test_a_visit_that_begins_meanwhile_neither_repeats_nor_hides_one(world: World) -> None:
    for hour in range(4):
        world.see(person(hour), at=MORNING + timedelta(hours=hour))
    expected = listed(world)
    first = list_visits(world.services.engine, world.tenant_id, VisitFilter(), limit=2, cursor=None, now=LATER)

    world.see(person(9), at=MORNING + timedelta(hours=9))
    second = list_visits(
        world.services.engine, world.tenant_id, VisitFilter(), limit=2, cursor=first.next_cursor, now=LATER
    )

    assert [*first.items, *second.items] == expected


def test_a_visit_is_open_until_its_gap_has_passed(world: World) -> None:
    world.see(person(1), lasts=timedelta())
    closes = MORNING + timedelta(minutes=GAP_MINUTES)

    assert [visit.is_open for visit in listed(world, now=closes - timedelta(seconds=1))] == [True]
    assert [visit.is_open for visit in listed(world, now=closes)] == [False]


def test_visits_are_filtered_by_person_and_by_score(world: World) -> None:
    world.hire(person(1))
    staff = world.see(like(person(1), 0.8))
    first = world.see(person(2), at=MORNING + timedelta(hours=1))
    again = world.see(like(person(2), 0.7), at=MORNING + timedelta(hours=5))

    def ids(**which: Any) -> list[UUID | None]:
        return [visit.visit_id for visit in listed(world, **which)]

    assert staff.decision.person_id is not None
    assert first.decision.person_id is not None
    assert ids(person=Person("staff", staff.decision.person_id)) == [staff.visit_id]
    assert ids(person=Person("customer", first.decision.person_id)) == [again.visit_id, first.visit_id]
    # A customer's first visit has no score to compare.
    assert ids(min_score=0.5) == [again.visit_id, staff.visit_id]
    assert ids(min_score=0.75) == [staff.visit_id]
    assert ids(max_score=0.75) == [again.visit_id]
    assert ids(min_score=0.75, max_score=0.9, site_id=world.site_id) == [staff.visit_id]


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("key", ["started_at", "ended_at", "dwell_seconds", "sightings"])
def test_pages_follow_any_order_that_is_offered(world: World, key: str, descending: bool) -> None:
    for number in range(5):
        at = MORNING + timedelta(hours=2 * number)
        world.see(person(number), at=at, lasts=timedelta(minutes=7 * (number % 3), microseconds=number))
        for shot in range(number % 2):
            world.see(like(person(number), 0.9), at=at + timedelta(minutes=1 + shot))

    sort = f"-{key}" if descending else key
    found: list[VisitRecordV1] = []
    cursor: str | None = None
    while True:
        page = list_visits(
            world.services.engine, world.tenant_id, VisitFilter(), sort=sort, limit=2, cursor=cursor, now=LATER
        )
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break

    expected = sorted(listed(world), key=lambda visit: (getattr(visit, key), visit.visit_id), reverse=descending)
    assert found == expected


def test_a_cursor_of_another_order_is_refused(world: World) -> None:
    for hour in range(3):
        world.see(person(hour), at=MORNING + timedelta(hours=hour))
    page = list_visits(world.services.engine, world.tenant_id, VisitFilter(), limit=1, cursor=None, now=LATER)

    with pytest.raises(InputError, match="cursor"):
        listed(world, sort="ended_at", cursor=page.next_cursor)


def test_an_export_holds_every_visit_once_and_gives_its_connection_back(world: World) -> None:
    for number in range(5):
        world.see(person(number), at=MORNING + timedelta(hours=number))
    engine = world.services.engine

    whole = [row.visit_id for rows in export_visits(engine, world.tenant_id, VisitFilter()) for row in rows]
    begun = export_visits(engine, world.tenant_id, VisitFilter(site_id=world.site_id))
    next(begun)
    held = engine.pool.checkedout()  # type: ignore[attr-defined]  # the QueuePool that engines have
    assert isinstance(begun, Generator)
    begun.close()

    assert whole == [visit.visit_id for visit in listed(world)]
    assert (held, engine.pool.checkedout()) == (1, 0)  # type: ignore[attr-defined]  # as above


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ({"min_score": 0.8, "max_score": 0.7}, "min_score"),
        ({"sort": "display_name"}, "cannot be sorted"),
        ({"sort": "started_at; drop table visits"}, "cannot be sorted"),
        ({"limit": 0}, "limit"),
        ({"limit": 501}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"since": datetime(2026, 1, 1)}, "since has no time zone"),  # noqa: DTZ001 - that is the point
        ({"until": datetime(2026, 1, 1)}, "until has no time zone"),  # noqa: DTZ001 - that is the point
        ({"since": LATER, "until": MORNING}, "since must lie before until"),
        ({"since": MORNING, "until": MORNING}, "since must lie before until"),
        ({"since": datetime.min.replace(tzinfo=UTC)}, "since lies outside"),
        ({"until": datetime.max.replace(tzinfo=UTC)}, "until lies outside"),
    ],
)
def test_what_cannot_be_listed_is_refused(world: World, which: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        listed(world, **which)


def test_a_page_in_json_is_the_contracts_page(world: World) -> None:
    world.hire(person(1), 'Ada "=1" Byron')
    world.see(like(person(1), 0.8), lasts=timedelta(seconds=1, microseconds=5))
    for number in range(2, 5):
        world.see(person(number), at=MORNING + timedelta(hours=number), camera=world.cameras[number % 2])
    asked: dict[str, Any] = {"limit": 3, "cursor": None, "now": LATER}
    while True:
        page = list_visits(world.services.engine, world.tenant_id, VisitFilter(), **asked)
        text = visits_json(world.services.engine, world.tenant_id, VisitFilter(), **asked)
        # Byte for byte what the contract's own models write.
        assert text == page.model_dump_json().encode()
        assert VisitPage.model_validate_json(text) == page
        if page.next_cursor is None:
            break
        asked["cursor"] = page.next_cursor
