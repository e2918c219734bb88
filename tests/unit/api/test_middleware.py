"""What happens around every route: ids, headers, measured requests, and bodies that are too large."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fastapi import FastAPI, Request, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import handlers
from api.metrics import Metrics
from api.middleware import BodyLimit, RequestFrame
from tests.unit.api.asking import ask, streamed

PLAIN_LIMIT, UPLOAD_LIMIT = 1_000, 5_000


class CountsBytes:
    """Stands where the server does: how much of a body was asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.taken_bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def counted() -> Message:
            message = await receive()
            self.taken_bytes += len(message.get("body", b""))
            return message

        await self._app(scope, counted, send)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def app(metrics: Metrics) -> FastAPI:
    made = FastAPI(openapi_url=None)
    handlers.install(made)

    @made.post("/things/{thing}")
    async def thing(thing: str, request: Request) -> int:
        return len(await request.body())

    @made.post("/json")
    def json(body: dict[str, str]) -> int:
        return len(body)

    @made.get("/own")
    def own() -> Response:
        return Response("", headers={"Cache-Control": "max-age=60"})

    @made.get("/bug")
    def bug() -> None:
        raise KeyError("bug")

    made.add_middleware(BodyLimit, max_upload_bytes=UPLOAD_LIMIT, max_plain_bytes=PLAIN_LIMIT)
    made.add_middleware(RequestFrame, metrics=metrics)
    return made


def test_an_answer_carries_the_callers_request_id(app: FastAPI) -> None:
    assert ask(app, "POST", "/things/1", headers={"X-Request-ID": "abc-1"}).headers["x-request-id"] == "abc-1"


@pytest.mark.parametrize("offered", [None, "", "a b", "x" * 65, "<script>", "a;b"])
def test_a_request_without_a_usable_id_gets_one(app: FastAPI, offered: str | None) -> None:
    headers = {} if offered is None else {"X-Request-ID": offered}
    given = [ask(app, "POST", "/things/1", headers=headers).headers["x-request-id"] for _ in range(2)]
    assert offered not in given
    assert len({*given}) == 2
    assert all(len(request_id) == 32 for request_id in given)


@pytest.mark.parametrize("path", ["/things/1", "/nothing", "/json", "/bug"])
def test_every_answer_carries_the_standard_headers(app: FastAPI, path: str) -> None:
    answer = ask(app, "GET" if path == "/bug" else "POST", path)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "access-control-allow-origin" not in answer.headers
    assert len(answer.headers["x-request-id"]) == 32


def test_a_routes_own_header_wins(app: FastAPI) -> None:
    assert ask(app, "GET", "/own").headers["cache-control"] == "max-age=60"


def test_an_unexpected_error_keeps_the_request_id(app: FastAPI) -> None:
    answer = ask(app, "GET", "/bug", headers={"X-Request-ID": "abc-2"})
    assert answer.status_code == 500
    assert answer.json()["request_id"] == answer.headers["x-request-id"] == "abc-2"


def sample(metrics: Metrics, name: str, **labels: str) -> float | None:
    return metrics.registry.get_sample_value(name, labels)


def test_requests_are_counted_by_template_and_status(app: FastAPI, metrics: Metrics) -> None:
    for number in range(3):
        ask(app, "POST", f"/things/{number}")
    ask(app, "GET", "/bug")
    counted = {"method": "POST", "route": "/things/{thing}", "status": "200"}
    assert sample(metrics, "footfall_http_requests_total", **counted) == 3
    assert sample(metrics, "footfall_http_requests_total", method="GET", route="/bug", status="500") == 1
    assert sample(metrics, "footfall_http_request_seconds_count", method="POST", route="/things/{thing}") == 3


def test_paths_and_methods_of_others_make_no_new_labels(app: FastAPI, metrics: Metrics) -> None:
    for number in range(5):
        ask(app, f"MADEUP{number}", f"/scan/{number}")
    assert sample(metrics, "footfall_http_requests_total", method="other", route="unmatched", status="404") == 5


def test_a_body_within_the_limit_passes(app: FastAPI) -> None:
    assert ask(app, "POST", "/things/1", content=b"x" * PLAIN_LIMIT).json() == PLAIN_LIMIT


def test_a_body_that_states_too_much_is_refused_unread(app: FastAPI) -> None:
    counting = CountsBytes(app)
    answer = ask(counting, "POST", "/things/1", content=b"x" * (PLAIN_LIMIT + 1))
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:footfall:problem:request-too-large"
    assert str(PLAIN_LIMIT) in answer.json()["detail"]
    assert counting.taken_bytes == 0


@pytest.mark.parametrize("path", ["/things/1", "/json"])
def test_a_body_that_states_nothing_is_cut_off_where_it_becomes_too_much(app: FastAPI, path: str) -> None:
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100_000):
            sent += 100
            yield b"x" * 100

    counting = CountsBytes(app)
    answer = ask(counting, "POST", path, content=streamed(endless()), headers={"content-type": "application/json"})
    assert answer.status_code == 413
    assert answer.json()["type"] == "urn:footfall:problem:request-too-large"
    assert counting.taken_bytes == PLAIN_LIMIT + 100
    assert sent <= PLAIN_LIMIT + 200


def test_uploads_have_a_limit_of_their_own(app: FastAPI) -> None:
    headers = {"content-type": "Multipart/Form-Data; boundary=x"}
    assert ask(app, "POST", "/things/1", content=b"x" * UPLOAD_LIMIT, headers=headers).json() == UPLOAD_LIMIT
    assert ask(app, "POST", "/things/1", content=b"x" * (UPLOAD_LIMIT + 1), headers=headers).status_code == 413


def test_a_length_that_lies_does_not_help(app: FastAPI) -> None:
    answer = ask(
        app, "POST", "/things/1", content=streamed([b"x" * (PLAIN_LIMIT + 1)]), headers={"content-length": "10"}
    )
    assert answer.status_code == 413
