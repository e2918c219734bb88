"""A real API for the pages: served over HTTP on loopback, on the real stores and the real weights."""

from __future__ import annotations

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import uvicorn

from api.main import create_app
from client import FootfallClient
from contracts.places import CameraCreate, SiteCreate
from footfall.settings import Settings
from tests.servers import ADMIN_PASSWORD, TenantFactory

APP = Path(__file__).parents[3] / "dashboards" / "app.py"


@dataclass(frozen=True, slots=True)
class LiveApi:
    """`tenant` has an administrator `admin@example.com` with `password`, one site and one camera."""

    url: str
    tenant: str
    password: str
    client: FootfallClient


@pytest.fixture(autouse=True)
def _main_module_of_the_tests() -> Iterator[None]:
    """AppTest leaves the page as `__main__`, which a process that a later test spawns would run as its own."""
    own = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = own


@pytest.fixture
def live_api(settings: Settings, tenant_factory: TenantFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[LiveApi]:
    """Serves until the test ends; FOOTFALL_API__URL points the pages at it."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(create_app(settings), log_level="warning", ws="none"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        try:
            wait_until(lambda: server.started, seconds=30)
            slug = f"pages-{time.time_ns()}"
            tenant_factory(slug=slug)
            monkeypatch.setenv("FOOTFALL_API__URL", url)
            with FootfallClient(url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD) as client:
                site = client.create_site(SiteCreate(name="Main entrance", timezone="Europe/Vienna"))
                client.create_camera(CameraCreate(site_id=site.site_id, name="Door"))
                yield LiveApi(url, slug, ADMIN_PASSWORD, client)
        finally:
            server.should_exit = True
            thread.join(timeout=20)


def wait_until(condition: Callable[[], bool], *, seconds: float) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=seconds)
    while not condition():
        if datetime.now(UTC) > deadline:
            pytest.fail(f"the API was not up within {seconds:g} s")
        time.sleep(0.05)
