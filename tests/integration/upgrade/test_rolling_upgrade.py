"""A rolling upgrade: processes of two versions on one database, while events come in; then back; then a version that
takes something away. docs/adr/two-versions-on-one-database.md has the rule."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import text

from client.api import FootfallClient
from client.errors import ApiProblem
from contracts.base import CameraId, TenantId
from contracts.events import FaceDetectedV1
from contracts.places import CameraCreate, SiteCreate
from contracts.reports import ComponentHealth
from footfall import access, provisioning
from footfall.errors import FootfallError
from footfall.schema_version import known_revisions
from footfall.settings import load_settings
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction
from ingest_daemon.daemon import run
from ingest_daemon.summary import IngestSummary
from tests.databases import fresh_database
from tests.integration.api.event_kit import NOW, face_event
from tests.integration.upgrade.versions import Migration, Version
from tests.servers import ADMIN_PASSWORD, MigratedPostgres
from tests.unit.ingest_daemon.films import visits_film

pytestmark = pytest.mark.e2e

ADMIN_EMAIL = "admin@example.com"

HEAD = known_revisions()[-1]
EXPAND = Migration(
    "9001",
    HEAD,
    up="alter table footfall.cameras add column lens text not null default 'unknown'",
    down="alter table footfall.cameras drop column lens",
    previous_code_runs=True,
)
CONTRACT = Migration(
    "9002",
    "9001",
    up="alter table footfall.cameras rename column name to title",
    down="alter table footfall.cameras rename column title to name",
    previous_code_runs=False,
)


@dataclass(frozen=True, slots=True)
class Tenant:
    tenant_id: TenantId
    camera_id: UUID
    key: str = field(repr=False)


@pytest.fixture
def database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    with fresh_database(postgres) as own:
        yield own


def new_tenant(database: MigratedPostgres, url: str) -> Tenant:
    tenant_id = provisioning.create_tenant(
        database.owner_dsn,
        slug="acme",
        name="Acme",
        privacy_mode="identify",
        legal_basis="consent",
        retention_days=30,
        admin_email=ADMIN_EMAIL,
        admin_password=ADMIN_PASSWORD,
    )
    with admin_of(url) as admin:
        site = admin.create_site(SiteCreate(name="Main Street", timezone="Europe/Vienna"))
        camera_id = admin.create_camera(CameraCreate(site_id=site.site_id, name="Door")).camera_id
    with owner_engine(database.owner_dsn) as engine:
        cameras = frozenset({CameraId(camera_id)})
        key = access.create_api_key(engine, tenant_id, name="host", role="worker", camera_ids=cameras)
    return Tenant(tenant_id, camera_id, key)


def admin_of(url: str) -> FootfallClient:
    return FootfallClient(url, tenant="acme", email=ADMIN_EMAIL, password=ADMIN_PASSWORD)


def stored(database: MigratedPostgres, tenant: Tenant) -> list[UUID]:
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant.tenant_id) as connection:
        return list(connection.execute(text("select event_id from footfall.face_events")).scalars())


def postgres_of(url: str) -> ComponentHealth:
    with FootfallClient(url, token="none") as nobody:
        [found] = [part for part in nobody.readiness().components if part.name == "postgres"]
    return found


class Writer:
    """A worker that never stops sending while the block runs: each event to one of the processes that serve then."""

    def __init__(self, tenant: Tenant) -> None:
        self.urls: tuple[str, ...] = ()
        self.sent: list[FaceDetectedV1] = []
        self.failures: list[str] = []
        self._tenant = tenant
        self._stopped = threading.Event()

    @contextmanager
    def writing(self, *urls: str) -> Iterator[None]:
        self.urls = urls
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()

    def send_again(self, url: str) -> None:
        """Everything, as a worker that was never answered."""
        with FootfallClient(url, api_key=self._tenant.key) as worker:
            for event in self.sent:
                worker.send_face_event(event)

    def _write(self) -> None:
        while not self._stopped.wait(0.05):
            number = len(self.sent)
            url = self.urls[number % len(self.urls)]
            seen_at = NOW - timedelta(seconds=1000 - number)
            event = FaceDetectedV1.model_validate_json(
                json.dumps(face_event(str(self._tenant.camera_id), who=number % 7, seen_at=seen_at))
            )
            self.sent.append(event)
            try:
                with FootfallClient(url, api_key=self._tenant.key) as worker:
                    worker.send_face_event(event)
            except FootfallError as error:
                self.failures.append(f"{number} to {url}: {error.message}")


def test_two_versions_serve_one_database_and_the_upgrade_can_be_taken_back(
    database: MigratedPostgres, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    old, new = Version.copied(tmp_path / "old"), Version.copied(tmp_path / "new", EXPAND)
    with old.api(database, tmp_path / "old-api", home) as former:
        tenant = new_tenant(database, former.url)
        refused = new.refusal(database, tmp_path / "too-early")
        assert f"The schema is at {HEAD}, and this program needs 9001." in refused
        writer = Writer(tenant)
        with writer.writing(former.url):
            wait_until(lambda: len(writer.sent) >= 5)
            assert new.footfall(database, "db", "migrate").returncode == 0
            assert f"newer than this program's {HEAD}, which works with it" in postgres_of(former.url).detail
            with new.api(database, tmp_path / "new-api", home) as latter:
                assert postgres_of(latter.url).detail == "answers; the schema is at 9001"
                writer.urls = (former.url, latter.url)
                both = len(writer.sent)
                wait_until(lambda: len(writer.sent) >= both + 20)

                film = visits_film(tmp_path / "film.avi", 1, None, 2, None, 1, None)
                played = [play(tenant, film, url, tmp_path / "host") for url in (former.url, latter.url)]
                assert [summary.undelivered for summary in played] == [0, 0]
                seen, again = ([one.event_id for one in summary.decisions] for summary in played)
                assert seen == again
                assert len(seen) == 3

                writer.urls = (latter.url,)  # the former version is taken out of the balance, and stops
                with old.api(database, tmp_path / "old-again", home) as restarted:
                    assert postgres_of(restarted.url).healthy, "and may be started again"
                after = len(writer.sent)
                wait_until(lambda: len(writer.sent) >= after + 5)
                writer.urls = (former.url,)
                wait_until(lambda: len(writer.sent) >= after + 10)
                assert_both_read_the_same(former.url, latter.url)
            assert old.footfall(database, "db", "migrate").returncode == 0
            assert postgres_of(former.url).detail.startswith("answers; the schema is at 9001"), "it is left as it is"
            back = new.footfall(database, "db", "downgrade", HEAD, "--yes")
            assert back.returncode == 0, back.stderr
            assert postgres_of(former.url).detail == f"answers; the schema is at {HEAD}"
            last = len(writer.sent)
            wait_until(lambda: len(writer.sent) >= last + 5)
        assert writer.failures == []
        writer.send_again(former.url)
        assert sorted(stored(database, tenant)) == sorted([*seen, *(event.event_id for event in writer.sent)])


def assert_both_read_the_same(*urls: str) -> None:
    found = []
    for url in urls:
        with admin_of(url) as admin:
            found.append((admin.cameras().items, admin.customers().items[-1:]))
    assert found[0] == found[1]


def test_a_version_that_takes_something_away_tells_the_former_one_to_stop(
    database: MigratedPostgres, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    old, new = Version.copied(tmp_path / "old"), Version.copied(tmp_path / "new", EXPAND, CONTRACT)
    between = Version.copied(tmp_path / "between", EXPAND)
    with old.api(database, tmp_path / "api", home) as former:
        tenant = new_tenant(database, former.url)
        assert new.footfall(database, "db", "migrate").returncode == 0
        told = postgres_of(former.url)
        assert not told.healthy
        assert told.detail == (
            f"The schema is at 9002, and since 9002 this program, which knows {HEAD}, cannot work with it. "
            "Stop it, and start the newer version in its place."
        )
        with admin_of(former.url) as admin, pytest.raises(ApiProblem) as told_of:
            admin.cameras()
        assert told_of.value.problem.status == 503, "it may be asked again, and is no error of the program"
        assert "since 9002 this program, which knows 9001, cannot work" in between.refusal(database, tmp_path / "late")
        assert "cannot work with it" in old.footfall(database, "db", "migrate").stderr
        refused = old.footfall(database, "db", "downgrade", HEAD, "--yes")
        assert refused.returncode != 0
        assert "Only the version that made it can" in refused.stderr
        assert new.footfall(database, "db", "downgrade", HEAD, "--yes").returncode == 0
        assert postgres_of(former.url).healthy
        with admin_of(former.url) as admin:
            assert [camera.camera_id for camera in admin.cameras().items] == [tenant.camera_id]


def play(tenant: Tenant, film: Path, url: str, home: Path) -> IngestSummary:
    settings = load_settings(home=home, offline=True, api={"url": url}, ingest={"api_key": tenant.key})
    return run(
        settings,
        source=str(film),
        camera_id=tenant.camera_id,
        realtime=False,
        started_at=datetime(2026, 5, 4, 9, 0, tzinfo=UTC),
        until_end=True,
    )


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)
