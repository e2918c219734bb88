"""Lists of places and people: filtered, sorted both ways, page after page; and what a hostile sort or filter meets."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from uuid import uuid4

import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, send
from tests.integration.api.harness import Caller, Json, slug_of

NAMES = ["b", "Ä", "a%", "a_", "A", "a'", "ω", "a"]


@pytest.fixture(scope="module")
def named(quiet: Tenant) -> Tenant:
    for name in NAMES:
        site = quiet.site(f"{name} {uuid4()}")
        quiet.camera(site["site_id"], name)
        quiet.staff(f"{name} {uuid4()}")
    return quiet


def pages(caller: Caller, path: str, limit: int, **params: str) -> Iterator[Json]:
    cursor: str | None = None
    while True:
        page = caller.get(path, limit=limit, **params, **({} if cursor is None else {"cursor": cursor}))
        yield from page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize(
    ("path", "field"), [("/v1/sites", "name"), ("/v1/cameras", "name"), ("/v1/staff", "display_name")]
)
@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
def test_every_record_comes_once_in_either_order(named: Tenant, path: str, field: str, sort: str) -> None:
    whole = named.admin.get(path, limit=500, sort=sort)["items"]
    assert list(pages(named.admin, path, 3, sort=sort)) == whole
    other = sort.removeprefix("-") if sort.startswith("-") else f"-{sort}"
    assert named.admin.get(path, limit=500, sort=other)["items"] == whole[::-1]
    if sort == "created_at":
        assert [item[field] for item in whole] == [item[field] for item in named.admin.get(path, limit=500)["items"]]


@pytest.mark.parametrize("part", ["%", "_", "'", "ω", "Ä", "\\", "%' or true --"])
def test_a_part_of_a_name_is_what_it_is(named: Tenant, part: str) -> None:
    found = named.admin.get("/v1/cameras", name_contains=part, limit=500)["items"]
    assert {item["name"] for item in found} == {name for name in NAMES if part in name}
    assert all(part.lower() in item["name"].lower() for item in found)


@pytest.mark.parametrize(
    "sort",
    [
        *(
            "",
            "-",
            "id",
            "Name",
            "name,created_at",
            "name desc",
            "name;select 1",
            "(select 1)",
            "s.name",
            "1",
            "--name",
        ),
        "name' or '1'='1",
    ],
)
@pytest.mark.parametrize("path", ["/v1/sites", "/v1/cameras", "/v1/staff", "/v1/customers", "/v1/audit"])
def test_a_sort_that_is_not_offered_is_refused(quiet: Tenant, path: str, sort: str) -> None:
    found = quiet.admin.refused("GET", path, params={"sort": sort})
    assert (found.status, slug_of(found), [item.field for item in found.errors]) == (422, "invalid-request", ["sort"])


def test_a_cursor_goes_on_in_its_own_list_and_order_alone(named: Tenant) -> None:
    cursor = named.admin.get("/v1/sites", limit=1, sort="name")["next_cursor"]
    for path, sort in (("/v1/sites", "-name"), ("/v1/sites", "created_at"), ("/v1/staff", "name")):
        found = named.admin.refused("GET", path, params={"cursor": cursor, "sort": sort})
        assert (found.status, slug_of(found)) == (422, "invalid-input")


@pytest.mark.parametrize(
    "parts",
    [
        ["sites:name", "x"],
        ["sites:name", "x'; drop table footfall.sites; --", "00000000000000000000000000000000"],
        ["sites:name", "\u0000", "00000000000000000000000000000000"],
        ["sites:created_at", "now()", "00000000000000000000000000000000"],
        ["sites:created_at", "99999-01-01T00:00:00+00:00", "00000000000000000000000000000000"],
    ],
)
def test_a_forged_cursor_is_a_position_or_refused(named: Tenant, parts: list[str]) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")
    answer = named.admin.ask("GET", "/v1/sites", params={"cursor": cursor, "sort": parts[0].partition(":")[2]})
    assert answer.status_code in (200, 422)
    assert len(named.admin.get("/v1/sites", limit=500)["items"]) >= len(NAMES)


def test_filters_narrow_and_a_manager_sees_no_more_by_them(tenant: Tenant) -> None:
    here, there = tenant.site("Here"), tenant.site("There")
    door, gate = tenant.camera(here["site_id"], "Door"), tenant.camera(there["site_id"], "Gate")
    path = f"/v1/cameras/{door['camera_id']}"
    tenant.admin.ask("PATCH", path, json={"enabled": False}, headers={"If-Match": "*"})
    listed = {
        enabled: [item["name"] for item in tenant.admin.get("/v1/cameras", enabled=enabled)["items"]]
        for enabled in ("true", "false")
    }
    assert listed == {"true": ["Gate"], "false": ["Door"]}
    manager = tenant.caller("site_manager", sites=[there["site_id"]])
    assert manager.get("/v1/sites", name_contains="here", archived="include")["items"] == [there]
    assert manager.get("/v1/cameras", enabled="false", archived="include")["items"] == []
    assert manager.get("/v1/cameras", name_contains="a")["items"] == [gate]


def test_staff_by_number_and_by_photograph(tenant: Tenant) -> None:
    ada = tenant.admin.post("/v1/staff", {"display_name": "Ada", "external_ref": "P-1"})
    tenant.admin.post("/v1/staff", {"display_name": "Grace", "external_ref": "P-10"})
    assert tenant.admin.get("/v1/staff", external_ref="P-1")["items"] == [ada]
    assert len(tenant.admin.get("/v1/staff", enrolled="false")["items"]) == 2
    assert tenant.admin.get("/v1/staff", enrolled="true")["items"] == []


def test_customers_by_when_they_were_seen_and_by_number(tenant: Tenant) -> None:
    camera = tenant.camera(tenant.site()["site_id"])
    first = send(tenant.admin, face_event(camera["camera_id"], who=1))["decision"]["person_id"]
    send(tenant.admin, face_event(camera["camera_id"], who=2))
    path = f"/v1/customers/{first}"
    changed = tenant.admin.ask("PATCH", path, json={"external_ref": "L-1"}, headers={"If-Match": '"1"'}).json()
    assert (changed["external_ref"], changed["version"]) == ("L-1", 2)
    assert tenant.admin.get(path) == changed
    assert tenant.admin.get("/v1/customers", external_ref="L-1")["items"] == [changed]
    assert tenant.admin.get("/v1/customers", external_ref="L-2")["items"] == []
    for sort in ("-last_seen_at", "first_seen_at"):
        assert len(list(pages(tenant.admin, "/v1/customers", 1, sort=sort))) == 2
    seen = changed["last_seen_at"]
    assert len(tenant.admin.get("/v1/customers", seen_since=seen)["items"]) == 2
    assert tenant.admin.get("/v1/customers", seen_until=seen)["items"] == []
    found = tenant.admin.refused("PATCH", path, json={"external_ref": "L-2"}, headers={"If-Match": '"1"'})
    assert slug_of(found) == "precondition-failed"


def test_the_audit_log_by_who_what_and_when(tenant: Tenant) -> None:
    site, other = tenant.site("A"), tenant.caller("tenant_admin")
    other.post("/v1/staff", {"display_name": "Ada"})
    entries = tenant.admin.get("/v1/audit")["items"]
    assert [entry["action"] for entry in entries][:2] == ["staff.created", "site.created"]
    assert [entry["seq"] for entry in entries] == sorted((entry["seq"] for entry in entries), reverse=True)
    assert list(pages(tenant.admin, "/v1/audit", 1)) == entries
    assert list(pages(tenant.admin, "/v1/audit", 1, sort="at")) == entries[::-1]
    by_site = tenant.admin.get("/v1/audit", subject_kind="site", subject_id=site["site_id"])["items"]
    assert by_site == [entries[1]]
    assert tenant.admin.get("/v1/audit", actor=entries[0]["actor"], action="staff.created")["items"] == [entries[0]]
    assert tenant.admin.get("/v1/audit", since=entries[0]["at"])["items"] == [entries[0]]
    assert entries[0] not in tenant.admin.get("/v1/audit", until=entries[0]["at"])["items"]
    for caller in (tenant.caller("site_manager", sites=[site["site_id"]]), tenant.caller("worker")):
        assert caller.refused("GET", "/v1/audit").status == 403
