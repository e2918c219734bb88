"""Sites, cameras and staff are changed, archived and deleted over HTTP: one version at a time, and never with a history
that is still counted."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, parts, send
from tests.integration.api.harness import Caller, Json, slug_of


def change(caller: Caller, path: str, body: Json, version: int) -> httpx.Response:
    return caller.ask("PATCH", path, json=body, headers={"If-Match": f'"{version}"'})


def site_with_history(tenant: Tenant) -> tuple[Json, Json]:
    site = tenant.site()
    camera = tenant.camera(site["site_id"])
    send(tenant.admin, face_event(camera["camera_id"], who=1))
    return site, camera


def test_a_site_is_changed_field_by_field(tenant: Tenant) -> None:
    path = f"/v1/sites/{tenant.site()['site_id']}"
    answer = change(tenant.admin, path, {"name": "Side Street"}, 1)
    assert (answer.status_code, answer.headers["etag"]) == (200, '"2"')
    assert answer.json() == tenant.admin.get(path)
    assert (answer.json()["name"], answer.json()["timezone"], answer.json()["version"]) == (
        *("Side Street", "Europe/Vienna"),
        2,
    )
    [entry] = tenant.admin.get("/v1/audit", action="site.changed")["items"]
    assert entry["detail"] == {"name": ["Main Street", "Side Street"]}
    assert entry["client_address"] == "127.0.0.1"
    assert entry["request_id"] == answer.headers["x-request-id"]


def test_a_change_that_changes_nothing_is_no_new_version(tenant: Tenant) -> None:
    path = f"/v1/sites/{tenant.site()['site_id']}"
    for body in ({}, {"name": "Main Street"}, {"name": None}, {"archived": False}):
        assert change(tenant.admin, path, body, 1).json()["version"] == 1


def test_of_two_who_change_the_same_version_one_is_too_late(tenant: Tenant) -> None:
    path = f"/v1/sites/{tenant.site()['site_id']}"
    start = threading.Barrier(5)
    answers: list[httpx.Response] = []

    def ask(number: int) -> None:
        start.wait()
        answers.append(change(tenant.admin, path, {"name": f"Name {number}"}, 1))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412]
    [won] = [answer.json() for answer in answers if answer.status_code == 200]
    assert tenant.admin.get(path) == won


def test_every_kind_of_record_wants_to_know_its_version(tenant: Tenant) -> None:
    site, camera, staff = tenant.site(), None, tenant.staff()
    camera = tenant.camera(site["site_id"])
    for path, body in (
        (f"/v1/sites/{site['site_id']}", {"name": "B"}),
        (f"/v1/cameras/{camera['camera_id']}", {"name": "B"}),
        (f"/v1/staff/{staff['staff_id']}", {"display_name": "B"}),
    ):
        assert slug_of(tenant.admin.refused("PATCH", path, json=body)) == "precondition-required"
        stale = {"If-Match": '"7"'}
        assert slug_of(tenant.admin.refused("PATCH", path, json=body, headers=stale)) == "precondition-failed"
        assert slug_of(tenant.admin.refused("DELETE", path, headers=stale)) == "precondition-failed"
        read = tenant.admin.ask("GET", path)
        held = tenant.admin.ask("GET", path, headers={"If-None-Match": read.headers["etag"]})
        assert (held.status_code, held.content) == (304, b"")
        answer = tenant.admin.ask("PATCH", path, json=body, headers={"If-Match": read.headers["etag"]})
        assert (answer.status_code, answer.json()["version"]) == (200, 2)
        assert tenant.admin.ask("GET", path, headers={"If-None-Match": read.headers["etag"]}).status_code == 200


@pytest.mark.parametrize(
    ("body", "slug"),
    [
        ({"name": ""}, "invalid-request"),
        ({"visit_gap_minutes": 0}, "invalid-request"),
        ({"site_id": "5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02"}, "invalid-request"),
        ({"tenant_id": "5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02"}, "invalid-request"),
        ({"version": 9}, "invalid-request"),
        ({"created_at": "2026-01-01T00:00:00Z"}, "invalid-request"),
        ({"timezone": "Mars/Olympus"}, "invalid-input"),
    ],
)
def test_what_is_not_to_be_changed_is_refused(quiet: Tenant, body: Json, slug: str) -> None:
    site = quiet.site(f"S {uuid4()}")
    path = f"/v1/sites/{site['site_id']}"
    found = quiet.admin.refused("PATCH", path, json=body, headers={"If-Match": "*"})
    assert slug_of(found) == slug
    assert quiet.admin.get(path) == site


def test_a_name_in_use_cannot_be_taken(tenant: Tenant) -> None:
    tenant.site("A")
    path = f"/v1/sites/{tenant.site('B')['site_id']}"
    found = tenant.admin.refused("PATCH", path, json={"name": "A"}, headers={"If-Match": "*"})
    assert (found.status, slug_of(found)) == (409, "conflict")


def test_what_has_counted_nothing_is_deleted(tenant: Tenant) -> None:
    site = tenant.site()
    camera = tenant.camera(site["site_id"])
    found = tenant.admin.refused("DELETE", f"/v1/sites/{site['site_id']}")
    assert (slug_of(found), "1 camera" in found.detail) == ("conflict", True)
    tenant.admin.delete(f"/v1/cameras/{camera['camera_id']}")
    tenant.admin.delete(f"/v1/sites/{site['site_id']}")
    assert tenant.admin.get("/v1/sites", archived="include")["items"] == []
    assert tenant.admin.refused("DELETE", f"/v1/sites/{site['site_id']}").status == 404


def test_what_has_a_history_is_archived_instead(tenant: Tenant) -> None:
    site, camera = site_with_history(tenant)
    for path in (f"/v1/sites/{site['site_id']}", f"/v1/cameras/{camera['camera_id']}"):
        found = tenant.admin.refused("DELETE", path)
        assert (found.status, slug_of(found)) == (409, "has-history")
        assert "1 event" in found.detail
        assert "archived" in (found.hint or "")
    assert change(tenant.admin, f"/v1/sites/{site['site_id']}", {"archived": True}, 1).json()["archived_at"]
    assert tenant.admin.get("/v1/sites")["items"] == []
    assert [item["site_id"] for item in tenant.admin.get("/v1/sites", archived="only")["items"]] == [site["site_id"]]
    assert len(tenant.admin.get("/v1/visits", site_id=site["site_id"])["items"]) == 1
    later = parts(face_event(camera["camera_id"], who=2, seen_at=datetime.now(UTC) + timedelta(seconds=30)))
    assert slug_of(tenant.admin.refused("POST", "/v1/events/face", files=later)) == "event-rejected"
    # What was seen before comes late out of an outbox, and counts.
    send(tenant.admin, face_event(camera["camera_id"], who=2, seen_at=datetime.now(UTC) - timedelta(hours=1)))
    back = change(tenant.admin, f"/v1/sites/{site['site_id']}", {"archived": False}, 2)
    assert back.json()["archived_at"] is None
    assert tenant.admin.ask("POST", "/v1/events/face", files=later).status_code == 200


def test_a_camera_tells_its_worker_masks_and_settings_and_nobody_its_password(tenant: Tenant) -> None:
    site = tenant.site()
    made = tenant.admin.post(
        "/v1/cameras",
        {"site_id": site["site_id"], "name": "Door", "source_url": "rtsp://admin:hunter2@10.0.0.5/live?token=hunter2"},
    )
    path = f"/v1/cameras/{made['camera_id']}"
    assert made["source_url"] == "rtsp://10.0.0.5/live"
    worker = tenant.caller("worker", cameras=[made["camera_id"]])
    before = worker.ask("GET", path)
    masks = [[[0.0, 0.0], [0.5, 0.0], [0.25, 1.0]]]
    changed = change(
        tenant.admin, path, {"masks": masks, "settings": {"sure_after_seconds": 0.5}, "source_url": None}, 1
    ).json()
    after = worker.ask("GET", path, headers={"If-None-Match": before.headers["etag"]})
    assert (after.status_code, after.json()) == (200, changed)
    assert (changed["masks"], changed["settings"]["sure_after_seconds"], changed["source_url"]) == (masks, 0.5, None)
    log = tenant.admin.ask("GET", "/v1/audit").text
    assert "hunter2" not in log
    assert "10.0.0.5" not in log


@pytest.mark.parametrize(
    "url",
    [
        *("http://169.254.169.254/latest/meta-data/", "rtsp://127.0.0.1/", "http://[::ffff:127.0.0.1]/", "http://0/"),
        *("http://2130706433/", "http://localhost/", "file:///etc/passwd", "rtsp://[fd00:ec2::254]/", "http://127.1/"),
    ],
)
def test_a_source_inside_is_refused_and_not_repeated(quiet: Tenant, url: str) -> None:
    site = quiet.site(f"S {uuid4()}")
    body = {"site_id": site["site_id"], "name": "Door", "source_url": url}
    found = quiet.admin.refused("POST", "/v1/cameras", json=body)
    assert (found.status, slug_of(found)) == (422, "refused-address")
    assert quiet.admin.get("/v1/cameras", site_id=site["site_id"])["items"] == []


@pytest.mark.parametrize(
    "masks",
    [
        [[[0, 0], [1, 1]]],
        [[[0, 0], [1, 1], [2, 0]]],
        [[[0, 0], [1, 1], [0, -0.1]]],
        [[[0, 0, 0], [1, 1], [0, 1]]],
        [[[0, 0], [1, 1], [0, 1]]] * 17,
        [[[0.5, 0.5]] * 65],
        "all",
    ],
)
def test_a_mask_is_a_polygon_within_the_frame(quiet: Tenant, masks: Any) -> None:
    camera = quiet.camera(quiet.site(f"S {uuid4()}")["site_id"])
    path = f"/v1/cameras/{camera['camera_id']}"
    found = quiet.admin.refused("PATCH", path, json={"masks": masks}, headers={"If-Match": "*"})
    assert (found.status, slug_of(found)) == (422, "invalid-request")


def test_a_staff_member_is_renamed_and_gives_up_a_number(tenant: Tenant) -> None:
    made = tenant.admin.post("/v1/staff", {"display_name": "Ada", "external_ref": "P-1"})
    path = f"/v1/staff/{made['staff_id']}"
    assert change(tenant.admin, path, {"display_name": "Ada Byron"}, 1).json()["external_ref"] == "P-1"
    assert change(tenant.admin, path, {"external_ref": None}, 2).json()["external_ref"] is None
    other = tenant.admin.post("/v1/staff", {"display_name": "Grace", "external_ref": "P-1"})
    found = tenant.admin.refused("PATCH", path, json={"external_ref": "P-1"}, headers={"If-Match": "*"})
    assert (found.status, other["external_ref"]) == (409, "P-1")
    entries = tenant.admin.get("/v1/audit", subject_id=made["staff_id"], action="staff.changed")["items"]
    # A name is personal, and the log is never shortened.
    assert [entry["detail"] for entry in entries] == [{"fields": ["external_ref"]}, {"fields": ["display_name"]}]


def test_whoever_may_only_read_changes_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    site = tenant.site()
    path = f"/v1/sites/{site['site_id']}"
    for caller, status in (
        (tenant.caller("site_manager", sites=[site["site_id"]]), 403),
        (tenant.caller("worker"), 403),
        (tenant.running.nobody, 401),
        (other_tenant.admin, 404),
    ):
        for method in ("PATCH", "DELETE"):
            request = {"json": {"name": "Mine"}} if method == "PATCH" else {}
            assert caller.refused(method, path, headers={"If-Match": "*"}, **request).status == status
    assert tenant.admin.get(path) == site
