"""Enrolled pictures through the API, what enrolment would say of them today, recognition tried on any photograph."""

from __future__ import annotations

from collections.abc import Callable

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Json, photograph, slug_of


def enrol(tenant: Tenant, staff: Json, picture: bytes) -> Json:
    return tenant.admin.post(f"/v1/staff/{staff['staff_id']}/faces", files={"image": ("a.jpg", picture)})


def test_a_photograph_comes_back_as_it_was_sent(tenant: Tenant, other_tenant: Tenant) -> None:
    staff, picture = tenant.staff(), photograph(1)
    face = enrol(tenant, staff, picture)
    path = f"/v1/staff/{staff['staff_id']}/faces/{face['face_id']}/image"
    shown = tenant.admin.ask("GET", path)
    assert (shown.content, shown.headers["content-type"]) == (picture, "image/jpeg")
    crop = tenant.admin.ask("GET", path, params={"variant": "crop"})
    assert crop.headers["content-type"] == "image/png"
    assert crop.content != picture
    assert slug_of(tenant.admin.refused("GET", path, params={"variant": "../crop"})) == "invalid-request"
    assert tenant.caller("worker").refused("GET", path).status == 403
    assert other_tenant.admin.refused("GET", path).status == 404
    other = tenant.staff("Somebody else")
    elsewhere = f"/v1/staff/{other['staff_id']}/faces/{face['face_id']}/image"
    assert tenant.admin.refused("GET", elsewhere).status == 404


def test_a_face_is_listed_with_all_that_is_known_of_it(tenant: Tenant) -> None:
    staff = tenant.staff()
    made = enrol(tenant, staff, photograph(1))
    [face] = tenant.admin.get(f"/v1/staff/{staff['staff_id']}/faces")["items"]
    assert (face["face_id"], face["verdict"], face["verdict_reason"]) == (made["face_id"], "enrolled", None)
    assert len(face["landmarks"]) == 5
    assert face["quality"]["score"] > 0
    assert tenant.admin.ask("GET", face["image_url"]).content == photograph(1)
    assert tenant.admin.ask("GET", face["crop_url"]).headers["content-type"] == "image/png"


def test_enrolling_makes_a_read_that_was_held_new(tenant: Tenant) -> None:
    staff = tenant.staff()
    path = f"/v1/staff/{staff['staff_id']}"
    held = tenant.admin.ask("GET", path).headers["etag"]
    enrol(tenant, staff, photograph(1))
    again = tenant.admin.ask("GET", path, headers={"If-None-Match": held})
    assert (again.status_code, again.json()["faces"], again.json()["version"]) == (200, 1, 1)
    # The record itself is as it was, so whoever held it may still change it.
    changed = tenant.admin.ask("PATCH", path, json={"display_name": "Ada Byron"}, headers={"If-Match": held})
    assert changed.status_code == 200


def test_any_photograph_can_be_tried(tenant: Tenant) -> None:
    ada, grace = tenant.staff("Ada"), tenant.staff("Grace")
    for number, staff in ((1, ada), (2, grace)):
        enrol(tenant, staff, photograph(number))
    before = tenant.admin.get("/v1/audit")
    known = tenant.admin.post("/v1/recognition-test", files={"image": ("a.jpg", photograph(1))})
    [face] = known["faces"]
    assert (face["decision"]["kind"], face["decision"]["person_id"]) == ("staff", ada["staff_id"])
    assert face["decision"]["reason"]
    assert face["decision"]["threshold_low"] <= face["decision"]["threshold_high"] <= face["decision"]["score"]
    assert face["candidates"][0]["display_name"] == "Ada"
    assert [candidate["score"] for candidate in face["candidates"]] == sorted(
        (candidate["score"] for candidate in face["candidates"]), reverse=True
    )
    stranger = tenant.admin.post("/v1/recognition-test", files={"image": ("a.jpg", photograph(9))})
    assert stranger["faces"][0]["decision"]["kind"] not in {"staff", "customer"}
    assert tenant.admin.get("/v1/audit") == before
    assert tenant.admin.get("/v1/customers")["items"] == []


def test_a_photograph_without_a_face_has_none(tenant: Tenant) -> None:
    blank = tenant.admin.ask("POST", "/v1/recognition-test", files={"image": ("a.jpg", b"no picture")})
    assert (blank.status_code, blank.json()["type"]) == (422, "urn:footfall:problem:not-an-image")


def test_a_tenant_that_only_counts_tries_nothing(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant("count_only")
    found = tenant.admin.refused("POST", "/v1/recognition-test", files={"image": ("a.jpg", photograph(1))})
    assert (found.status, slug_of(found)) == (403, "privacy-mode-forbids")


def test_recognition_is_for_administrators_to_try(quiet: Tenant) -> None:
    files = {"image": ("a.jpg", photograph(1))}
    for caller in (quiet.caller("site_manager", sites=[]), quiet.caller("worker")):
        assert caller.refused("POST", "/v1/recognition-test", files=files).status == 403
