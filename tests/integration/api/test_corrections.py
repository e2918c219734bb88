"""Customers, corrections, the review queue and opt-outs over HTTP, and who may do what with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from footfall.review_queue import find_questions
from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import NOW, face_event, send
from tests.integration.api.harness import Caller, Json, photograph, slug_of


@pytest.fixture
def shop(tenant: Tenant) -> Json:
    """A site, its door, and somebody who sends events of it."""
    site = tenant.site()
    camera = tenant.camera(site["site_id"])
    return {**site, "camera_id": camera["camera_id"]}


def came(tenant: Tenant, shop: Json, who: int, *, minutes_ago: int = 5, image: bytes | None = None) -> Json:
    worker = tenant.caller("worker", cameras=[shop["camera_id"]])
    return send(worker, face_event(shop["camera_id"], who=who, seen_at=NOW - timedelta(minutes=minutes_ago)), image)


def who(receipt: Json) -> str:
    found: str = receipt["decision"]["person_id"]
    return found


def test_a_customer_is_listed_with_visits_and_sightings(tenant: Tenant, shop: Json, other_tenant: Tenant) -> None:
    came(tenant, shop, 1, minutes_ago=100)
    customer = who(came(tenant, shop, 1, image=photograph(1)))
    other = who(came(tenant, shop, 2, minutes_ago=50))
    listed = tenant.admin.get("/v1/customers")["items"]
    assert [item["customer_id"] for item in listed] == [customer, other]
    assert listed[0] == tenant.admin.get(f"/v1/customers/{customer}")
    assert (listed[0]["visits"], listed[0]["site_ids"], listed[0]["type"]) == (
        2,
        [shop["site_id"]],
        "CustomerProfile.v1",
    )
    first = tenant.admin.get("/v1/customers", limit=1)
    assert tenant.admin.get("/v1/customers", limit=1, cursor=first["next_cursor"])["items"] == listed[1:]
    visits = tenant.admin.get(f"/v1/customers/{customer}/visits")["items"]
    assert {visit["person_id"] for visit in visits} == {customer}
    assert len(visits) == 2
    sightings = tenant.admin.get(f"/v1/customers/{customer}/sightings")["items"]
    assert [sighting["crop_url"] is not None for sighting in sightings] == [True, False]
    shown = tenant.admin.ask("GET", sightings[0]["crop_url"])
    assert (shown.content, shown.headers["content-type"]) == (photograph(1), "image/jpeg")
    assert shown.headers["cache-control"] == "no-store"
    elsewhere = tenant.caller("site_manager", sites=[tenant.site("Elsewhere")["site_id"]])
    assert elsewhere.refused("GET", sightings[0]["crop_url"]).status == 404
    assert tenant.caller("worker").refused("GET", sightings[0]["crop_url"]).status == 403
    assert other_tenant.admin.refused("GET", sightings[0]["crop_url"]).status == 404
    assert [sighting["decision"] for sighting in sightings] == ["customer", "new_customer"]


def test_a_merge_is_made_seen_and_undone(tenant: Tenant, shop: Json) -> None:
    one, other = who(came(tenant, shop, 1)), who(came(tenant, shop, 2, minutes_ago=100))
    before = tenant.admin.get("/v1/customers")
    done = tenant.admin.post(f"/v1/customers/{one}/merge", {"into": other})
    assert (done["kind"], done["sightings"]) == ("merge", 1)
    assert tenant.admin.get(f"/v1/customers/{one}")["customer_id"] == other, "an old id leads to the survivor"
    [left] = tenant.admin.get("/v1/customers")["items"]
    assert (left["customer_id"], left["visits"]) == (other, 2)
    undone = tenant.admin.post(f"/v1/corrections/{done['correction_id']}/undo")
    assert tenant.admin.get("/v1/customers") == before
    log = tenant.admin.get("/v1/corrections")["items"]
    assert [(entry["kind"], entry["undone_by"]) for entry in log] == [
        ("undo", None),
        ("merge", undone["correction_id"]),
    ]
    problem = tenant.admin.refused("POST", f"/v1/corrections/{done['correction_id']}/undo")
    assert (problem.status, slug_of(problem)) == (409, "conflict")


def test_split_detach_move_and_promote(tenant: Tenant, shop: Json) -> None:
    first, second = came(tenant, shop, 1, minutes_ago=200), came(tenant, shop, 1)
    other = who(came(tenant, shop, 2, minutes_ago=90))
    split = tenant.admin.post(f"/v1/customers/{who(first)}/split", {"event_ids": [second["event_id"]]})
    made = split["created"]["person_id"]
    assert tenant.admin.get(f"/v1/customers/{made}")["visits"] == 1
    to = {"to": {"person_kind": "customer", "person_id": other}}
    moved = tenant.admin.post(f"/v1/sightings/{second['event_id']}/move", to)
    in_the_way = tenant.admin.refused("POST", f"/v1/corrections/{split['correction_id']}/undo")
    assert moved["correction_id"] in in_the_way.detail
    assert in_the_way.hint == "Undo that one first."
    tenant.admin.post(f"/v1/sightings/{second['event_id']}/detach")
    assert tenant.admin.get(f"/v1/customers/{other}")["visits"] == 1
    promoted = tenant.admin.post(f"/v1/customers/{other}/promote", {"display_name": "Grace"})
    staff = promoted["created"]["person_id"]
    assert tenant.admin.get(f"/v1/staff/{staff}")["display_name"] == "Grace"
    assert tenant.admin.refused("GET", f"/v1/customers/{other}").status == 409
    assert came(tenant, shop, 2, minutes_ago=1)["decision"]["person_id"] == staff


def test_a_photograph_is_moved_to_another_staff_member(tenant: Tenant) -> None:
    ada, grace = tenant.staff("Ada"), tenant.staff("Grace")
    files = {"image": ("photo.jpg", photograph(1815), "image/jpeg")}
    face = tenant.admin.post(f"/v1/staff/{ada['staff_id']}/faces", files=files)
    path = f"/v1/staff/{ada['staff_id']}/faces/{face['face_id']}/move"
    done = tenant.admin.post(path, {"to_staff_id": grace["staff_id"]})
    assert tenant.admin.get(f"/v1/staff/{grace['staff_id']}")["faces"] == 1
    assert tenant.admin.refused("POST", path, json={"to_staff_id": grace["staff_id"]}).status == 404
    tenant.admin.post(f"/v1/corrections/{done['correction_id']}/undo")
    assert tenant.admin.get(f"/v1/staff/{ada['staff_id']}")["faces"] == 1


def test_the_review_queue_shows_questions_until_they_are_dismissed(tenant: Tenant, shop: Json) -> None:
    first = came(tenant, shop, 1, minutes_ago=200, image=photograph(1))
    second = came(tenant, shop, 2)
    to = {"to": {"person_kind": "customer", "person_id": who(first)}}
    tenant.admin.post(f"/v1/sightings/{second['event_id']}/move", to)
    recognition = tenant.running.settings.recognition
    find_questions(tenant.running.engine, tenant.tenant_id, "mock-1", recognition)
    [item] = tenant.admin.get("/v1/review-queue")["items"]
    assert (item["kind"], item["people"]) == ("mixture", [{"person_kind": "customer", "person_id": who(first)}])
    assert len(item["evidence"]["crops"]) == 1
    path = f"/v1/review-queue/{item['item_id']}/dismiss"
    assert tenant.admin.ask("POST", path).status_code == 204
    assert tenant.admin.get("/v1/review-queue")["items"] == []
    assert tenant.admin.refused("POST", path).status == 404


def opt_out_parts(consent: str | None = "Form 17", person: int = 1) -> dict[str, Any]:
    files: dict[str, Any] = {"image": ("photo.jpg", photograph(person), "image/jpeg")}
    if consent is not None:
        files["consent"] = (None, consent.encode(), "text/plain")
    return {"files": files}


def test_an_opt_out_is_registered_and_withdrawn(tenant: Tenant, shop: Json) -> None:
    customer = who(came(tenant, shop, 1, minutes_ago=100))
    made = tenant.admin.post(f"/v1/customers/{customer}/opt-out", {"consent": "Form 17"})
    assert (made["active"], made["templates"]) == (True, 1)
    receipt = came(tenant, shop, 1, image=photograph(1))
    assert (receipt["decision"]["kind"], receipt["visit_id"]) == ("counted", None)
    photographed = tenant.admin.post("/v1/opt-outs", **opt_out_parts())
    assert photographed["consent"] == "Form 17"
    assert [item["opt_out_id"] for item in tenant.admin.get("/v1/opt-outs")["items"]] == [
        photographed["opt_out_id"],
        made["opt_out_id"],
    ]
    tenant.admin.delete(f"/v1/opt-outs/{made['opt_out_id']}")
    assert tenant.admin.refused("DELETE", f"/v1/opt-outs/{made['opt_out_id']}").status == 404
    assert came(tenant, shop, 1, minutes_ago=1)["decision"]["kind"] == "new_customer"


@pytest.mark.parametrize("consent", [None, "", "x" * 201, "two\nlines"])
def test_an_opt_out_needs_a_record_of_the_consent(quiet: Tenant, consent: str | None) -> None:
    assert quiet.admin.refused("POST", "/v1/opt-outs", **opt_out_parts(consent)).status == 422


@pytest.mark.parametrize(
    "attempt",
    [
        ("/v1/customers/{one}/merge", {"into": "{one}"}, 422),
        ("/v1/customers/{one}/merge", {"into": "{nobody}"}, 404),
        ("/v1/customers/{nobody}/merge", {"into": "{one}"}, 404),
        ("/v1/customers/{one}/merge", {"into": "{foreign}"}, 404),
        ("/v1/customers/{foreign}/merge", {"into": "{one}"}, 404),
        ("/v1/customers/{one}/split", {"event_ids": []}, 422),
        ("/v1/customers/{one}/split", {"event_ids": ["{nobody}"]}, 422),
        ("/v1/customers/{one}/promote", {}, 422),
        ("/v1/customers/{one}/promote", {"staff_id": "{nobody}"}, 404),
        ("/v1/customers/{one}/promote", {"staff_id": "{nobody}", "display_name": "Both"}, 422),
        ("/v1/sightings/{nobody}/detach", None, 404),
        ("/v1/sightings/{nobody}/move", {"to": {"person_kind": "customer", "person_id": "{one}"}}, 404),
        ("/v1/corrections/{nobody}/undo", None, 404),
        ("/v1/customers/{one}/opt-out", {"consent": ""}, 422),
    ],
)
def test_what_cannot_be_done_is_refused(
    tenant: Tenant, other_tenant: Tenant, shop: Json, attempt: tuple[str, Json | None, int]
) -> None:
    path, body, status = attempt
    theirs = other_tenant.camera(other_tenant.site(f"Site {uuid4()}")["site_id"])
    ids = {
        "one": who(came(tenant, shop, 1)),
        "nobody": str(uuid4()),
        "foreign": who(came(other_tenant, {"camera_id": theirs["camera_id"]}, uuid4().int % 1000 + 10)),
    }

    def filled(value: Any) -> Any:
        if isinstance(value, str):
            return value.format_map(ids)
        if isinstance(value, list):
            return [filled(item) for item in value]
        return {key: filled(item) for key, item in value.items()} if isinstance(value, dict) else value

    before = tenant.admin.get("/v1/customers")
    assert tenant.admin.refused("POST", filled(path), json=filled(body)).status == status
    assert tenant.admin.get("/v1/customers") == before


def test_a_site_manager_reads_the_customers_of_their_sites_and_changes_nothing(tenant: Tenant, shop: Json) -> None:
    far = tenant.site("Far away")
    far_camera = tenant.camera(far["site_id"])
    here, both = who(came(tenant, shop, 1)), who(came(tenant, shop, 2, minutes_ago=20))
    came(tenant, {"camera_id": far_camera["camera_id"]}, 2, minutes_ago=300)
    away = who(came(tenant, {"camera_id": far_camera["camera_id"]}, 3))
    manager: Caller = tenant.caller("site_manager", sites=[shop["site_id"]])
    listed = manager.get("/v1/customers")["items"]
    assert [item["customer_id"] for item in listed] == [here, both]
    assert [(item["visits"], item["site_ids"]) for item in listed] == [(1, [shop["site_id"]])] * 2
    assert len(manager.get(f"/v1/customers/{both}/visits")["items"]) == 1
    assert len(manager.get(f"/v1/customers/{both}/sightings")["items"]) == 1
    assert manager.refused("GET", f"/v1/customers/{away}").status == 404
    assert manager.refused("GET", "/v1/customers", params={"site_id": far["site_id"]}).status == 404
    for method, path in (
        ("POST", f"/v1/customers/{here}/merge"),
        ("GET", "/v1/corrections"),
        ("GET", "/v1/review-queue"),
        ("GET", "/v1/opt-outs"),
    ):
        assert manager.refused(method, path).status == 403, path
