"""Multipart bodies: the parts a route names, whole, in time, and never on the disk."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator
from typing import Any

import anyio
import pytest
from fastapi import FastAPI, Request

from api import handlers
from api.uploads import PartRule, read_parts
from tests.unit.api.asking import ask, streamed

RULES = (PartRule("event", required=True, file=False), PartRule("image", required=False, file=True))
EVENT = {"event": (None, b'{"a": 1}', "application/json")}
WHOLE_EVENT = b"--line\r\nContent-Disposition: form-data; name=event\r\n\r\n{}\r\n"
FORM = {"content-type": "multipart/form-data; boundary=line"}


@pytest.fixture(scope="module")
def app() -> FastAPI:
    made = FastAPI(openapi_url=None)
    handlers.install(made)

    @made.post("/upload")
    async def upload(request: Request) -> dict[str, int]:
        parts = await read_parts(request, RULES, within_seconds=0.3)
        return {name: len(content) for name, content in parts.items()}

    return made


def refusal(app: FastAPI, **request: Any) -> dict[str, Any]:
    answer = ask(app, "POST", "/upload", **request)
    document: dict[str, Any] = answer.json()
    assert document["status"] == answer.status_code
    return document


def test_parts_arrive_byte_for_byte(app: FastAPI) -> None:
    image = bytes(range(256)) * 10_000
    answer = ask(app, "POST", "/upload", files={**EVENT, "image": ("a.jpg", image)})
    assert answer.json() == {"event": 8, "image": len(image)}


def test_an_optional_part_may_be_missing(app: FastAPI) -> None:
    assert ask(app, "POST", "/upload", files=EVENT).json() == {"event": 8}


def test_an_event_sent_as_a_file_is_taken_too(app: FastAPI) -> None:
    assert ask(app, "POST", "/upload", files={"event": ("event.json", b"{}")}).json() == {"event": 2}


@pytest.mark.parametrize(
    ("files", "field", "message"),
    [
        ([("image", ("a.jpg", b"x"))], "event", "missing"),
        ([*EVENT.items(), *EVENT.items()], "event", "more than once"),
        ([*EVENT.items(), ("picture", ("a.jpg", b"x"))], "picture", "no such part; this route takes event and image"),
        ([*EVENT.items(), ("image", (None, b"x"))], "image", "file name"),
    ],
)
def test_parts_that_do_not_fit_are_named(app: FastAPI, files: Any, field: str, message: str) -> None:
    found = refusal(app, files=files)
    assert (found["status"], found["type"]) == (422, "urn:footfall:problem:invalid-request")
    [problem] = found["errors"]
    assert problem["field"] == field
    assert message in problem["message"]


@pytest.mark.parametrize("media_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
def test_another_media_type_is_unsupported(app: FastAPI, media_type: str) -> None:
    found = refusal(app, content=b"{}", headers={"content-type": media_type})
    assert (found["status"], found["type"]) == (415, "urn:footfall:problem:unsupported-media-type")
    assert media_type in found["detail"]


@pytest.mark.parametrize(
    ("content", "headers"),
    [
        (b"not multipart at all", FORM),
        (b"--line\r\nContent-Disposition: form-data\r\n\r\nx\r\n--line--\r\n", FORM),
        (b"--line\r\nContent-Disposition: form-data; name=event\r\n\r\n{", FORM),
        (WHOLE_EVENT + b"--line\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\nJFIF", FORM),
        (WHOLE_EVENT + b"--line", FORM),
        (b"", {"content-type": "multipart/form-data"}),
        (b"--line--", {"content-type": "multipart/form-data; boundary="}),
    ],
)
def test_a_body_that_is_no_multipart_is_malformed(app: FastAPI, content: bytes, headers: dict[str, str]) -> None:
    found = refusal(app, content=content, headers=headers)
    assert (found["status"], found["type"]) == (400, "urn:footfall:problem:malformed-request")


def test_a_crowd_of_parts_is_refused(app: FastAPI) -> None:
    assert refusal(app, files=[("image", (f"{n}.jpg", b"x")) for n in range(100)])["status"] == 400


def test_an_endless_event_is_refused(app: FastAPI) -> None:
    assert refusal(app, files={"event": (None, b"x" * 100_000)})["status"] == 400


def test_a_body_that_does_not_arrive_is_given_up(app: FastAPI) -> None:
    async def stalled() -> AsyncIterator[bytes]:
        yield b"--line\r\n"
        await anyio.sleep(30)

    found = refusal(app, content=stalled(), headers=FORM)
    assert (found["status"], found["type"]) == (408, "urn:footfall:problem:request-timeout")


def test_nothing_of_an_upload_touches_the_disk(app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    # Wherever a spooled file would go, there is no such folder.
    monkeypatch.setattr(tempfile, "tempdir", "/nonexistent")
    answer = ask(app, "POST", "/upload", files={**EVENT, "image": ("a.jpg", b"x" * 5_000_000)})
    assert answer.json()["image"] == 5_000_000


def test_a_chunked_body_is_read_alike(app: FastAPI) -> None:
    body = WHOLE_EVENT + b"--line--\r\n"
    chunks = [body[index : index + 1] for index in range(len(body))]
    assert ask(app, "POST", "/upload", content=streamed(chunks), headers=FORM).json() == {"event": 2}
