"""Placing and lifting legal holds through the API: on record, audited, of the caller's tenant alone."""

from __future__ import annotations

from uuid import uuid4

from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import slug_of


def test_a_hold_is_placed_listed_and_lifted(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    wanted = {"subject_kind": "camera", "subject_id": camera_id, "reference": "File 12"}
    made = tenant.admin.post("/v1/legal-holds", wanted)
    assert (made["subject_id"], made["lifted_at"]) == (camera_id, None)
    assert tenant.admin.get("/v1/legal-holds", standing="true")["items"] == [made]

    lifted = tenant.admin.post(f"/v1/legal-holds/{made['hold_id']}/lift", None)
    assert lifted["lifted_by"] == made["placed_by"]
    assert tenant.admin.get("/v1/legal-holds", standing="true")["items"] == []
    assert tenant.admin.get("/v1/legal-holds", standing="false")["items"] == [lifted]
    again = tenant.admin.refused("POST", f"/v1/legal-holds/{made['hold_id']}/lift")
    assert (again.status, slug_of(again)) == (404, "not-found")
    entries = tenant.admin.get("/v1/audit", subject_kind="camera", subject_id=camera_id, sort="at")["items"]
    assert [entry["action"] for entry in entries][-2:] == ["legal_hold.placed", "legal_hold.lifted"]


def test_a_hold_is_of_something_that_the_tenant_has(tenant: Tenant) -> None:
    for kind in ("tenant", "customer", "staff", "camera"):
        wanted = {"subject_kind": kind, "subject_id": str(uuid4()), "reference": "File 12"}
        found = tenant.admin.refused("POST", "/v1/legal-holds", json=wanted)
        assert (found.status, slug_of(found)) == (404, "not-found")
