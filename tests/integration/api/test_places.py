"""Sites and cameras: made, listed, read, and kept to whom they belong."""

from __future__ import annotations

import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import slug_of


def test_a_site_is_made_and_found(tenant: Tenant) -> None:
    answer = tenant.admin.ask(
        "POST", "/v1/sites", json={"name": "Zoë's", "timezone": "Pacific/Auckland", "visit_gap_minutes": 45}
    )
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/v1/sites/{made['site_id']}"
    assert tenant.admin.get(f"/v1/sites/{made['site_id']}") == made
    assert tenant.admin.get("/v1/sites") == {"items": [made], "next_cursor": None}
    assert (made["name"], made["timezone"], made["visit_gap_minutes"]) == ("Zoë's", "Pacific/Auckland", 45)


def test_a_camera_tells_what_a_worker_must_know(tenant: Tenant) -> None:
    site = tenant.site()
    answer = tenant.admin.ask("POST", "/v1/cameras", json={"site_id": site["site_id"], "name": "Door"})
    made = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/cameras/{made['camera_id']}")
    assert (made["privacy_mode"], made["model_version"], made["enabled"]) == ("identify", "mock-1", True)
    assert tenant.admin.get(f"/v1/cameras/{made['camera_id']}") == made


def test_pages_follow_each_other_without_gap_or_repetition(tenant: Tenant) -> None:
    names = [tenant.site(f"Site {number}")["name"] for number in range(5)]
    first = tenant.admin.get("/v1/sites", limit=2)
    second = tenant.admin.get("/v1/sites", limit=2, cursor=first["next_cursor"])
    third = tenant.admin.get("/v1/sites", limit=2, cursor=second["next_cursor"])
    assert [site["name"] for page in (first, second, third) for site in page["items"]] == names
    assert third["next_cursor"] is None


def test_cameras_of_one_site(tenant: Tenant) -> None:
    here, there = tenant.site("Here"), tenant.site("There")
    door, _ = tenant.camera(here["site_id"]), tenant.camera(there["site_id"])
    assert tenant.admin.get("/v1/cameras", site_id=here["site_id"])["items"] == [door]


def test_a_name_can_be_used_once(tenant: Tenant) -> None:
    site = tenant.site()
    found = tenant.admin.refused("POST", "/v1/sites", json={"name": site["name"], "timezone": "UTC"})
    assert (found.status, slug_of(found)) == (409, "conflict")
    tenant.camera(site["site_id"])
    found = tenant.admin.refused("POST", "/v1/cameras", json={"site_id": site["site_id"], "name": "Door"})
    assert (found.status, slug_of(found)) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"name": "A"}, ["/timezone"]),
        ({"name": "", "timezone": "UTC"}, ["/name"]),
        ({"name": "A\nB", "timezone": "UTC"}, ["/name"]),
        ({"name": "A", "timezone": "UTC", "visit_gap_minutes": 0}, ["/visit_gap_minutes"]),
        ({"name": "A", "timezone": "UTC", "colour": "red"}, ["/colour"]),
        (["A"], [""]),
    ],
)
def test_a_site_that_does_not_fit_is_refused_by_field(tenant: Tenant, body: object, fields: list[str]) -> None:
    found = tenant.admin.refused("POST", "/v1/sites", json=body)
    assert (found.status, slug_of(found)) == (422, "invalid-request")
    assert [item.field for item in found.errors] == fields
    assert tenant.admin.get("/v1/sites")["items"] == []


def test_an_unheard_of_time_zone_is_refused(quiet: Tenant) -> None:
    found = quiet.admin.refused("POST", "/v1/sites", json={"name": "A", "timezone": "Mars/Olympus"})
    assert (found.status, slug_of(found)) == (422, "invalid-input")
    assert "Europe/Vienna" in (found.hint or "")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=ten", "limit"),
        ("lmit=5", "lmit"),
        ("site_id=x", "site_id"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_by_name(quiet: Tenant, query: str, field: str) -> None:
    found = quiet.admin.refused("GET", f"/v1/cameras?{query}")
    assert (found.status, slug_of(found)) == (422, "invalid-request")
    assert [item.field for item in found.errors] == [field]


@pytest.mark.parametrize("cursor", ["nonsense", "%00", "x" * 300, "e30"])
def test_a_cursor_that_is_none_is_refused(quiet: Tenant, cursor: str) -> None:
    assert quiet.admin.refused("GET", f"/v1/sites?cursor={cursor}").status == 422


@pytest.mark.parametrize("path", ["/v1/sites/no-uuid", "/v1/cameras/42", "/v1/staff/no-uuid"])
def test_an_id_that_is_none_is_refused_by_name(quiet: Tenant, path: str) -> None:
    found = quiet.admin.refused("GET", path)
    assert (found.status, found.errors[0].field.removesuffix("_id")) == (422, path.split("/")[2].removesuffix("s"))


def test_a_site_manager_sees_their_sites_and_no_others(tenant: Tenant) -> None:
    theirs, others = tenant.site("Theirs"), tenant.site("Others")
    door, side = tenant.camera(theirs["site_id"]), tenant.camera(others["site_id"], "Side")
    manager = tenant.caller("site_manager", sites=[theirs["site_id"]])
    assert manager.get("/v1/sites")["items"] == [theirs]
    assert manager.get("/v1/cameras")["items"] == [door]
    assert manager.get(f"/v1/sites/{theirs['site_id']}") == theirs
    for method_path in (
        f"/v1/sites/{others['site_id']}",
        f"/v1/cameras/{side['camera_id']}",
        f"/v1/cameras?site_id={others['site_id']}",
        f"/v1/visits?site_id={others['site_id']}",
        f"/v1/visits?camera_id={side['camera_id']}",
        f"/v1/reports/traffic?site_id={others['site_id']}",
    ):
        found = manager.refused("GET", method_path)
        assert (found.status, slug_of(found)) == (404, "not-found")


def test_a_site_manager_of_no_site_sees_nothing(tenant: Tenant) -> None:
    tenant.camera(tenant.site()["site_id"])
    manager = tenant.caller("site_manager", sites=[])
    assert manager.get("/v1/sites")["items"] == manager.get("/v1/cameras")["items"] == []
    assert manager.get("/v1/visits")["items"] == []


def test_a_worker_sees_its_cameras_and_no_others(tenant: Tenant) -> None:
    site = tenant.site()
    own, other = tenant.camera(site["site_id"], "Own"), tenant.camera(site["site_id"], "Other")
    worker = tenant.caller("worker", cameras=[own["camera_id"]])
    assert worker.get("/v1/cameras")["items"] == [own]
    assert worker.get(f"/v1/cameras/{own['camera_id']}") == own
    assert worker.refused("GET", f"/v1/cameras/{other['camera_id']}").status == 404
