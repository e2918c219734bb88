"""One running API in offline mode on the real Postgres, and tenants with their callers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from api.main import create_app
from contracts.base import PrivacyMode, Role, TenantId
from footfall import tokens
from footfall.face_vault import open_vault
from footfall.settings import Settings, load_settings
from footfall.stores.postgres.engine import open_engine
from tests.callers import make_platform, token_of
from tests.integration.api.harness import Caller, Documented, Json, serving
from tests.servers import MigratedPostgres, TenantFactory


@dataclass(frozen=True)
class Running:
    settings: Settings
    keys: tokens.SigningKeys
    engine: Engine
    owner_dsn: str = field(repr=False)
    nobody: Caller
    """A caller without a token."""


@dataclass(frozen=True)
class Tenant:
    tenant_id: TenantId
    slug: str
    running: Running
    admin: Caller = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "admin", self.caller("tenant_admin"))

    def caller(self, role: Role, *, sites: list[str] | None = None, cameras: list[str] | None = None) -> Caller:
        """Somebody new of this tenant, signed in. A system administrator makes the tenant a platform."""
        running = self.running
        if role == "system_admin":
            make_platform(running.owner_dsn, self.tenant_id)
        token = token_of(
            running.engine,
            running.settings,
            running.keys,
            self.tenant_id,
            role,
            site_ids=None if sites is None else [UUID(site) for site in sites],
            camera_ids=None if cameras is None else [UUID(camera) for camera in cameras],
        )
        return running.nobody.with_token(token)

    def site(self, name: str = "Main Street") -> Json:
        return self.admin.post("/v1/sites", {"name": name, "timezone": "Europe/Vienna"})

    def camera(self, site_id: str, name: str = "Door") -> Json:
        return self.admin.post("/v1/cameras", {"site_id": site_id, "name": name})

    def staff(self, name: str = "Ada Lovelace") -> Json:
        return self.admin.post("/v1/staff", {"display_name": name})


@contextmanager
def running_api(postgres: MigratedPostgres, home: Path) -> Iterator[Running]:
    """The API in offline mode on the real Postgres, while it serves."""
    settings = load_settings(
        home=home,
        offline=True,
        recognition={"re_embed": "never"},  # the events' templates are of made-up people, whom no picture shows
        postgres={"app_dsn": postgres.app_dsn},
        # A token of the session is good to its end, however slow the machine.
        api={"max_upload_bytes": 3_000_000, "token_seconds": 14_400, "switch_seconds": 3_600},
        vision={"max_image_bytes": 2_500_000},
        # Everybody in the tests comes from one address, and many of them are refused on purpose.
        limits={"login_per_minute": 100_000, "login_free_failures": 100},
    )
    app = create_app(settings)
    engine = open_engine(postgres.app_dsn, settings.postgres, application="tests", vault=open_vault(settings))
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        keys = tokens.SigningKeys.load_or_create(settings.keys_path)
        yield Running(settings, keys, engine, postgres.owner_dsn, Caller(http, Documented(app.openapi())))
    engine.dispose()


@pytest.fixture(scope="session")
def running(postgres: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running_api(postgres, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture(scope="session")
def new_tenant(running: Running, tenant_factory: TenantFactory) -> Callable[..., Tenant]:
    def make(privacy_mode: PrivacyMode = "identify") -> Tenant:
        slug = f"api-{uuid4().hex[:12]}"
        return Tenant(tenant_factory(slug=slug, privacy_mode=privacy_mode), slug, running)

    return make


@pytest.fixture
def tenant(new_tenant: Callable[..., Tenant]) -> Tenant:
    return new_tenant()


@pytest.fixture(scope="session")
def quiet(new_tenant: Callable[..., Tenant]) -> Tenant:
    """For requests that are refused: whoever uses it leaves nothing behind but places and people."""
    return new_tenant()


@pytest.fixture(scope="session")
def other_tenant(new_tenant: Callable[..., Tenant]) -> Tenant:
    """Somebody else's, whom no test may ever see anything of."""
    return new_tenant()
