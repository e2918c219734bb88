"""The API as its own process, as the stack starts it, and the typed client through all of it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from api.main import create_app
from client import ApiProblem, ApiUnavailable, FootfallClient
from contracts.events import FaceDetectedV1
from contracts.people import StaffCreate
from contracts.places import CameraCreate, SiteCreate
from footfall import access
from footfall.errors import ConfigurationError
from footfall.face_vault import open_vault
from footfall.settings import load_settings
from footfall.stores.postgres.engine import open_engine
from tests.integration.api.event_kit import CROP, NOW, face_event
from tests.integration.api.harness import photograph
from tests.integration.api.own_process import COMMAND, ApiProcess, own_process
from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory


@pytest.fixture
def api(postgres: MigratedPostgres, tmp_path: Path) -> Iterator[ApiProcess]:
    with own_process(postgres, tmp_path) as found:
        yield found


def test_the_client_does_a_days_work(
    api: ApiProcess, postgres: MigratedPostgres, tenant_factory: TenantFactory
) -> None:
    slug = f"process-{uuid4().hex[:8]}"
    tenant_id = tenant_factory(slug=slug)
    with FootfallClient(api.url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD) as admin:
        assert admin.authenticate().tenant_id == tenant_id
        assert admin.readiness().ready

        site = admin.create_site(SiteCreate(name="Main Street", timezone="Europe/Vienna"))
        camera = admin.create_camera(CameraCreate(site_id=site.site_id, name="Door"))
        ada = admin.create_staff(StaffCreate(display_name="Ada"))
        face = admin.enrol_face(ada.staff_id, photograph(1815), "ada.jpg")
        assert [item.face_id for item in admin.staff_faces(ada.staff_id).items] == [face.face_id]
        assert admin.recognition_test(ada.staff_id, photograph(1815)).matches
        assert admin.staff_member(ada.staff_id).faces == 1
        assert (admin.site(site.site_id), admin.sites().items) == (site, (site,))
        assert admin.cameras(site_id=site.site_id).items == (camera,)

        settings = load_settings(home=api.home, postgres={"app_dsn": postgres.app_dsn})
        engine = open_engine(postgres.app_dsn, settings.postgres, application="tests", vault=open_vault(settings))
        key = access.create_api_key(engine, tenant_id, name="door", role="worker", camera_ids=[camera.camera_id])  # type: ignore[list-item]
        engine.dispose()
        with FootfallClient(api.url, api_key=key) as worker:
            assert worker.camera(camera.camera_id) == camera
            events = [
                FaceDetectedV1.model_validate(face_event(str(camera.camera_id), who=who, seen_at=NOW))
                for who in range(12)
            ]
            with ThreadPoolExecutor(6) as pool:
                receipts = list(pool.map(lambda event: worker.send_face_event(event, CROP), events))
            assert {receipt.decision.kind for receipt in receipts} == {"new_customer"}
            assert worker.send_face_event(events[0], CROP).duplicate
            with pytest.raises(ApiProblem) as refused:
                worker.sites()
            assert refused.value.slug == "forbidden"

        assert len(admin.visits(site_id=site.site_id).items) == 12
        report = admin.traffic(source="live", bucket="day")
        assert sum(row.new_visitors or 0 for row in report.rows) == 12
        admin.remove_face(ada.staff_id, face.face_id)
        admin.delete_staff(ada.staff_id)
        assert admin.staff().items == ()

    log = api.log.read_text()
    for secret in (ADMIN_PASSWORD, key, postgres.app_dsn, str(events[0].embedding and events[0].embedding.vector)):
        assert secret not in log
    assert "POST /v1/events/face -> 200" in log


def test_it_keeps_its_keys_to_itself_and_stops_when_told(api: ApiProcess) -> None:
    assert httpx.get(f"{api.url}/healthz").status_code == 200
    [key] = (api.home / "secrets" / "jwt").glob("*.pem")
    assert key.stat().st_mode & 0o777 == 0o600

    api.process.send_signal(signal.SIGTERM)
    api.process.wait(timeout=20)
    log = api.log.read_text()
    assert "Application shutdown complete" in log
    assert "Traceback" not in log
    with FootfallClient(api.url, api_key="ffk_" + "0" * 40) as client, pytest.raises(ApiUnavailable):
        client.sites()


def test_without_a_database_named_it_does_not_start(tmp_path: Path) -> None:
    environment = {key: kept for key, kept in os.environ.items() if not key.startswith("FOOTFALL_")} | {
        "FOOTFALL_HOME": str(tmp_path),
        "FOOTFALL_OFFLINE": "true",
    }
    ended = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert "No Postgres DSN is set" in ended.stderr


@pytest.mark.parametrize(("name", "value"), [("FOOTFALL_API__TOKEN_SECONDS", "many"), ("FOOTFALL_APY__PORT", "1")])
def test_an_environment_that_does_not_work_is_refused_by_name(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigurationError, match=name):
        create_app()
