"""The client against a scripted server over real HTTP: what it sends, what it makes of answers, how it keeps tokens."""

from __future__ import annotations

import json
import logging
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from typing import Any
from uuid import UUID

import pytest

from client import ApiProblem, ApiUnavailable, FootfallClient
from contracts.places import SiteCreate
from tests.unit.client.fake_server import Asked, FakeServer, Reply, as_json

API_KEY = "ffk_0123456789abcdef_0123456789abcdef_very-secret"
SITE_ID = UUID("00000000-0000-4000-8000-000000000002")
STAFF_ID = UUID("00000000-0000-4000-8000-000000000003")
NO_SITES: dict[str, object] = {"items": [], "next_cursor": None}

PROBLEM = {
    "type": "urn:footfall:problem:not-found",
    "title": "There is no such record",
    "status": 404,
    "detail": "There is no site 42.",
    "hint": "List the sites.",
    "request_id": "abc",
    "errors": [],
}


def client_for(server: FakeServer, **credentials: Any) -> FootfallClient:
    return FootfallClient(server.url, **(credentials or {"api_key": API_KEY}), timeout=5)


def test_a_key_is_exchanged_once_for_a_token_that_every_call_carries(server: FakeServer) -> None:
    server.answers = lambda _: as_json(NO_SITES)
    with client_for(server) as client:
        client.sites()
        client.sites()

    assert [json.loads(asked.body) for asked in server.calls("/v1/auth/token")] == [
        {"grant_type": "api_key", "api_key": API_KEY}
    ]
    assert [asked.token for asked in server.calls("/v1/sites")] == ["token-1", "token-1"]
    assert len(server.connections) == 1


def test_a_password_is_exchanged_for_a_token(server: FakeServer) -> None:
    with client_for(server, tenant="acme", email="ada@acme.test", password="s3cret") as client:
        assert client.authenticate().tenant_name == "Acme"
    [asked] = server.asked
    assert json.loads(asked.body) == {
        "grant_type": "password",
        "tenant": "acme",
        "email": "ada@acme.test",
        "password": "s3cret",
    }


def test_a_given_token_is_used_as_it_is(server: FakeServer) -> None:
    server.answers = lambda _: as_json({**PROBLEM, "status": 401}, 401, "application/problem+json")
    with client_for(server, token="mine") as client, pytest.raises(ApiProblem):
        client.sites()
    assert [asked.token for asked in server.asked] == ["mine"]


def test_a_bare_token_does_not_say_who_it_is_for(server: FakeServer) -> None:
    with client_for(server, token="mine") as client, pytest.raises(ValueError, match="tenant and role"):
        client.authenticate()


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"api_key": API_KEY, "token": "mine"},
        {"api_key": API_KEY, "email": "ada@acme.test"},
        {"tenant": "acme", "email": "ada@acme.test"},
        {"password": "s3cret"},
    ],
)
def test_anything_but_one_whole_way_to_sign_in_is_refused(credentials: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"exactly one|needs tenant, email and password"):
        FootfallClient("http://127.0.0.1:9", **credentials)  # type: ignore[arg-type]


def test_a_refused_token_is_renewed_once_and_the_call_repeated(server: FakeServer) -> None:
    def refuse_the_first(asked: Asked) -> Reply:
        if asked.token == "token-1":
            return as_json({**PROBLEM, "status": 401}, 401, "application/problem+json")
        return as_json(NO_SITES)

    server.answers = refuse_the_first
    with client_for(server) as client:
        assert client.sites().items == ()
    assert [asked.token for asked in server.calls("/v1/sites")] == ["token-1", "token-2"]


def test_a_server_that_refuses_every_token_is_asked_twice_and_no_more(server: FakeServer) -> None:
    server.answers = lambda _: as_json({**PROBLEM, "status": 401}, 401, "application/problem+json")
    with client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.sites()
    assert refused.value.problem.status == 401
    assert len(server.calls("/v1/sites")) == 2


def test_threads_share_one_renewal(server: FakeServer) -> None:
    server.answers = lambda _: as_json(NO_SITES)
    start = threading.Barrier(8)
    with client_for(server) as client, ThreadPoolExecutor(8) as pool:

        def call(_: int) -> None:
            start.wait()
            client.sites()

        list(pool.map(call, range(8)))
    assert server.tokens_issued == 1


def test_a_problem_document_comes_back_whole(server: FakeServer) -> None:
    server.answers = lambda _: as_json(PROBLEM, 404, "application/problem+json; charset=utf-8")
    with client_for(server) as client, pytest.raises(ApiProblem, match=r"no site 42") as refused:
        client.site(SITE_ID)
    assert refused.value.problem.model_dump(mode="json") == {**PROBLEM, "instance": None}
    assert refused.value.slug == "not-found"
    assert not refused.value.transient


def test_a_problem_with_fields_of_a_newer_server_is_still_read(server: FakeServer) -> None:
    server.answers = lambda _: as_json({**PROBLEM, "shiny": 1}, 404, "application/problem+json")
    with client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.site(SITE_ID)
    assert refused.value.slug == "not-found"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(502, b"<html><h1>Bad Gateway</h1> internal-host-17</html>", "text/html"),
        Reply(502, b"", "text/plain"),
        Reply(502, b"<html>", "application/problem+json"),
        Reply(502, b'{"error": "upstream"}', "application/json"),
        Reply(502, b"\xff\xfe\x00", "application/problem+json"),
    ],
)
def test_an_error_that_is_no_problem_document_becomes_one_without_its_content(server: FakeServer, reply: Reply) -> None:
    server.answers = lambda _: reply
    with client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.sites()
    problem = refused.value.problem
    assert (problem.type, problem.status, problem.title) == ("about:blank", 502, "Bad Gateway")
    assert "internal-host-17" not in str(refused.value)
    assert refused.value.transient


@pytest.mark.parametrize(
    ("status", "transient"),
    [(400, False), (403, False), (409, False), (413, False), (422, False), (429, True), (503, True)],
)
def test_only_what_may_pass_later_is_transient(server: FakeServer, status: int, transient: bool) -> None:
    server.answers = lambda _: as_json(
        {**PROBLEM, "status": status}, status, "application/problem+json", retry_after="7"
    )
    with client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.sites()
    assert refused.value.transient is transient
    assert refused.value.retry_after_seconds == 7.0


def test_a_date_in_retry_after_is_no_number_of_seconds(server: FakeServer) -> None:
    server.answers = lambda _: Reply(503, b"", "text/plain", {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"})
    with client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.sites()
    assert refused.value.retry_after_seconds is None


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>Please sign in to the guest network</html>", "text/html"),
        Reply(200, b'{"items": 3}'),
        Reply(302, b"", "text/plain", {"location": "http://127.0.0.1:9/elsewhere"}),
        Reply(200, b"not gzip", "application/json", {"content-encoding": "gzip"}),
    ],
)
def test_an_answer_that_cannot_be_the_apis_means_it_is_not_there(server: FakeServer, reply: Reply) -> None:
    server.answers = lambda _: reply
    with client_for(server) as client, pytest.raises(ApiUnavailable) as unavailable:
        client.sites()
    assert unavailable.value.transient
    assert "guest network" not in str(unavailable.value)


def test_a_redirect_never_carries_the_token_away(server: FakeServer) -> None:
    elsewhere = FakeServer()
    server.answers = lambda _: Reply(307, b"", "text/plain", {"location": f"{elsewhere.url}/v1/sites"})
    try:
        with client_for(server) as client, pytest.raises(ApiUnavailable):
            client.sites()
    finally:
        elsewhere.stop()
    assert elsewhere.asked == []


def test_no_server_means_unavailable() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with (
            FootfallClient(f"http://127.0.0.1:{port}", token="mine") as client,
            pytest.raises(ApiUnavailable, match="could not be sent"),
        ):
            client.sites()


def test_a_server_that_never_answers_means_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            FootfallClient(url, token="mine", timeout=0.2) as client,
            pytest.raises(ApiUnavailable, match="not answered in time"),
        ):
            client.sites()


def test_answers_with_fields_of_a_newer_server_are_read(server: FakeServer) -> None:
    server.answers = lambda _: as_json({**NO_SITES, "total": 0})
    with client_for(server) as client:
        assert client.sites().items == ()


def test_absent_filters_are_not_sent_and_given_ones_are_exact(server: FakeServer) -> None:
    server.answers = lambda _: as_json(NO_SITES)
    since = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
    with client_for(server) as client:
        client.visits(site_id=SITE_ID, since=since, limit=10)
        client.visits()
    paths = [asked.path for asked in server.calls("/v1/visits")]
    assert paths == [f"/v1/visits?site_id={SITE_ID}&since=2026-11-22T08%3A00%3A00%2B00%3A00&limit=10", "/v1/visits"]


def test_bodies_are_json_of_the_contract(server: FakeServer) -> None:
    server.answers = lambda asked: as_json(
        {**json.loads(asked.body), "site_id": str(SITE_ID), "created_at": "2026-11-22T08:00:00Z"}, 201
    )
    with client_for(server) as client:
        site = client.create_site(SiteCreate(name="Zoë's", timezone="Europe/Vienna"))
    assert (site.site_id, site.name, site.visit_gap_minutes) == (SITE_ID, "Zoë's", 30)


def test_a_photograph_is_sent_byte_for_byte_as_the_part_image(server: FakeServer) -> None:
    image = bytes(range(256)) * 4
    server.answers = lambda _: as_json({"staff_id": str(STAFF_ID), "matches": False, "faces": []})
    with client_for(server) as client:
        assert not client.recognition_test(STAFF_ID, image, "Ada Lovelace.jpg").matches
    [asked] = server.calls(f"/v1/staff/{STAFF_ID}/recognition-test")
    [part] = (
        BytesParser(policy=policy.HTTP)
        .parsebytes(b"Content-Type: " + asked.headers["content-type"].encode() + b"\r\n\r\n" + asked.body)
        .iter_parts()
    )
    assert part.get_param("name", header="content-disposition") == "image"
    assert part.get_filename() == "Ada Lovelace.jpg"
    assert part.get_payload(decode=True) == image


def test_a_server_that_is_not_ready_still_says_what_is_wrong(server: FakeServer) -> None:
    answer = {
        "ready": False,
        "version": "0.1.0",
        "components": [{"name": "postgres", "healthy": False, "detail": "Postgres did not answer."}],
    }
    server.answers = lambda _: as_json(answer, 503)
    with client_for(server) as client:
        assert [part.name for part in client.readiness().components if not part.healthy] == ["postgres"]
    assert server.tokens_issued == 0


def test_no_secret_is_logged_or_shown(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    server.answers = lambda _: as_json(PROBLEM, 404, "application/problem+json")
    with caplog.at_level(logging.DEBUG), client_for(server) as client, pytest.raises(ApiProblem) as refused:
        client.sites()
    said = caplog.text + repr(client) + str(refused.value)
    assert "404" in caplog.text
    assert API_KEY not in said
    assert "token-1" not in said
