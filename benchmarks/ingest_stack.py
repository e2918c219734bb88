"""The delay from the frame that made a track sure to the committed visit: one daemon with two live cameras beside the
whole embedded stack. Other figures of the ingest benchmark are in `ingest_child`, the cameras are `ingest_camera`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.ingest_clips import EMPTY_SECONDS, WIDE_SECONDS
from cli.stack.ports import free_ports
from cli.stack.stack import Stack, running_stack
from client.api import FootfallClient
from contracts.base import CameraId, TenantId
from contracts.places import CameraCreate, SiteCreate
from footfall import access, provisioning
from footfall.errors import ConfigurationError, InputError
from footfall.settings import Settings
from footfall.stores.postgres.engine import open_engine

_SLUG, _EMAIL, _PASSWORD = "benchmark", "admin@benchmark.example", "only for a benchmark"
CAMERAS = 2
_END_SECONDS = 60.0


def delays_ms(settings: Settings, video: Path, folder: Path) -> list[float]:
    """Milliseconds for each first revision that was committed, of both cameras, which show `video`.

    Raises what the stack raises when it does not start, and InputError when the daemon or the cameras fail.
    """
    home = folder / "stack"
    stacked = settings.model_copy(update={"home": home, "models_dir": settings.models_path.resolve()})
    with running_stack(stacked) as stack:
        tenant_id = _make_tenant(stack)
        with FootfallClient(stack.url("api"), tenant=_SLUG, email=_EMAIL, password=_PASSWORD) as client:
            site = client.create_site(SiteCreate(name="Benchmark", timezone="Europe/Vienna"))
            cameras = [
                CameraId(client.create_camera(CameraCreate(site_id=site.site_id, name=f"Camera {n}")).camera_id)
                for n in range(CAMERAS)
            ]
        key = _make_key(stack, tenant_id, cameras)
        with _showing(video) as showing:
            _watch(stack, cameras, key, showing, folder)
    return [delay for camera in cameras for delay in _delays_of(folder / f"seen-{camera}.json")]


@contextmanager
def _showing(video: Path) -> Iterator[subprocess.Popen[str]]:
    """The cameras' process, until the block ends."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "benchmarks.ingest_camera", str(video),
            "--cameras", str(CAMERAS), "--seconds", str(WIDE_SECONDS),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def _watch(stack: Stack, cameras: list[CameraId], key: str, showing: subprocess.Popen[str], folder: Path) -> None:
    """One daemon looks at the cameras until they have shown the clip and the last person has left."""
    url = f"http://127.0.0.1:{_said(showing)}/video.mjpg"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")},
        **stack.environment("ingest"),
        "FOOTFALL_INGEST__API_KEY": key,
        "FOOTFALL_INGEST__PORT": str(free_ports(1)[0]),
    }
    command = [sys.executable, "-m", "cli", "ingest", "--summary", str(folder / "seen.json")]
    for camera in cameras:
        command += ["--source", url, "--camera", str(camera)]
    daemon = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        played = threading.Thread(target=_said, args=(showing,), daemon=True)
        played.start()
        while played.is_alive() and daemon.poll() is None:
            played.join(0.5)
        time.sleep(EMPTY_SECONDS)
        daemon.terminate()
        status = daemon.wait(_END_SECONDS)
    finally:
        daemon.kill()
    if status:
        raise InputError("The daemon of the benchmark failed.", hint="Its messages stand above.")


def _said(showing: subprocess.Popen[str]) -> str:
    """The next line of the cameras' process."""
    line = "" if showing.stdout is None else showing.stdout.readline().strip()
    if not line:
        raise InputError("The cameras of the benchmark failed.", hint="Their messages stand above.")
    return line


def _delays_of(summary: Path) -> list[float]:
    decisions = json.loads(summary.read_text(encoding="utf-8"))["decisions"]
    return [float(one["latency_ms"]) for one in decisions if one["latency_ms"] is not None]


def _make_tenant(stack: Stack) -> TenantId:
    owner = stack.settings_for("schema").postgres.dsn
    if owner is None:
        raise ConfigurationError("The stack has no owner's DSN.", hint="Set FOOTFALL_POSTGRES__DSN.")
    return provisioning.create_tenant(
        owner.get_secret_value(),
        slug=_SLUG,
        name="Benchmark",
        privacy_mode="identify",
        legal_basis="a benchmark with published clips",
        retention_days=1,
        admin_email=_EMAIL,
        admin_password=_PASSWORD,
    )


def _make_key(stack: Stack, tenant_id: TenantId, cameras: list[CameraId]) -> str:
    app = stack.settings_for("api").postgres
    if app.app_dsn is None:
        raise ConfigurationError("The stack gives the API no DSN.", hint="Run `footfall doctor`.")
    engine = open_engine(app.app_dsn.get_secret_value(), app, application="footfall-benchmark")
    try:
        return access.create_api_key(engine, tenant_id, name="benchmark", role="worker", camera_ids=frozenset(cameras))
    finally:
        engine.dispose()
