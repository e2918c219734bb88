"""Every field of every body with values that break servers: whatever it is, it is never the server's error."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, parts
from tests.integration.api.harness import Json

# As JSON text, for some of them have no other form.
NASTY = [
    "null", "true", "-1", "0", "1" + "0" * 30, "9" * 400, "1e308", "-1e308", "1e400", "NaN", '""', '" "', '"\\u0000"',
    '"\\ud800"', '"' + "x" * 5_000 + '"', '"%s{}\';--"', "[]", "{}", "[[[[[[]]]]]]", '"0001-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59Z"', '"2026-02-30T00:00:00Z"', "253402300800",
]  # fmt: skip
_MARK = "@@nasty@@"


def spoiled(document: Json) -> Iterator[tuple[str, bytes]]:
    """(path, JSON) of the document with each of its values in turn replaced by each nasty one."""
    for path in _paths(document, ()):
        marked = copy.deepcopy(document)
        target: Any = marked
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = _MARK
        for value in NASTY:
            yield "/".join(map(str, path)), json.dumps(marked).replace(f'"{_MARK}"', value).encode()


def _paths(value: object, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _paths(item, (*path, key))
    elif isinstance(value, list) and value:
        yield from _paths(value[0], (*path, 0))


def test_no_value_in_an_event_is_the_servers_error(tenant: Tenant) -> None:
    worker = tenant.caller("worker")
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    answers: dict[int, int] = {}
    for path, content in spoiled(face_event(camera_id, who=1)):
        answer = worker.ask("POST", "/v1/events/face", files=parts(content))
        assert answer.status_code < 500, f"{path}: {content[-300:]!r}"
        answers[answer.status_code] = answers.get(answer.status_code, 0) + 1
    assert answers[422] > 500
    assert set(answers) <= {200, 400, 404, 409, 422}


def test_no_value_in_a_json_body_is_the_servers_error(tenant: Tenant) -> None:
    site = tenant.site()
    bodies = {
        "/v1/sites": {"name": "A", "timezone": "UTC", "visit_gap_minutes": 30},
        "/v1/cameras": {"site_id": site["site_id"], "name": "A"},
        "/v1/staff": {"display_name": "A", "external_ref": "1"},
        "/v1/auth/token": {"grant_type": "password", "tenant": "acme", "email": "a@b.example", "password": "hunter2"},
    }
    headers = {"content-type": "application/json"}
    refused = 0
    for path, body in bodies.items():
        for where, content in spoiled(body):
            answer = tenant.admin.ask("POST", path, content=content, headers=headers)
            assert answer.status_code < 500, f"{path} {where}: {content[:300]!r}"
            refused += answer.status_code >= 400
    assert refused > 100


def test_no_value_of_a_parameter_is_the_servers_error(tenant: Tenant) -> None:
    values = ["", "%00", "%ff", "-1", "9" * 30, "null", "x" * 2_000, "2026-11-22", "0001-01-01T00:00:00Z", "%2e%2e%2f"]
    paths = {
        "/v1/sites": ["limit", "cursor"],
        "/v1/cameras": ["site_id", "limit", "cursor"],
        "/v1/staff": ["limit", "cursor"],
        "/v1/visits": ["site_id", "camera_id", "person_kind", "since", "until", "limit", "cursor"],
        "/v1/reports/traffic": ["bucket", "site_id", "since", "until", "source"],
        "/v1/reports/days": ["site_id", "since", "until", "format"],
        "/v1/reports/occupancy": ["site_id", "since", "until", "format"],
        "/v1/reports/cohorts": ["site_id", "since", "until", "format"],
    }
    for path, names in paths.items():
        for name in names:
            for value in values:
                answer = tenant.admin.ask("GET", f"{path}?{name}={value}")
                assert answer.status_code < 500, f"{path}?{name}={value}"
