"""One running API in offline mode on the real Postgres, and tenants with their callers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import Engine

from api.main import create_app
from contracts.base import CameraId, PrivacyMode, Role, SiteId, TenantId
from footfall import access, tokens
from footfall.settings import Settings, load_settings
from footfall.stores.postgres.engine import open_engine
from tests.integration.api.harness import Caller, Documented, Json, serving
from tests.servers import MigratedPostgres, TenantFactory


@dataclass(frozen=True)
class Running:
    settings: Settings
    keys: tokens.SigningKeys
    engine: Engine
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
        """Somebody of this tenant, by a token of this API's own making."""
        principal = access.Principal(
            tenant_id=self.tenant_id,
            subject=f"user:{uuid4()}",
            role=role,
            site_ids=None if sites is None else frozenset(SiteId(UUID(site)) for site in sites),
            camera_ids=None if cameras is None else frozenset(CameraId(UUID(camera)) for camera in cameras),
        )
        token, _ = tokens.issue(principal, self.running.keys, self.running.settings)
        return self.running.nobody.with_token(token)

    def site(self, name: str = "Main Street") -> Json:
        return self.admin.post("/v1/sites", {"name": name, "timezone": "Europe/Vienna"})

    def camera(self, site_id: str, name: str = "Door") -> Json:
        return self.admin.post("/v1/cameras", {"site_id": site_id, "name": name})

    def staff(self, name: str = "Ada Lovelace") -> Json:
        return self.admin.post("/v1/staff", {"display_name": name})


@pytest.fixture(scope="session")
def running(postgres: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = load_settings(
        home=tmp_path_factory.mktemp("home"),
        offline=True,
        postgres={"app_dsn": postgres.app_dsn},
        api={"max_upload_bytes": 3_000_000},
        vision={"max_image_bytes": 2_500_000},
    )
    app = create_app(settings)
    engine = open_engine(postgres.app_dsn, settings.postgres, application="tests")
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        keys = tokens.SigningKeys.load_or_create(settings.keys_path)
        yield Running(settings, keys, engine, Caller(http, Documented(app.openapi())))
    engine.dispose()


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
