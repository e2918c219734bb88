"""More uploads than there is memory for: the rest is told to come again, and everything else goes on."""

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
    """An administrator of an API with memory for two uploads, one of each caller's, that waits two seconds for one."""
    settings = running.settings.model_copy(
        update={
            "api": running.settings.api.model_copy(
                update={
                    "vision_at_once": 1,
                    "waiting_at_most": 0,
                    "upload_seconds": 2.0,
                    "upload_memory_bytes": 2 * running.settings.api.max_upload_bytes,
                }
            )
        }
    )
    app = create_app(settings)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        assert tokens.SigningKeys.load_or_create(settings.keys_path).kid == running.keys.kid
        yield Caller(http, Documented(app.openapi()), tenant.admin.token)


def test_who_is_slow_to_send_keeps_nobody_from_a_turn_and_takes_no_more_than_half_the_memory(
    narrow: Caller, tenant: Tenant
) -> None:
    whole = f"Content-Length: {tenant.running.settings.api.max_upload_bytes}"
    somebody_else = narrow.with_token(tenant.caller("tenant_admin").token)
    with ExitStack() as stack:
        slow = stack.enter_context(RawCaller(narrow.http))
        slow.send(head(narrow, NOBODY_HERE, FORM, whole) + PART_HEAD)
        _until_held(narrow, tenant.running.settings.api.max_upload_bytes)

        answer = narrow.ask("POST", NOBODY_HERE, files={"image": ("a.jpg", photograph(1))})
        assert (answer.status_code, answer.json()["type"]) == (429, "urn:footfall:problem:busy")
        assert int(answer.headers["retry-after"]) >= 1
        assert narrow.get("/healthz")["status"] == "ok"
        assert narrow.get("/v1/sites")["items"] == []
        found = somebody_else.refused("POST", NOBODY_HERE, files={"image": ("a.jpg", photograph(1))})
        assert slug_of(found) == "not-found"
        # The slow one is given up, and then there is room again.
        assert slow.status() == 408
    found = narrow.refused("POST", NOBODY_HERE, files={"image": ("a.jpg", photograph(1))})
    assert slug_of(found) == "not-found"


def test_a_body_of_no_stated_length_counts_as_the_largest(narrow: Caller, tenant: Tenant) -> None:
    with RawCaller(narrow.http) as caller:
        caller.send(head(narrow, NOBODY_HERE, FORM, "Transfer-Encoding: chunked") + b"10\r\n")
        _until_held(narrow, tenant.running.settings.api.max_upload_bytes)


def test_a_caller_who_leaves_gives_the_place_back(narrow: Caller) -> None:
    with RawCaller(narrow.http) as caller:
        caller.send(head(narrow, NOBODY_HERE, FORM, "Content-Length: 100000") + PART_HEAD)
        _until_held(narrow, 100_000)
    _until_held(narrow, 0)


def _until_held(caller: Caller, size: int) -> None:
    for _ in range(200):
        shown = caller.ask("GET", "/metrics").text.partition("\nfootfall_upload_bytes ")[2].partition("\n")[0]
        if shown and float(shown) == size:
            return
    pytest.fail(f"there were never {size} bytes set aside, but {shown}")
