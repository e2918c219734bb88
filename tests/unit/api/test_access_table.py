"""The one table of who may do what: it names every route and nothing else, and lets each role do just its part."""

from __future__ import annotations

from typing import get_args

import pytest
from fastapi import APIRouter, FastAPI

from api.auth import ACCESS, permitted
from api.main import create_app
from contracts.base import Role
from footfall.settings import Settings
from tests.unit.api.routes_of import routes_of


@pytest.fixture(scope="module")
def app() -> FastAPI:
    return create_app(Settings())


def test_every_route_has_an_entry_and_every_entry_a_route(app: FastAPI) -> None:
    found = routes_of(app)
    assert ("POST", "/v1/events/face") in found
    assert found == set(ACCESS)


def test_a_route_without_an_entry_would_be_noticed() -> None:
    router = APIRouter()
    router.get("/v1/secrets")(lambda: None)
    extended = FastAPI(openapi_url=None)
    extended.include_router(router)
    assert routes_of(extended) - set(ACCESS) == {("GET", "/v1/secrets")}


def test_a_route_without_an_entry_is_nobodys() -> None:
    assert not any(permitted(role, None) for role in get_args(Role))


def test_public_is_no_role() -> None:
    assert not permitted("tenant_admin", "public")


def allowed(role: Role) -> set[tuple[str, str]]:
    return {route for route, access in ACCESS.items() if permitted(role, access)}


OF_A_WORKER = {
    ("POST", "/v1/workers/{worker_id}/heartbeat"),
    ("POST", "/v1/workers/{worker_id}/commands/{command_id}/progress"),
    ("POST", "/v1/workers/{worker_id}/commands/{command_id}/result"),
    ("GET", "/v1/gallery/staff"),
}
OWN_SESSION = {("GET", "/v1/auth/me"), ("POST", "/v1/auth/revoke")}


def test_a_worker_sends_events_and_reads_cameras_and_does_nothing_else() -> None:
    assert allowed("worker") - OWN_SESSION == {
        ("POST", "/v1/events/face"),
        ("POST", "/v1/events/face/batch"),
        ("GET", "/v1/cameras"),
        ("GET", "/v1/cameras/{camera_id}"),
        *OF_A_WORKER,
    }


def test_a_site_manager_reads_and_changes_nothing() -> None:
    own = {*OWN_SESSION, ("POST", "/v1/users/me/password")}
    assert {method for method, _ in allowed("site_manager") - own} == {"GET", "WEBSOCKET"}
    assert ("GET", "/v1/visits") in allowed("site_manager")


def test_an_administrator_may_do_everything_but_speak_for_a_worker() -> None:
    guarded = {route for route, access in ACCESS.items() if access != "public"} - OF_A_WORKER
    beyond = {route for route in guarded if route[1].startswith("/v1/tenants") or route[1] == "/v1/auth/switch"}
    assert allowed("system_admin") == guarded
    assert allowed("tenant_admin") == guarded - beyond
    assert len(beyond) == 7


def test_what_is_public_holds_nothing_of_a_tenant() -> None:
    assert {path for (_, path), access in ACCESS.items() if access == "public"} == {
        "/healthz",
        "/readyz",
        "/metrics",
        "/docs",
        "/v1/openapi.json",
        "/.well-known/jwks.json",
        "/v1/auth/token",
        "/v1/workers/register",
    }
