"""The delay from the frame that made a track sure to the committed visit: two cameras on the whole embedded stack, in
real time. Other figures of the ingest benchmark are in `ingest_child`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

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


def delays_ms(settings: Settings, film: Path, folder: Path) -> list[float]:
    """Milliseconds for each first revision that both cameras, playing `film` at its own speed, had committed.

    Raises what the stack raises when it does not start, and InputError when a daemon fails.
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
        running = [_start(stack, camera, key, film, folder) for camera in cameras]
        if sum(abs(process.wait()) for process in running):
            raise InputError("A daemon of the benchmark failed.", hint="Its messages stand above.")
    return [delay for camera in cameras for delay in _delays_of(folder / f"{camera}.json")]


def _start(stack: Stack, camera: CameraId, key: str, film: Path, folder: Path) -> subprocess.Popen[bytes]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")},
        **stack.environment("ingest"),
        "FOOTFALL_INGEST__API_KEY": key,
        "FOOTFALL_INGEST__PORT": str(free_ports(1)[0]),
    }
    command = [
        sys.executable, "-m", "cli", "ingest", "--source", str(film), "--camera", str(camera), "--realtime",
        "--summary", str(folder / f"{camera}.json"),
    ]  # fmt: skip
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)


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
