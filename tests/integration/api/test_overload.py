"""More uploads than there are places: the rest is told to come again, and everything else goes on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from api.main import create_app
from footfall import tokens
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import Caller, Documented, photograph, serving, slug_of
from tests.integration.api.raw import PART_HEAD, RawCaller, head

FORM = "Content-Type: multipart/form-data; boundary=x"
NOBODY_HERE = "/v1/staff/00000000-0000-4000-8000-000000000000/recognition-test"


@pytest.fixture
def narrow(running: Running, tenant: Tenant) -> Iterator[Caller]:
    """An administrator of an API with two places for photographs, that waits two seconds for an upload."""
    settings = running.settings.model_copy(
        update={
            "api": running.settings.api.model_copy(
                update={"vision_at_once": 1, "waiting_at_most": 1, "upload_seconds": 2.0}
            )
        }
    )
    app = create_app(settings)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        assert tokens.SigningKeys.load_or_create(settings.keys_path).kid == running.keys.kid
        yield Caller(http, Documented(app.openapi()), tenant.admin.token)


def test_a_full_house_turns_uploads_away_and_nothing_else(narrow: Caller) -> None:
    with ExitStack() as stack:
        stalled = [stack.enter_context(RawCaller(narrow.http)) for _ in range(2)]
        for caller in stalled:
            caller.send(head(narrow, NOBODY_HERE, FORM, "Content-Length: 100000") + PART_HEAD)
        _until_lane_holds(narrow, 2)

        answer = narrow.ask("POST", NOBODY_HERE, files={"image": ("a.jpg", photograph(1))})
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:footfall:problem:busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert narrow.get("/healthz")["status"] == "ok"
        assert narrow.get("/v1/sites")["items"] == []
        # The two are given up, and then there is room again.
        assert [caller.status() for caller in stalled] == [408, 408]
    found = narrow.refused("POST", NOBODY_HERE, files={"image": ("a.jpg", photograph(1))})
    assert slug_of(found) == "not-found"


def test_a_caller_who_leaves_gives_the_place_back(narrow: Caller) -> None:
    with RawCaller(narrow.http) as caller:
        caller.send(head(narrow, NOBODY_HERE, FORM, "Content-Length: 100000") + PART_HEAD)
        _until_lane_holds(narrow, 1)
    _until_lane_holds(narrow, 0)


def _until_lane_holds(caller: Caller, requests: int) -> None:
    for _ in range(200):
        if f'footfall_lane_requests{{lane="vision"}} {requests}.0' in caller.ask("GET", "/metrics").text:
            return
    pytest.fail(f"the lane never held {requests} requests")
