"""A part that is away: readiness names it, requests that need it are answered with 503, the others go on."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.main import create_app
from footfall import tokens
from footfall.settings import load_settings
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.event_kit import face_event, parts
from tests.integration.api.harness import Caller, Documented, serving, slug_of
from tests.servers import MigratedPostgres


def closed_port() -> int:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def api_with(running: Running, home: Path, token: str | None, **chosen: Any) -> Iterator[Caller]:
    """An API on other parts, which takes the tokens of the running one."""
    shutil.copytree(running.settings.keys_path, home / "secrets" / "jwt")
    settings = load_settings(home=home, **chosen)
    app = create_app(settings)
    with serving(app) as url, httpx.Client(base_url=url, timeout=60) as http:
        assert tokens.SigningKeys.load_or_create(settings.keys_path).kid == running.keys.kid
        yield Caller(http, Documented(app.openapi()), token)


def unhealthy(caller: Caller) -> list[str]:
    answer = caller.ask("GET", "/readyz")
    assert answer.status_code == (200 if answer.json()["ready"] else 503)
    return [part["name"] for part in answer.json()["components"] if not part["healthy"]]


def test_without_postgres_it_says_so_and_stays_alive(running: Running, tenant: Tenant, tmp_path: Path) -> None:
    dsn = f"postgresql://footfall_app:hunter2@127.0.0.1:{closed_port()}/footfall"
    with api_with(running, tmp_path, tenant.admin.token, offline=True, postgres={"app_dsn": dsn}) as caller:
        assert unhealthy(caller) == ["postgres"]
        assert caller.get("/healthz")["status"] == "ok"
        answer = caller.ask("GET", "/v1/sites")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:footfall:problem:postgres-unavailable")
        assert int(answer.headers["retry-after"]) >= 1
        for inside in ("hunter2", "footfall_app", "127.0.0.1", "5432"):
            assert inside not in answer.text
        grant = {"grant_type": "password", "tenant": "acme", "email": "a@b.example", "password": "x" * 12}
        assert slug_of(caller.refused("POST", "/v1/auth/token", json=grant)) == "postgres-unavailable"


def test_a_database_that_was_never_migrated_is_not_ready(
    running: Running, tenant: Tenant, postgres: MigratedPostgres, tmp_path: Path
) -> None:
    dsn = postgres.owner_dsn.rpartition("/")[0] + "/postgres"
    with api_with(running, tmp_path, tenant.admin.token, offline=True, postgres={"app_dsn": dsn}) as caller:
        assert unhealthy(caller) == ["postgres"]
        assert slug_of(caller.refused("GET", "/v1/sites")) == "postgres-unavailable"


@pytest.fixture
def storeless(
    running: Running, tenant: Tenant, postgres: MigratedPostgres, models_dir: Path, tmp_path: Path
) -> Iterator[Caller]:
    """The real parts, of which neither the vector store nor the object store answers."""
    with api_with(
        running,
        tmp_path,
        tenant.admin.token,
        models_dir=models_dir,
        postgres={"app_dsn": postgres.app_dsn},
        milvus={"uri": f"http://127.0.0.1:{closed_port()}", "timeout_seconds": 2},
        s3={"endpoint": f"127.0.0.1:{closed_port()}", "access_key": "a", "secret_key": "b"},
    ) as caller:
        yield caller


def test_without_stores_it_is_not_ready_and_reads_go_on(storeless: Caller, tenant: Tenant) -> None:
    assert unhealthy(storeless) == ["vectors", "objects"]
    assert storeless.get("/v1/sites") == tenant.admin.get("/v1/sites")


def test_without_stores_a_sighting_is_refused_whole(storeless: Caller, tenant: Tenant) -> None:
    camera = storeless.post("/v1/cameras", {"site_id": tenant.site()["site_id"], "name": "Door"})
    event = face_event(camera["camera_id"], who=1)
    event["embedding"]["model_version"] = camera["model_version"]
    found = storeless.refused("POST", "/v1/events/face", files=parts(event))
    assert (found.status, slug_of(found)) == (503, "vectors-unavailable")
    assert tenant.admin.get("/v1/visits")["items"] == []


def test_a_tenant_that_only_counts_needs_no_store(storeless: Caller, new_tenant: Callable[..., Tenant]) -> None:
    counting = new_tenant("count_only")
    camera = counting.camera(counting.site()["site_id"])
    sender = storeless.with_token(counting.admin.token)
    receipt = sender.post("/v1/events/face", files=parts(face_event(camera["camera_id"])))
    assert receipt["decision"]["kind"] == "counted"
