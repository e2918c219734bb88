"""A burst of events, more than the server can take at once: some are told to come again, none is lost or doubled."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import httpx
import pytest

from api.main import create_app
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.event_kit import face_event, parts
from tests.integration.api.harness import Caller, Documented, Json, serving

PLACES = 4
BURST = 16


@pytest.fixture
def narrow(running: Running, tenant: Tenant) -> Iterator[Caller]:
    """An administrator of an API with two turns for events and two places to wait for one."""
    limits = running.settings.api.model_copy(update={"events_at_once": 2, "waiting_at_most": PLACES - 2})
    app = create_app(running.settings.model_copy(update={"api": limits}))
    # As many connections as requests, or the burst would queue in the client.
    pool = httpx.Limits(max_connections=BURST)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30, limits=pool) as http:
        yield Caller(http, Documented(app.openapi()), tenant.admin.token)


def test_a_burst_is_turned_away_by_429_and_recorded_when_it_comes_again(tenant: Tenant, narrow: Caller) -> None:
    door = tenant.camera(tenant.site()["site_id"])["camera_id"]
    events = [face_event(door, who=number) for number in range(BURST)]

    def send(event: Json) -> httpx.Response:
        return narrow.ask("POST", "/v1/events/face", files=parts(event))

    with ThreadPoolExecutor(BURST) as burst:
        with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
            # Nobody gets through before all have knocked.
            lock_gallery(connection, tenant.tenant_id)
            sent = [burst.submit(send, event) for event in events]
            turned_away = [one.result() for one in islice(as_completed(sent), BURST - PLACES)]
            assert narrow.get("/healthz")["status"] == "ok"
            assert narrow.get("/v1/sites")["items"]
        answers = [one.result() for one in sent]

    assert len(turned_away) == BURST - PLACES
    for answer in turned_away:
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:footfall:problem:busy")
        assert int(answer.headers["retry-after"]) >= 1
    assert sorted(answer.status_code for answer in answers) == [200] * PLACES + [429] * (BURST - PLACES)

    again = [send(event) for event in events]
    assert [answer.status_code for answer in again] == [200] * BURST
    assert sum(answer.json()["duplicate"] for answer in again) == PLACES
    assert len(tenant.admin.get("/v1/visits")["items"]) == BURST
    assert f'footfall_lane_refused_total{{lane="events"}} {BURST - PLACES}.0' in narrow.ask("GET", "/metrics").text
