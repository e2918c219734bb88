"""A request's fingerprint: one request has one, in however many pieces it comes; another has another."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.idempotency import Fingerprint, takes_key


def scope(
    content_type: str = "application/json", path: str = "/v1/sites", query: bytes = b"", method: str = "POST"
) -> Any:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query,
        "headers": [(b"content-type", content_type.encode())],
    }


def fingerprint(of: Any, *chunks: bytes) -> bytes:
    made = Fingerprint(of)
    for chunk in chunks:
        made.update(chunk)
    return made.digest()


def upload(boundary: str, content: bytes) -> tuple[Any, bytes]:
    lines = [
        f"--{boundary}".encode(),
        b'Content-Disposition: form-data; name="image"; filename="a.jpg"',
        b"",
        content,
        f"--{boundary}--".encode(),
        b"",
    ]
    return scope(f"multipart/form-data; boundary={boundary}", "/v1/staff/1/faces"), b"\r\n".join(lines)


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_it_does_not_matter_in_which_pieces_the_body_comes(body: bytes, cuts: list[int]) -> None:
    places = [0, *sorted(cut for cut in cuts if cut < len(body)), len(body)]
    pieces = [body[start:end] for start, end in pairwise(places)]
    assert fingerprint(scope(), *pieces) == fingerprint(scope(), body)


@given(st.lists(st.integers(0, 400), max_size=8))
def test_an_uploads_boundary_is_left_out_even_where_it_is_cut(cuts: list[int]) -> None:
    first, body = upload("4f2b9c", b"JFIF" * 20)
    second, again = upload("0123456789abcdef0123456789abcdef", b"JFIF" * 20)
    places = [0, *sorted(cut for cut in cuts if cut < len(again)), len(again)]
    pieces = [again[start:end] for start, end in pairwise(places)]
    assert fingerprint(second, *pieces) == fingerprint(first, body)
    assert fingerprint(*upload("4f2b9c", b"JFIF" * 19)) != fingerprint(first, body)


@pytest.mark.parametrize(
    "other",
    [
        scope(path="/v1/staff"),
        scope(query=b"overrule=spoof"),
        scope(content_type="text/plain"),
        scope(method="PUT"),
    ],
)
def test_another_request_has_another(other: Any) -> None:
    assert fingerprint(other, b"{}") != fingerprint(scope(), b"{}")
    assert fingerprint(scope(), b"{ }") != fingerprint(scope(), b"{}")


def test_a_boundary_that_is_written_strangely_does_no_harm() -> None:
    for content_type in ("multipart/form-data", 'multipart/form-data; boundary=""', "multipart/form-data; boundary=a"):
        assert len(fingerprint(scope(content_type), b"aaa", b"a")) == 32


@pytest.mark.parametrize(
    ("method", "path", "public", "takes"),
    [
        ("POST", "/v1/sites", False, True),
        ("POST", "/v1/workers/register", True, False),
        ("POST", "/v1/events/face", False, False),
        ("POST", "/v1/auth/switch", False, False),
        ("PATCH", "/v1/sites/{site_id}", False, False),
    ],
)
def test_posts_that_make_something_take_a_key(method: str, path: str, public: bool, takes: bool) -> None:
    assert takes_key(method, path, public=public) is takes
