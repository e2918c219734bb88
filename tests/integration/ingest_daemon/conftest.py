"""The real API in offline mode on the real Postgres, and what a camera host needs to work with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Engine

from api.main import create_app
from client.api import FootfallClient
from contracts.base import CameraId, PrivacyMode, TenantId
from contracts.places import CameraCreate, SiteCreate
from footfall import access
from footfall.face_vault import open_vault
from footfall.settings import Settings, load_settings
from footfall.stores.postgres.engine import open_engine
from tests.integration.api.harness import serving
from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory

ADMIN_EMAIL = "admin@example.com"


@dataclass(frozen=True)
class CameraHost:
    """A tenant's camera with a worker's settings for it, and the tenant's administrator."""

    tenant_id: TenantId
    camera_id: UUID
    settings: Settings
    admin: FootfallClient

    def environment(self) -> dict[str, str]:
        """The settings as a process of its own is given them."""
        key = self.settings.ingest.api_key
        assert key is not None
        return {
            "FOOTFALL_HOME": str(self.settings.home),
            "FOOTFALL_OFFLINE": "1",
            "FOOTFALL_API__URL": self.settings.api_url,
            "FOOTFALL_INGEST__API_KEY": key.get_secret_value(),
        }


@dataclass(frozen=True)
class RunningApi:
    url: str
    engine: Engine


@pytest.fixture(scope="session")
def running_api(postgres: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningApi]:
    settings = load_settings(
        home=tmp_path_factory.mktemp("ingest-api"),
        offline=True,
        postgres={"app_dsn": postgres.app_dsn},
        # A sample would be left to chance, and the mock's bound was never measured.
        recognition={"re_embed": "never"},
    )
    engine = open_engine(postgres.app_dsn, settings.postgres, application="tests", vault=open_vault(settings))
    with serving(create_app(settings)) as url:
        yield RunningApi(url, engine)
    engine.dispose()


@pytest.fixture
def new_host(
    running_api: RunningApi, tenant_factory: TenantFactory, tmp_path: Path
) -> Iterator[Callable[[PrivacyMode], CameraHost]]:
    admins: list[FootfallClient] = []

    def make(privacy_mode: PrivacyMode) -> CameraHost:
        slug = f"ingest-{uuid4().hex[:12]}"
        tenant_id = tenant_factory(slug=slug, privacy_mode=privacy_mode)
        admin = FootfallClient(running_api.url, tenant=slug, email=ADMIN_EMAIL, password=ADMIN_PASSWORD)
        admins.append(admin)
        site = admin.create_site(SiteCreate(name="Main Street", timezone="Europe/Vienna"))
        camera_id = admin.create_camera(CameraCreate(site_id=site.site_id, name="Door")).camera_id
        key = access.create_api_key(
            running_api.engine, tenant_id, name="host", role="worker", camera_ids=frozenset({CameraId(camera_id)})
        )
        settings = load_settings(
            home=tmp_path / slug, offline=True, api={"url": running_api.url}, ingest={"api_key": key, "port": 8010}
        )
        return CameraHost(tenant_id, camera_id, settings, admin)

    yield make
    for admin in admins:
        admin.close()


@pytest.fixture
def host(new_host: Callable[[PrivacyMode], CameraHost]) -> CameraHost:
    return new_host("identify")
