"""What is written into requests, in every body and parameter of the document: fields that nobody may set, texts that
break servers and languages inside, addresses that must not be reached. Each is refused, and none is the server's error.
"""

from __future__ import annotations

import copy
import json
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from contracts.base import Role
from tests.abuse import cases
from tests.abuse.cases import Request
from tests.abuse.operations import Json, Operation, operations, resolved
from tests.abuse.world import World
from tests.integration.api.harness import Caller

WITH_JSON = [found for found in operations() if found.media_type == "application/json"]
WITH_PARTS = [found for found in operations() if found.media_type == "multipart/form-data"]
# A picture's address is signed whole: another parameter makes it another address, at which there is nothing.
WITH_QUERY = [found for found in operations() if found.query_parameters and found.name != "getFaceImage"]
# What an attacker would like to set, and a name that is nobody's.
ASSIGNED: dict[str, object] = {
    "tenant_id": "00000000-0000-4000-8000-000000000000",
    "role": "system_admin",
    "platform": True,
    "version": 99,
    "created_at": "2020-01-01T00:00:00Z",
    "password_hash": "none",
    "__proto__": {"admin": True},
    "nobodys": 1,
}
INJECTED = [
    "'; drop table footfall.sites; --", "created_at; select pg_sleep(9)", "(select 1)", "1 or 1=1", "name desc, 1",
    "-created_at,name", "created_at/**/", '" or tenant_id != "', "%s%(x)s{0}", "../../etc/passwd", "\u0000", "-1",
    "9" * 40, "NaN", "null", "[]", "\ud7ff\u202e",
]  # fmt: skip
# As JSON text: a lone surrogate and bytes that are no UTF-8 have no other form.
NASTY = [b'"\\u0000"', b'"\\ud800"', b'"\xff\xfe"', b"[" * 3_000 + b"]" * 3_000, b"1e999", b'"' + b"x" * 100_000 + b'"']
_MARK = "@@nasty@@"


def asker(world: World, operation: Operation) -> Caller:
    """Somebody whom the access table lets in, and whose request changes nothing, for it is refused."""
    roles: tuple[Role, ...] = ("tenant_admin", "worker", "system_admin")
    access = operation.access
    role = next(role for role in roles if access == "public" or role in access)
    return world.caller(role, world.own, shared=True)


def ask(caller: Caller, request: Request, **instead: Any) -> tuple[int, str]:
    arguments = {**request.arguments(), **instead}
    answer = caller.ask(request.method, request.path, **arguments)
    return answer.status_code, answer.text


def own_request(world: World, operation: Operation) -> Request:
    return cases.request_of(operation, world.own, world.sibling)


def _objects(value: object) -> Iterator[Json]:
    """Every object in a document, itself included."""
    if isinstance(value, dict):
        yield value
        for item in value.values():
            yield from _objects(item)
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


@pytest.mark.parametrize("operation", WITH_JSON, ids=str)
def test_no_field_can_be_assigned_that_the_contract_does_not_name(world: World, operation: Operation) -> None:
    caller, request = asker(world, operation), own_request(world, operation)
    for index, _ in enumerate(_objects(request.body)):
        for name, value in ASSIGNED.items():
            body = copy.deepcopy(request.body)
            target = list(_objects(body))[index]
            if name in target or _is_open(operation, name):
                continue
            target[name] = value
            status, said = ask(caller, request, json=body)
            assert status == 422, f"{name} beside {sorted(target)}: {said}"


def _is_open(operation: Operation, name: str) -> bool:
    """Whether the contract itself has such a field, in the body or in some variant of it."""
    return f'"{name}"' in json.dumps([resolved(operation.body or {}), *_variants(operation.body or {})])


def _variants(schema: Json) -> list[Json]:
    return [resolved(choice) for kind in ("oneOf", "anyOf") for choice in resolved(schema).get(kind, [])]


@pytest.mark.parametrize("operation", WITH_PARTS, ids=str)
def test_no_part_is_taken_that_the_contract_does_not_name(world: World, operation: Operation) -> None:
    caller, request = asker(world, operation), own_request(world, operation)
    for name in ("tenant_id", "role", "nobodys"):
        files = [*request.arguments()["files"], (name, (None, b"x", "text/plain"))]
        status, said = ask(caller, request, files=files)
        assert status == 422, said


@pytest.mark.parametrize("operation", WITH_QUERY, ids=str)
def test_a_parameter_that_the_contract_does_not_name_is_refused(world: World, operation: Operation) -> None:
    status, said = ask(asker(world, operation), own_request(world, operation), params={"nobodys": "1"})
    assert status == 422, said


@pytest.mark.parametrize("operation", WITH_QUERY, ids=str)
def test_nothing_in_a_parameter_is_run_or_breaks_anything(world: World, operation: Operation) -> None:
    """Of sorting and cursors, all of it is refused; of the others, what is no value of theirs."""
    caller, request = asker(world, operation), own_request(world, operation)
    for name, schema in operation.query_parameters.items():
        for value in INJECTED:
            status, said = ask(caller, request, params={name: value})
            assert status < 500, f"{name}={value!r}: {said}"
            if name in {"sort", "cursor", "limit"} or "format" in schema or "enum" in schema:
                assert status == 422, f"{name}={value!r} was taken: {said[:300]}"


@pytest.mark.parametrize("operation", [*WITH_JSON, *WITH_PARTS], ids=str)
def test_no_text_in_a_body_is_the_servers_error(world: World, operation: Operation) -> None:
    caller, request = asker(world, operation), own_request(world, operation)
    for steps, leaf in cases.leaves(request.body, ()):
        if not isinstance(leaf, str):
            continue
        for value in NASTY:
            marked = copy.deepcopy(request.body)
            target: Any = marked
            for step in steps[:-1]:
                target = target[step]
            target[steps[-1]] = _MARK
            status, said = ask(caller, request, **_spoiled(request, marked, value))
            assert 400 <= status < 500 or (status == 200 and "problem" in said), f"{steps} {value[:20]!r}: {said[:300]}"


def _spoiled(request: Request, marked: Any, value: bytes) -> Json:
    """The body's bytes with the nasty value in the place of the mark, as httpx sends it."""

    def spoil(part: object) -> bytes:
        return json.dumps(part).encode().replace(f'"{_MARK}"'.encode(), value)

    if request.files is None:
        return {
            "json": None,
            "content": spoil(marked),
            "headers": {**request.headers, "content-type": "application/json"},
        }
    told = [(name, (None, spoil(part), "application/json")) for name, part in marked.items()]
    return {"files": [*told, *request.files]}


# Addresses of the machine itself, of its network's insides and of clouds' secrets, and ways to write them differently.
INSIDE = [
    "169.254.169.254/latest/meta-data/", "[fd00:ec2::254]/", "127.0.0.1/", "localhost/", "[::1]/", "0.0.0.0/",
    "2130706433/", "0x7f.1/", "127.1/", "[::ffff:169.254.169.254]/", "metadata.google.internal@127.0.0.1/",
]  # fmt: skip


def _addresses() -> Iterator[tuple[Operation, str]]:
    for operation in [*WITH_JSON]:
        for schema in [resolved(operation.body or {}), *_variants(operation.body or {})]:
            for name in schema.get("properties", {}):
                # Where a worker is reached is looked at when it is called: the test below.
                if (name == "url" or name.endswith("_url")) and name != "advertised_url":
                    yield operation, name


ADDRESSES = list(_addresses())


def test_there_are_addresses_that_callers_give() -> None:
    assert {name for _, name in ADDRESSES} >= {"source_url"}


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize(("operation", "name"), ADDRESSES, ids=str)
def test_no_address_inside_is_taken(world: World, operation: Operation, name: str, inside: str) -> None:
    caller, request = asker(world, operation), own_request(world, operation)
    for scheme in ("rtsp", "http", "https", "file", "gopher"):
        status, said = ask(caller, request, json={**request.body, name: f"{scheme}://{inside}"})
        assert status == 422, f"{scheme}://{inside} was taken: {said}"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "2130706433"])
def test_a_worker_that_says_it_lives_inside_is_not_called_there(world: World, host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as inside:
        inside.settimeout(0.5)
        worker = world.caller("worker", world.own, shared=True)
        admin = world.caller("tenant_admin", world.own, shared=True)
        path = f"/v1/workers/{world.own.worker_id}"
        beat = own_request(world, next(found for found in WITH_JSON if found.name == "sendHeartbeat")).body
        address = f"http://{host}:{inside.getsockname()[1]}"
        answer = worker.ask("POST", f"{path}/heartbeat", json={**beat, "advertised_url": address})
        assert answer.status_code in (200, 422), answer.text
        command = admin.post(f"{path}/commands", {"command": {"kind": "reload-gallery"}})
        assert command["delivery"] != "direct"
        with pytest.raises(TimeoutError):
            inside.accept()
