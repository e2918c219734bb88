"""Events whose template and picture disagree are seen: in the receipt, in the metrics, and in a list for
administrators."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import httpx
import pytest

from api.main import create_app
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.event_kit import CROP, NOW, face_event, send
from tests.integration.api.harness import Caller, Documented, serving


@pytest.fixture
def wary(running: Running) -> Iterator[Caller]:
    """An API that looks at every picture; the caller has no token."""
    recognition = running.settings.recognition.model_copy(update={"re_embed": "always"})
    app = create_app(running.settings.model_copy(update={"recognition": recognition}))
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield Caller(http, Documented(app.openapi()))


def test_a_forged_template_is_seen_by_administrators(tenant: Tenant, wary: Caller) -> None:
    site = tenant.site()["site_id"]
    door = tenant.camera(site)["camera_id"]
    worker, admin = wary.with_token(tenant.caller("worker").token), wary.with_token(tenant.admin.token)
    forged = [face_event(door, who=who, seen_at=NOW - timedelta(minutes=who)) for who in (1, 2, 3)]

    receipts = [send(worker, event, CROP) for event in forged]
    send(worker, forged[0], CROP)
    send(worker, face_event(door, who=9))

    assert [receipt["recheck"] for receipt in receipts] == ["disagrees"] * 3
    found = admin.get("/v1/alarms", limit=2)
    rest = admin.get("/v1/alarms", limit=2, cursor=found["next_cursor"])
    listed = found["items"] + rest["items"]
    assert [alarm["event_id"] for alarm in listed] == [event["event_id"] for event in reversed(forged)]
    assert {(alarm["verdict"], alarm["camera_id"], alarm["site_id"], alarm["worker"]) for alarm in listed} == {
        ("disagrees", door, site, "entrance-1")
    }
    assert all(alarm["cosine"] < 0.487 for alarm in listed)
    assert rest["next_cursor"] is None
    assert 'footfall_face_event_alarms_total{verdict="disagrees"} 3.0' in wary.ask("GET", "/metrics").text


def test_alarms_are_for_the_tenants_administrators_alone(tenant: Tenant, other_tenant: Tenant, wary: Caller) -> None:
    door = tenant.camera(tenant.site()["site_id"])["camera_id"]
    send(wary.with_token(tenant.caller("worker").token), face_event(door, who=1), CROP)

    assert other_tenant.admin.get("/v1/alarms")["items"] == []
    for role in ("worker", "site_manager"):
        assert tenant.caller(role).refused("GET", "/v1/alarms").status == 403
