"""Asking for a customer to be erased: recorded, due, and honest about nothing having been done yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, send
from tests.integration.api.harness import slug_of


def customer(tenant: Tenant, camera_id: str, who: int) -> str:
    return str(send(tenant.admin, face_event(camera_id, who=who))["decision"]["person_id"])


def test_a_request_is_recorded_and_says_that_it_is_open(tenant: Tenant) -> None:
    who = customer(tenant, tenant.camera(tenant.site()["site_id"])["camera_id"], 1)
    answer = tenant.admin.ask("POST", f"/v1/customers/{who}/erase-request", json={"reference": "Letter of 2026-11-20"})
    made = answer.json()
    assert (answer.status_code, made["status"], made["customer_id"]) == (201, "open", who)
    assert tenant.admin.get(answer.headers["location"]) == made
    assert tenant.admin.get("/v1/erasure-requests", customer_id=who, status="open")["items"] == [made]
    assert tenant.admin.get("/v1/erasure-requests", status="completed")["items"] == []
    asked, due = (datetime.fromisoformat(made[name]) for name in ("requested_at", "due_at"))
    assert timedelta(days=29) < due - asked <= timedelta(days=31)
    # Nothing was erased, and nothing says so.
    assert tenant.admin.get(f"/v1/customers/{who}")["visits"] == 1
    [entry] = tenant.admin.get("/v1/audit", action="customer.erasure_requested")["items"]
    assert (entry["subject_id"], entry["detail"]) == (who, {"request_id": made["request_id"]})


def test_one_request_about_one_customer_is_open(tenant: Tenant) -> None:
    who = customer(tenant, tenant.camera(tenant.site()["site_id"])["camera_id"], 1)
    tenant.admin.post(f"/v1/customers/{who}/erase-request", {"reference": "Letter 1"})
    found = tenant.admin.refused("POST", f"/v1/customers/{who}/erase-request", json={"reference": "Letter 2"})
    assert (found.status, slug_of(found)) == (409, "conflict")
    assert len(tenant.admin.get("/v1/erasure-requests")["items"]) == 1


def test_a_merged_customer_is_the_survivor(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    merged, survivor = customer(tenant, camera_id, 1), customer(tenant, camera_id, 2)
    tenant.admin.post(f"/v1/customers/{merged}/merge", {"into": survivor})
    made = tenant.admin.post(f"/v1/customers/{merged}/erase-request", {"reference": "Letter 1"})
    assert made["customer_id"] == survivor


def test_requests_come_by_when_they_are_due(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    made = [
        tenant.admin.post(f"/v1/customers/{customer(tenant, camera_id, who)}/erase-request", {"reference": f"L {who}"})
        for who in (1, 2, 3)
    ]
    first = tenant.admin.get("/v1/erasure-requests", limit=2)
    rest = tenant.admin.get("/v1/erasure-requests", limit=2, cursor=first["next_cursor"])
    assert [*first["items"], *rest["items"]] == made
    assert tenant.admin.get("/v1/erasure-requests", sort="-due_at")["items"] == made[::-1]


def test_nobody_else_may_ask_or_see(tenant: Tenant, other_tenant: Tenant) -> None:
    site = tenant.site()
    who = customer(tenant, tenant.camera(site["site_id"])["camera_id"], 1)
    path = f"/v1/customers/{who}/erase-request"
    made = tenant.admin.post(path, {"reference": "Letter 1"})
    assert other_tenant.admin.refused("POST", path, json={"reference": "x"}).status == 404
    assert other_tenant.admin.refused("GET", f"/v1/erasure-requests/{made['request_id']}").status == 404
    manager = tenant.caller("site_manager", sites=[site["site_id"]])
    assert manager.refused("POST", path, json={"reference": "x"}).status == 403
    assert manager.refused("GET", "/v1/erasure-requests").status == 403
    assert tenant.admin.refused("GET", f"/v1/erasure-requests/{uuid4()}").status == 404


def test_a_customer_is_not_deleted_by_the_way(tenant: Tenant) -> None:
    who = customer(tenant, tenant.camera(tenant.site()["site_id"])["camera_id"], 1)
    assert slug_of(tenant.admin.refused("DELETE", f"/v1/customers/{who}")) == "method-not-allowed"
