"""Multipart bodies and pictures that attack, at every operation that takes one: refused, and the server stays well."""

from __future__ import annotations

import json

import psutil
import pytest

from contracts.base import Role
from tests.abuse import cases
from tests.abuse.operations import Operation, operations, resolved
from tests.abuse.pictures import BOMBS, POLYGLOTS, png_that_says_less
from tests.abuse.seeds import PARTS
from tests.abuse.world import World
from tests.integration.api.harness import Caller

UPLOADS = [found for found in operations() if found.media_type == "multipart/form-data"]
PICTURED = [found for found in UPLOADS if {"image", "images"} & set(resolved(found.body or {})["properties"])]
_FILE = b'; filename="a"'
_HEAD = b'Content-Disposition: form-data; name="'


def asker(world: World, operation: Operation) -> Caller:
    role: Role = "tenant_admin" if operation.access != "public" and "tenant_admin" in operation.access else "worker"
    return world.caller(role, world.own, shared=True)


def post(world: World, operation: Operation, body: bytes, content_type: str, **headers: str) -> tuple[int, str]:
    request = cases.request_of(operation, world.own, world.sibling)
    sent = {**request.headers, "content-type": content_type, **headers}
    answer = asker(world, operation).ask(request.method, request.path, content=body, headers=sent, params=request.query)
    return answer.status_code, answer.text


def _part(name: bytes, data: bytes, more: bytes = b"") -> bytes:
    return b"--x\r\n" + _HEAD + name + b'"' + more + b"\r\n\r\n" + data + b"\r\n"


FORMS: dict[str, tuple[bytes, str]] = {
    "no boundary": (_part(b"image", b"a") + b"--x--\r\n", "multipart/form-data"),
    "an empty boundary": (_part(b"image", b"a") + b"--x--\r\n", "multipart/form-data; boundary="),
    "another boundary": (_part(b"image", b"a") + b"--x--\r\n", "multipart/form-data; boundary=y"),
    "an endless boundary": (_part(b"image", b"a") + b"--x--\r\n", "multipart/form-data; boundary=" + "x" * 5_000),
    "no end": (_part(b"image", b"a", b'; filename="a"'), "multipart/form-data; boundary=x"),
    "no parts": (b"--x--\r\n", "multipart/form-data; boundary=x"),
    "nothing": (b"", "multipart/form-data; boundary=x"),
    "thousands of parts": (_part(b"image", b"", _FILE) * 20_000 + b"--x--\r\n", "multipart/form-data; boundary=x"),
    "thousands of fields": (_part(b"a", b"1") * 20_000 + b"--x--\r\n", "multipart/form-data; boundary=x"),
    "one field again and again": (_part(b"event", b"{}") * 50 + b"--x--\r\n", "multipart/form-data; boundary=x"),
    "a part in a part": (
        _part(b"image", b"--y\r\n\r\nb\r\n--y--\r\n", _FILE + b"\r\nContent-Type: multipart/mixed; boundary=y")
        + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "a name of 100,000 letters": (
        _part(b"image", b"a", b'; filename="' + b"a" * 100_000 + b'"') + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "thousands of headers in a part": (
        _part(b"image", b"a", _FILE + b"\r\nX-A: 1" * 20_000) + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "a field of a megabyte": (_part(b"event", b"x" * 1_000_000) + b"--x--\r\n", "multipart/form-data; boundary=x"),
    "no name": (b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--\r\n", "multipart/form-data; boundary=x"),
    "an attachment": (
        b"--x\r\nContent-Disposition: attachment\r\n\r\na\r\n--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "mixed": (_part(b"image", b"a") + b"--x--\r\n", "multipart/mixed; boundary=x"),
    "another type": (json.dumps({"image": "a"}).encode(), "application/json"),
    "too much": (b"--x\r\n" + bytes(3_100_000), "multipart/form-data; boundary=x"),
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("operation", UPLOADS, ids=str)
def test_a_body_that_is_no_honest_form_is_refused(world: World, operation: Operation, form: str) -> None:
    body, content_type = FORMS[form]
    status, said = post(world, operation, body, content_type)
    assert status in {400, 413, 415, 422}, said


@pytest.mark.parametrize("operation", UPLOADS, ids=str)
def test_a_compressed_body_is_not_unpacked(world: World, operation: Operation) -> None:
    bomb = BOMBS["a gzip bomb"]()
    status, said = post(world, operation, bomb, "multipart/form-data; boundary=x", **{"content-encoding": "gzip"})
    assert status in {400, 413, 415, 422}, said


@pytest.mark.parametrize("bomb", BOMBS)
@pytest.mark.parametrize("operation", PICTURED, ids=str)
def test_what_is_no_picture_is_refused(world: World, operation: Operation, bomb: str) -> None:
    """Whatever its name and type say. Of several photographs, the verdict on each says so."""
    status, said = _send(world, operation, BOMBS[bomb]())
    in_the_verdict = status == 200 and '"enrolled":0' in said and '"verdict":"enrolled"' not in said
    # A worker's event counts without its crop, which is the server's to judge.
    assert status in {400, 404, 409, 413, 422} or in_the_verdict or '"problem"' in said, said


def test_bombs_do_not_stay_in_memory(world: World) -> None:
    operation = next(found for found in PICTURED if found.name == "testRecognition")
    process = psutil.Process()
    for _ in range(2):
        _send(world, operation, BOMBS["a PNG of 100 megapixels"]())
    before = process.memory_info().rss
    for _ in range(5):
        _send(world, operation, png_that_says_less())
        _send(world, operation, BOMBS["a PNG of 100 megapixels"]())
    assert process.memory_info().rss - before < 60_000_000


@pytest.mark.parametrize("polyglot", POLYGLOTS)
def test_a_picture_that_is_something_else_too_is_given_back_as_a_picture_alone(world: World, polyglot: str) -> None:
    admin = world.here.admin
    staff = world.here.staff(f"Polyglot {polyglot}")
    path = f"/v1/staff/{staff['staff_id']}/faces"
    face = admin.post(path, files={"image": ("page.html", POLYGLOTS[polyglot](), "text/html")})
    answer = admin.ask("GET", f"{path}/{face['face_id']}/image")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def _send(world: World, operation: Operation, picture: bytes) -> tuple[int, str]:
    # What was reported of a command once is not looked at again.
    own = world.fresh() if operation.name == "reportCommand" else world.own
    request = cases.request_of(operation, own, world.sibling)
    arguments = request.arguments()
    arguments["files"] = [
        (name, ("face.jpg", picture, "image/jpeg") if PARTS.get(name, ("", b"", ""))[0] == "face.jpg" else part)
        for name, part in arguments["files"]
    ]
    caller = world.caller("worker", own) if operation.name == "reportCommand" else asker(world, operation)
    answer = caller.ask(request.method, request.path, **arguments)
    return answer.status_code, answer.text
