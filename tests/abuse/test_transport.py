"""HTTP written by hand: requests that two readers could read differently, and callers who never finish theirs. One
answer a request, never a second one, and the others are served meanwhile."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from tests.abuse.world import World
from tests.integration.api.harness import Caller

_ENOUGH_BYTES = 1_000_000


@pytest.fixture
def admin(world: World) -> Caller:
    return world.caller("tenant_admin", world.own, shared=True)


def connect(caller: Caller) -> socket.socket:
    address = urlsplit(str(caller.http.base_url))
    return socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10)


def exchange(caller: Caller, data: bytes) -> bytes:
    """Everything that the server says until it closes, or has said nothing for a moment."""
    with connect(caller) as line:
        line.sendall(data)
        line.settimeout(1.0)
        said = b""
        try:
            while len(said) < _ENOUGH_BYTES:
                more = line.recv(65_536)
                if not more:
                    break
                said += more
        except (TimeoutError, ConnectionResetError):
            pass
        return said


def statuses(said: bytes) -> list[int]:
    return [int(part[:3]) for part in said.split(b"HTTP/1.1 ")[1:]]


def head(caller: Caller, first: str, *more: str) -> bytes:
    lines = [first, "Host: api", f"Authorization: Bearer {caller.token}", *more]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n"


SITE = b'{"name": "Smuggled", "timezone": "UTC"}'
SMUGGLED = b"GET /v1/smuggled HTTP/1.1\r\nHost: api\r\n\r\n"

FRAMINGS: dict[str, tuple[list[str], bytes]] = {
    "two lengths": ([f"Content-Length: {len(SITE)}", "Content-Length: 0"], SITE),
    "two lengths in one": ([f"Content-Length: {len(SITE)}, 0"], SITE),
    "a length and chunks": ([f"Content-Length: {len(SITE)}", "Transfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
    "chunks and a length": (["Transfer-Encoding: chunked", "Content-Length: 5"], b"0\r\n\r\n" + SMUGGLED),
    "chunks written otherwise": (["Transfer-Encoding: xchunked"], b"0\r\n\r\n" + SMUGGLED),
    "chunks twice": (["Transfer-Encoding: chunked", "Transfer-Encoding: identity"], b"0\r\n\r\n" + SMUGGLED),
    "a space before the colon": (["Transfer-Encoding : chunked"], b"0\r\n\r\n" + SMUGGLED),
    "a tab before chunked": (["Transfer-Encoding:\x0bchunked"], b"0\r\n\r\n" + SMUGGLED),
    "a folded header": (["Transfer-Encoding:\r\n chunked", "Content-Length: 0"], b"0\r\n\r\n" + SMUGGLED),
    "a negative length": (["Content-Length: -1"], SITE),
    "a length with a sign": ([f"Content-Length: +{len(SITE)}"], SITE),
    "a length in hexadecimal": (["Content-Length: 0x27"], SITE),
    "a length beyond all bounds": (["Content-Length: 99999999999999999999999999"], SITE),
    "a chunk beyond all bounds": (["Transfer-Encoding: chunked"], b"FFFFFFFFFFFFFFFFF\r\n" + SITE),
    "a chunk that is no number": (["Transfer-Encoding: chunked"], b"zz\r\n" + SITE),
    "a chunk without its end": (["Transfer-Encoding: chunked"], b"3\r\nabcGET / HTTP/1.1\r\n\r\n"),
    "a bare line feed": (["X-A: b\nTransfer-Encoding: chunked"], b"0\r\n\r\n" + SMUGGLED),
    "a bare carriage return": (["X-A: b\rContent-Length: 5"], SITE),
    "a header without a name": ([": chunked"], SITE),
    "a NUL in a header": (["X-A: a\x00b"], SITE),
}


@pytest.mark.parametrize("framing", FRAMINGS)
def test_a_request_that_two_readers_read_differently_is_read_as_none(admin: Caller, framing: str) -> None:
    """No site is made of it, and what hides behind it is no request."""
    headers, body = FRAMINGS[framing]
    said = exchange(admin, head(admin, "POST /v1/sites HTTP/1.1", "Content-Type: application/json", *headers) + body)
    assert statuses(said) in ([], [400], [413], [415], [422]), said
    assert b"/v1/smuggled" not in said
    assert all(site["name"] != "Smuggled" for site in admin.get("/v1/sites", limit=500)["items"])


def test_a_request_behind_an_honest_one_is_answered(admin: Caller) -> None:
    """Which is what tells the cases above from a server that answers but once."""
    said = exchange(admin, head(admin, "GET /v1/sites?limit=1 HTTP/1.1") + SMUGGLED)
    assert statuses(said) == [200, 404]


LINES = [
    "GET /v1/sites HTTP/9.9", "G\x00T /v1/sites HTTP/1.1",
    "GET /v1/si\x00tes HTTP/1.1", "TEACH /v1/sites HTTP/1.1",
    "CONNECT api:443 HTTP/1.1", "PRI * HTTP/2.0",
]  # fmt: skip


@pytest.mark.parametrize("line", LINES, ids=repr)
def test_a_line_that_is_no_request_shows_nothing(admin: Caller, line: str) -> None:
    said = exchange(admin, head(admin, line))
    assert 200 not in statuses(said), said
    assert b'"items"' not in said


@pytest.mark.parametrize(
    "path",
    [
        "/v1/sites/%0d%0aX-Injected:%201", "/v1/sites?cursor=%0d%0aSet-Cookie:%20a=b", "/%2e%2e/%2e%2e/etc/passwd",
        "/v1/../../etc/passwd", "//v1/sites", "/v1/sites/%2e%2e/staff", "/v1/sites%00", "/v1/sites/%c0%ae%c0%ae",
        "/V1/SITES", "/v1/sites;a=b", "/v1//sites", "/v1/sites/", "http://inside.example/v1/sites/",
    ],
)  # fmt: skip
def test_no_path_leads_elsewhere_and_nothing_of_it_becomes_a_header(admin: Caller, path: str) -> None:
    said = exchange(admin, head(admin, f"GET {path} HTTP/1.1", "Connection: close"))
    assert all(status in {400, 404, 405, 422} for status in statuses(said)), said
    headers = said.partition(b"\r\n\r\n")[0].lower()
    assert b"x-injected" not in headers
    assert b"set-cookie" not in headers
    assert b"root:" not in said


@pytest.mark.parametrize("name", ["X-Request-ID", "Idempotency-Key", "X-Forwarded-For", "Origin", "If-None-Match"])
def test_no_header_is_given_back_with_more_in_it(admin: Caller, name: str) -> None:
    for value in ("a\x7fb", "a" * 3_000, "<script>", "a, b", '"', "\u00e4"):
        sent = {b"Authorization": f"Bearer {admin.token}".encode(), name.encode(): value.encode("latin-1")}
        answer = admin.http.get("/v1/sites", headers=sent)
        assert answer.status_code in (200, 400, 422), answer.text
        assert value not in answer.headers.values()


@pytest.mark.parametrize("order", ["first", "second"])
def test_of_two_proofs_none_is_believed_over_the_other(admin: Caller, world: World, order: str) -> None:
    """A proxy could have judged by the other one."""
    both = [f"Authorization: Bearer {admin.token}", "Authorization: Bearer nobody"]
    lines = [
        "GET /v1/sites HTTP/1.1",
        "Host: api",
        *(both if order == "first" else reversed(both)),
        "Connection: close",
    ]
    said = exchange(admin, "\r\n".join(lines).encode() + b"\r\n\r\n")
    assert statuses(said) == [401], said


@pytest.mark.parametrize(
    "more", [["X-A: " + "a" * 200_000], [f"X-{number}: 1" for number in range(9_000)], ["Cookie: " + "a=b; " * 60_000]],
    ids=["one that is long", "many", "cookies"],
)  # fmt: skip
def test_headers_without_end_are_refused(admin: Caller, more: list[str]) -> None:
    said = exchange(admin, head(admin, "GET /v1/sites HTTP/1.1", *more))
    assert statuses(said) == [400], said[:300]


_POST = b"POST /v1/auth/token HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
UNFINISHED: dict[str, bytes] = {
    "nothing": b"",
    "half a line": b"GET /v1/si",
    "half the headers": b"GET /v1/sites HTTP/1.1\r\nHost: a",
    "half a body": _POST + b"Content-Length: 99\r\n\r\n{",
    "half a chunk": _POST + b"Transfer-Encoding: chunked\r\n\r\nff\r\na",
}


def _many(caller: Caller, start: bytes, count: int) -> Iterator[socket.socket]:
    for _ in range(count):
        line = connect(caller)
        line.sendall(start)
        yield line


@pytest.mark.parametrize("start", UNFINISHED)
def test_callers_who_never_finish_keep_nobody_waiting(admin: Caller, start: str) -> None:
    with ExitStack() as lines:
        for line in _many(admin, UNFINISHED[start], 150):
            lines.enter_context(line)
        for _ in range(5):
            assert admin.ask("GET", "/v1/sites", params={"limit": 1}).status_code == 200
        assert admin.http.get("/healthz").status_code == 200
    assert admin.ask("GET", "/v1/sites", params={"limit": 1}).status_code == 200
