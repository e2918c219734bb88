"""Sites, cameras and staff: made once, listed page by page, and seen by their own tenant alone."""

from __future__ import annotations

from uuid import uuid4

import pytest

from contracts.base import CameraId, SiteId, StaffId
from contracts.people import StaffCreate
from contracts.places import CameraCreate, SiteCreate
from footfall.cameras import create_camera, get_camera, list_cameras
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.listing import PageRequest
from footfall.places import create_site, get_site, list_sites
from footfall.roster import create_staff, get_staff, list_staff
from tests.integration.footfall.conftest import Worlds
from tests.integration.footfall.world import ACTOR, World


def test_a_site_is_made_read_and_audited(world: World) -> None:
    wanted = SiteCreate(name="Graz", timezone="Europe/Vienna", visit_gap_minutes=45)

    made = create_site(world.services.engine, world.tenant_id, wanted, actor=ACTOR)

    assert get_site(world.services.engine, world.tenant_id, SiteId(made.site_id)) == made
    assert (made.name, made.timezone, made.visit_gap_minutes) == ("Graz", "Europe/Vienna", 45)
    entries = world.rows(
        "select actor, detail from footfall.audit_log where action = 'site.created' and subject_id = :id",
        id=str(made.site_id),
    )
    assert entries == [{"actor": ACTOR, "detail": {"timezone": "Europe/Vienna", "visit_gap_minutes": 45}}]


@pytest.mark.parametrize(
    "timezone",
    ["Europe/Wien", "", "CET+1", "../etc/passwd", "/etc/localtime", "europe/vienna", "UTC; drop table x", "x" * 64],
)
def test_a_time_zone_that_nobody_knows_is_refused(world: World, timezone: str) -> None:
    with pytest.raises(InputError, match="no time zone"):
        create_site(world.services.engine, world.tenant_id, SiteCreate(name="Graz", timezone=timezone), actor=ACTOR)
    assert world.count("sites") == 1


@pytest.mark.parametrize("timezone", ["UTC", "Asia/Kathmandu", "America/Argentina/Buenos_Aires"])
def test_any_iana_time_zone_is_taken(world: World, timezone: str) -> None:
    made = create_site(world.services.engine, world.tenant_id, SiteCreate(name="Graz", timezone=timezone), actor=ACTOR)

    assert made.timezone == timezone


def test_a_site_name_is_used_once_in_a_tenant(world: World, worlds: Worlds) -> None:
    graz = SiteCreate(name="Graz", timezone="Europe/Vienna")
    create_site(world.services.engine, world.tenant_id, graz, actor=ACTOR)

    with pytest.raises(ConflictError, match="'Graz'"):
        create_site(world.services.engine, world.tenant_id, graz, actor=ACTOR)
    create_site(world.services.engine, worlds("identify").tenant_id, graz, actor=ACTOR)


def test_sites_come_in_pages_each_once(world: World) -> None:
    for number in range(6):
        create_site(
            world.services.engine, world.tenant_id, SiteCreate(name=f"Shop {number}", timezone="UTC"), actor=ACTOR
        )

    found: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page = list_sites(world.services.engine, world.tenant_id, PageRequest("created_at", 2, cursor))
        found.extend(site.name for site in page.items)
        cursor = page.next_cursor

    assert cursor is None
    assert found[1:] == [f"Shop {number}" for number in range(6)]
    assert len(set(found)) == 7


def test_a_site_manager_lists_allowed_sites_alone(world: World) -> None:
    create_site(world.services.engine, world.tenant_id, SiteCreate(name="Graz", timezone="UTC"), actor=ACTOR)

    def listed(allowed: frozenset[SiteId]) -> list[object]:
        page = list_sites(
            world.services.engine, world.tenant_id, PageRequest("created_at", 9, None), allowed_sites=allowed
        )
        return [site.site_id for site in page.items]

    assert listed(frozenset({world.site_id})) == [world.site_id]
    assert listed(frozenset()) == []


def test_a_camera_carries_what_its_worker_needs(world: World, worlds: Worlds) -> None:
    camera = get_camera(world.services, world.tenant_id, world.cameras[0])

    assert (camera.name, camera.site_id, camera.enabled) == ("Entrance", world.site_id, True)
    assert (camera.privacy_mode, camera.model_version) == ("identify", "mock-1")
    counting = worlds("count_only")
    assert get_camera(counting.services, counting.tenant_id, counting.cameras[0]).privacy_mode == "count_only"


def test_a_camera_needs_a_site_of_its_own_tenant(world: World, worlds: Worlds) -> None:
    for site_id in (uuid4(), worlds("identify").site_id):
        with pytest.raises(NotFoundError, match=str(site_id)):
            create_camera(world.services, world.tenant_id, CameraCreate(site_id=site_id, name="Door"), actor=ACTOR)


def test_a_camera_name_is_used_once_at_a_site(world: World) -> None:
    with pytest.raises(ConflictError, match="'Exit'"):
        create_camera(world.services, world.tenant_id, CameraCreate(site_id=world.site_id, name="Exit"), actor=ACTOR)


def test_making_a_camera_is_audited(world: World) -> None:
    entries = world.rows("select subject_id, detail from footfall.audit_log where action = 'camera.created'")

    assert {entry["subject_id"] for entry in entries} == {str(camera) for camera in world.cameras}
    assert all(entry["detail"] == {"site_id": str(world.site_id)} for entry in entries)


def test_cameras_are_listed_by_site_and_within_what_is_allowed(world: World) -> None:
    graz = create_site(world.services.engine, world.tenant_id, SiteCreate(name="Graz", timezone="UTC"), actor=ACTOR)
    door = create_camera(
        world.services, world.tenant_id, CameraCreate(site_id=graz.site_id, name="Door"), actor=ACTOR
    ).camera_id
    entrance, exit_ = world.cameras

    def listed(**which: object) -> list[object]:
        page = list_cameras(world.services, world.tenant_id, PageRequest("created_at", 9, None), **which)  # type: ignore[arg-type]
        return [camera.camera_id for camera in page.items]

    assert listed() == [entrance, exit_, door]
    assert listed(site_id=graz.site_id) == [door]
    assert listed(allowed_sites=frozenset({world.site_id})) == [entrance, exit_]
    assert listed(allowed_cameras=frozenset({exit_, door})) == [exit_, door]
    assert listed(site_id=world.site_id, allowed_cameras=frozenset({door})) == []


def test_cameras_come_in_pages_each_once(world: World) -> None:
    first = list_cameras(world.services, world.tenant_id, PageRequest("created_at", 1, None))
    second = list_cameras(world.services, world.tenant_id, PageRequest("created_at", 1, first.next_cursor))

    assert [page.items[0].camera_id for page in (first, second)] == list(world.cameras)
    assert second.next_cursor is None


def test_a_cursor_of_another_listing_is_refused(world: World) -> None:
    cursor = list_cameras(world.services, world.tenant_id, PageRequest("created_at", 1, None)).next_cursor

    with pytest.raises(InputError, match="cursor"):
        list_sites(world.services.engine, world.tenant_id, PageRequest("created_at", 1, cursor))
    with pytest.raises(InputError, match="cursor"):
        list_staff(world.services.engine, world.tenant_id, PageRequest("created_at", 1, cursor))


def test_another_tenants_places_are_not_there(world: World, worlds: Worlds) -> None:
    other = worlds("identify")

    with pytest.raises(NotFoundError):
        get_site(world.services.engine, world.tenant_id, other.site_id)
    with pytest.raises(NotFoundError):
        get_camera(world.services, world.tenant_id, other.cameras[0])
    with pytest.raises(NotFoundError):
        get_camera(world.services, world.tenant_id, CameraId(uuid4()))
    assert len(list_sites(world.services.engine, world.tenant_id, PageRequest("created_at", 9, None)).items) == 1


def test_staff_are_made_read_and_listed(world: World) -> None:
    names = ["Ada Byron", "Grace Hopper", "Ada Byron"]
    made = [
        create_staff(world.services.engine, world.tenant_id, StaffCreate(display_name=name), actor=ACTOR)
        for name in names
    ]

    first = list_staff(world.services.engine, world.tenant_id, PageRequest("created_at", 2, None))
    second = list_staff(world.services.engine, world.tenant_id, PageRequest("created_at", 2, first.next_cursor))

    assert [*first.items, *second.items] == made
    assert second.next_cursor is None
    assert get_staff(world.services.engine, world.tenant_id, StaffId(made[1].staff_id)) == made[1]
    assert made[0].faces == 0
    entries = world.rows("select subject_id, detail from footfall.audit_log where action = 'staff.created'")
    # A name is personal: the log, which is never shortened, has the id alone.
    assert [entry["detail"] for entry in entries] == [{}, {}, {}]


def test_an_external_ref_belongs_to_one_staff_member(world: World) -> None:
    wanted = StaffCreate(display_name="Ada Byron", external_ref="4711")
    create_staff(world.services.engine, world.tenant_id, wanted, actor=ACTOR)

    with pytest.raises(ConflictError, match="'4711'"):
        create_staff(world.services.engine, world.tenant_id, wanted, actor=ACTOR)


def test_another_tenants_staff_are_not_there(world: World, worlds: Worlds) -> None:
    other = worlds("identify")
    theirs = create_staff(other.services.engine, other.tenant_id, StaffCreate(display_name="Ada Byron"), actor=ACTOR)

    with pytest.raises(NotFoundError):
        get_staff(world.services.engine, world.tenant_id, StaffId(theirs.staff_id))


@pytest.mark.parametrize("limit", [0, 501])
def test_a_page_of_another_size_is_refused(world: World, limit: int) -> None:
    for listing in (list_sites, list_staff):
        with pytest.raises(InputError, match="limit"):
            listing(world.services.engine, world.tenant_id, PageRequest("created_at", limit))
    with pytest.raises(InputError, match="limit"):
        list_cameras(world.services, world.tenant_id, PageRequest("created_at", limit, None))
