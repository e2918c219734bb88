"""Every route by every role, on the running API: the table is what is enforced."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import pytest

from api.auth import ACCESS, permitted
from contracts.base import Role
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import Caller, slug_of

NOWHERE = "00000000-0000-4000-8000-000000000000"
# The WebSocket is no HTTP; its own tests ask it as every role.
GUARDED = sorted(route for route, access in ACCESS.items() if access != "public" and route[0] != "WEBSOCKET")
PUBLIC = sorted(route for route, access in ACCESS.items() if access == "public")


@pytest.fixture(scope="module")
def somebody(new_tenant: Callable[..., Tenant]) -> Tenant:
    return new_tenant()


def answer_to(caller: Caller, method: str, path: str) -> tuple[int, str]:
    """Status and, of an answer that ends, its body: the stream goes on as long as somebody listens."""
    if path != "/v1/stream":
        answer = caller.ask(method, concrete(path))
        return answer.status_code, answer.text
    headers = {"Authorization": f"Bearer {caller.token}"}
    with caller.http.stream(method, path, headers=headers) as streamed:
        return streamed.status_code, "" if streamed.is_success else streamed.read().decode()


def concrete(path: str) -> str:
    for name in ("site_id", "camera_id", "staff_id", "face_id"):
        path = path.replace(f"{{{name}}}", NOWHERE)
    return path


@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_nobody_gets_in_without_a_token(running: Running, method: str, path: str) -> None:
    assert running.nobody.refused(method, concrete(path)).status == 401


@pytest.mark.parametrize("role", get_args(Role))
@pytest.mark.parametrize(("method", "path"), GUARDED)
def test_a_role_gets_where_the_table_lets_it(somebody: Tenant, role: Role, method: str, path: str) -> None:
    status, said = answer_to(somebody.caller(role), method, path)
    if permitted(role, ACCESS[(method, path)]):
        assert status not in (401, 403), said
    else:
        assert status == 403
        assert "urn:footfall:problem:forbidden" in said


@pytest.mark.parametrize(("method", "path"), PUBLIC)
def test_public_routes_ask_for_no_token(running: Running, method: str, path: str) -> None:
    answer = running.nobody.http.request(method, path)
    assert answer.status_code not in (401, 403)


def test_a_role_is_judged_before_its_request_is(somebody: Tenant) -> None:
    found = somebody.caller("site_manager").refused("POST", "/v1/sites", json={"nonsense": True})
    assert slug_of(found) == "forbidden"


def test_an_upload_is_not_read_for_somebody_who_may_not_send_it(somebody: Tenant) -> None:
    found = somebody.caller("worker").refused(
        "POST", f"/v1/staff/{NOWHERE}/faces", content=b"no multipart", headers={"content-type": "text/plain"}
    )
    assert slug_of(found) == "forbidden"
