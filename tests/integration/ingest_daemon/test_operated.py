"""A daemon that registered with the real API: what it tells, what it is told, behind NAT and when it can be reached."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import cv2
import httpx
import numpy as np
import pytest
from typer.testing import CliRunner

from api.main import create_app
from cli.main import app
from cli.stack.ports import free_ports
from client.api import FootfallClient
from contracts.base import PrivacyMode
from contracts.commands import (
    Command,
    CommandPayload,
    ConfigResult,
    RecognitionTest,
    RecognitionTestOutcome,
    ReloadGallery,
    SetConfig,
    Snapshot,
    SnapshotResult,
    Start,
    Stop,
)
from contracts.configuration import WorkerConfiguration
from contracts.places import CameraCreate, SiteCreate
from contracts.workers import WorkerCreate
from footfall.settings import load_settings
from ingest_daemon.registration import identity_path
from tests.integration.api.harness import serving
from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

pytestmark = pytest.mark.e2e

SECRET = "a secret of this host"
MASK = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
TOP_LEFT = slice(10, 60), slice(10, 60)


@dataclass
class Host:
    """A camera host: its home, its worker, and the tenant's administrator."""

    api_url: str
    admin: FootfallClient
    home: Path
    worker_id: UUID
    camera_id: UUID
    port: int

    @contextmanager
    def daemon(self, source: str, **variables: str) -> Iterator[subprocess.Popen[str]]:
        plain = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        process = subprocess.Popen(
            [sys.executable, "-m", "cli.main", "ingest", "--source", source],
            env={
                **plain,
                "FOOTFALL_HOME": str(self.home),
                "FOOTFALL_OFFLINE": "1",
                "FOOTFALL_INGEST__PORT": str(self.port),
                "FOOTFALL_INGEST__SURFACE_SECRET": SECRET,
                "PYTHONPATH": str(Path(__file__).parents[3]),
                **variables,
            },
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def eventually(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            time.sleep(0.05)

    def watching(self) -> bool:
        worker = self.admin.worker(self.worker_id)
        return worker.status == "online" and any(camera.connected and camera.fps > 0 for camera in worker.cameras)

    def told(self, command: CommandPayload) -> Command:
        """The command, once it is finished."""
        given = self.admin.give_command(self.worker_id, command)
        self.eventually(lambda: self.admin.command(self.worker_id, given.command_id).finished_at is not None)
        return self.admin.command(self.worker_id, given.command_id)

    def status(self) -> dict[str, object]:
        headers = {"Authorization": f"Bearer {SECRET}"}
        found: dict[str, object] = httpx.get(
            f"http://127.0.0.1:{self.port}/v1/status", headers=headers, timeout=30
        ).json()
        return found


@pytest.fixture(scope="module")
def api_url(postgres: MigratedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An API that may call hosts on this machine."""
    settings = load_settings(
        home=tmp_path_factory.mktemp("operated-api"),
        offline=True,
        postgres={"app_dsn": postgres.app_dsn},
        addresses={"allowed_networks": "127.0.0.0/8"},
    )
    with serving(create_app(settings)) as url:
        yield url


@pytest.fixture
def new_host(api_url: str, tenant_factory: TenantFactory, tmp_path: Path) -> Iterator[Callable[[PrivacyMode], Host]]:
    admins: list[FootfallClient] = []

    def make(privacy_mode: PrivacyMode) -> Host:
        slug = f"operated-{uuid4().hex[:12]}"
        tenant_factory(slug=slug, privacy_mode=privacy_mode)
        admin = FootfallClient(api_url, tenant=slug, email="admin@example.com", password=ADMIN_PASSWORD)
        admins.append(admin)
        site = admin.create_site(SiteCreate(name="Main Street", timezone="Europe/Vienna"))
        camera = admin.create_camera(CameraCreate(site_id=site.site_id, name="Door", masks=(MASK,)))
        offer = admin.create_worker(
            WorkerCreate(name="entrance-1", camera_ids=(camera.camera_id,), heartbeat_seconds=5)
        )
        done = CliRunner().invoke(
            app,
            ["worker", "register", "--url", api_url, "--token-stdin"],
            input=offer.registration_token,
            env={"FOOTFALL_HOME": str(tmp_path)},
        )
        assert done.exit_code == 0, done.output
        assert offer.registration_token not in done.output
        return Host(api_url, admin, tmp_path, offer.worker.worker_id, camera.camera_id, free_ports(1)[0])

    yield make
    for admin in admins:
        admin.close()


@pytest.fixture
def host(new_host: Callable[[PrivacyMode], Host]) -> Host:
    return new_host("identify")


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    with MjpegCamera([portrait(1)], fps=20).serving() as live:
        yield live


def picture_of(jpeg: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    decoded = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert decoded is not None
    return np.asarray(decoded, dtype=np.uint8)


def test_registering_leaves_an_identity_that_is_this_hosts_alone(host: Host) -> None:
    path = identity_path(host.home)
    assert path.stat().st_mode & 0o777 == 0o600
    again = CliRunner().invoke(
        app, ["worker", "register", "--url", host.api_url, "--token", "ffw_x" * 10],
        env={"FOOTFALL_HOME": str(host.home)},
    )  # fmt: skip
    assert again.exit_code != 0


def test_behind_nat_commands_travel_with_the_heartbeat(host: Host, camera: MjpegCamera) -> None:
    with host.daemon(camera.url):
        host.eventually(host.watching)
        snapshot = host.told(Snapshot(kind="snapshot", camera_id=host.camera_id))
        jpeg = host.admin.command_image(host.worker_id, snapshot.command_id)
        trial = host.told(RecognitionTest(kind="recognition-test", camera_id=host.camera_id))
        gallery = host.told(ReloadGallery(kind="reload-gallery"))

    assert (snapshot.state, snapshot.delivery) == ("succeeded", "heartbeat")
    assert isinstance(snapshot.result, SnapshotResult)
    assert (snapshot.result.masks, snapshot.result.faces_hidden) == (1, 0)
    assert float(picture_of(jpeg)[TOP_LEFT].std()) < 3.0, "what the mask covers is not shown"
    assert isinstance(trial.result, RecognitionTestOutcome)
    assert trial.result.embedder == "mock-1"
    assert gallery.state in {"succeeded", "failed"}


def test_a_stopped_camera_shows_nothing_until_it_is_started(host: Host, camera: MjpegCamera) -> None:
    with host.daemon(camera.url):
        host.eventually(host.watching)
        assert host.told(Stop(kind="stop")).state == "succeeded"
        host.eventually(lambda: not host.admin.worker(host.worker_id).cameras[0].running)
        refused = host.told(Snapshot(kind="snapshot", camera_id=host.camera_id))
        assert host.told(Start(kind="start", camera_id=host.camera_id)).state == "succeeded"
        host.eventually(lambda: host.admin.worker(host.worker_id).cameras[0].running)
    assert refused.state == "failed"
    assert refused.error is not None
    assert "stopped" in refused.error


def test_a_configuration_is_followed_where_the_host_says_nothing_else(host: Host, camera: MjpegCamera) -> None:
    configuration = WorkerConfiguration(detect_every_seconds=0.5, sure_after_seconds=2.0)
    with host.daemon(camera.url, FOOTFALL_INGEST__SURE_AFTER_SECONDS="1.5"):
        host.eventually(host.watching)
        done = host.told(SetConfig(kind="set-config", configuration=configuration))
        host.eventually(lambda: host.admin.worker(host.worker_id).applied_configuration_version == 2)
    assert isinstance(done.result, ConfigResult)
    assert done.result.applied == ("detect_every_seconds",)
    assert done.result.pinned == ("sure_after_seconds",)
    assert done.result.configuration_version == 2


def test_a_host_that_can_be_reached_is_told_at_once(host: Host, camera: MjpegCamera) -> None:
    with host.daemon(camera.url, FOOTFALL_INGEST__ADVERTISED_URL=f"http://127.0.0.1:{host.port}"):
        host.eventually(host.watching)
        given = host.admin.give_command(host.worker_id, Snapshot(kind="snapshot", camera_id=host.camera_id))
        assert (given.state, given.delivery) == ("sent", "direct")
        host.eventually(lambda: host.admin.command(host.worker_id, given.command_id).state == "succeeded")


def test_outside_identify_nobody_can_be_made_out_in_a_snapshot(
    new_host: Callable[[PrivacyMode], Host], camera: MjpegCamera
) -> None:
    host = new_host("count_only")
    with host.daemon(camera.url):
        host.eventually(host.watching)
        done = host.told(Snapshot(kind="snapshot", camera_id=host.camera_id))
    assert isinstance(done.result, SnapshotResult)
    assert done.result.faces_hidden >= 1


def test_a_daemon_that_was_killed_is_offline_after_two_heartbeats(host: Host, camera: MjpegCamera) -> None:
    with host.daemon(camera.url) as process:
        host.eventually(host.watching)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        last = host.admin.worker(host.worker_id).last_heartbeat_at
        host.eventually(lambda: host.admin.worker(host.worker_id).status == "offline")
    assert host.admin.worker(host.worker_id).last_heartbeat_at == last


def test_the_hosts_own_surface_wants_its_secret(host: Host, camera: MjpegCamera) -> None:
    with host.daemon(camera.url):
        host.eventually(host.watching)
        base = f"http://127.0.0.1:{host.port}"
        assert httpx.get(f"{base}/healthz", timeout=30).status_code == 200
        for path in ("/v1/status", f"/v1/cameras/{host.camera_id}/snapshot"):
            assert httpx.get(base + path, timeout=30).status_code == 401
            wrong = httpx.get(base + path, headers={"Authorization": "Bearer wrong"}, timeout=30)
            assert wrong.status_code == 401
        assert host.status()["worker"] == "entrance-1"
        headers = {"Authorization": f"Bearer {SECRET}"}
        shown = httpx.get(f"{base}/v1/cameras/{host.camera_id}/snapshot", headers=headers, timeout=30)
    assert shown.headers["content-type"] == "image/jpeg"
    assert float(picture_of(shown.content)[TOP_LEFT].std()) < 3.0


def test_a_host_whose_worker_was_deleted_stops_being_heard(host: Host, camera: MjpegCamera) -> None:
    host.admin.delete_worker(host.worker_id)
    with host.daemon(camera.url) as process:
        assert process.wait(60) == 2
        assert process.stderr is not None
        assert "key" in process.stderr.read()
