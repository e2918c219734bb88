"""What sealing faces costs: writing a sighting with its picture and template, and reading a gallery, with and without.

Both ways take turns in one process, on the same servers, each with a tenant of its own, so that what else the machine
does falls on both. Vision and the vector store are stand-ins: the shares are the worst, for neither is waited for.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from uuid import uuid4

import cv2
import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from benchmarks.commands import Figures
from cli.stack.parts.postgres import PostgresPart
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from contracts.base import CameraId, FaceBox, FaceQualityReport, SiteId, TenantId
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.places import CameraCreate, SiteCreate
from footfall import provisioning
from footfall.cameras import create_camera
from footfall.face_vault import FaceVault, carrying
from footfall.places import create_site
from footfall.services import Services, open_services
from footfall.settings import S3Settings, load_settings
from footfall.sightings import record_sighting
from footfall.stores.objects import S3ObjectStore
from footfall.stores.postgres.customers import select_gallery
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import Float32Array

_ACTOR = "benchmark"
_READ_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class _Side:
    services: Services
    tenant_id: TenantId
    camera_id: CameraId


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--events", type=int, default=400, help="sightings of each side, three quarters of them new")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises ServiceUnavailableError when a server does not start."""
    random = np.random.default_rng(7)
    people = _unit(random.normal(size=(max(arguments.events * 3 // 4, 1), 512)))
    texture = cv2.resize(random.integers(0, 256, (24, 20, 3), dtype=np.uint8), (256, 320))
    crop = cv2.imencode(".jpg", texture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1].tobytes()
    writes: dict[bool, list[float]] = {False: [], True: []}
    reads: dict[bool, list[float]] = {False: [], True: []}
    with _sides() as sides:
        for number in track(range(arguments.events), "events", console=Console(stderr=True), transient=True):
            vector = people[number % len(people)]
            at = datetime.now(UTC) - timedelta(seconds=40 * (arguments.events - number))
            for sealed in (False, True) if number % 2 else (True, False):
                event = _event(sides[sealed], vector, at)
                writes[sealed].append(_timed(lambda: _record(sides[sealed], event, crop)))  # noqa: B023 - called now
        for turn in range(9):
            for sealed in (False, True) if turn % 2 else (True, False):
                reads[sealed].append(_timed(lambda: _read(sides[sealed])))  # noqa: B023 - called now
        templates = _read(sides[True])
    plain, with_keys = median(writes[False]), median(writes[True])
    read_plain, read_sealed = median(reads[False]), median(reads[True])
    return {
        "events": arguments.events,
        "write_plain_ms": round(plain * 1e3, 2),
        "write_sealed_ms": round(with_keys * 1e3, 2),
        "sealing_write_ratio": round(with_keys / plain, 3),
        "templates": templates,
        "read_added_us_per_template": round((read_sealed - read_plain) / max(templates, 1) * 1e6, 1),
        "sealing_read_ratio": round(read_sealed / read_plain, 3),
    }


def lines(figures: Figures) -> list[str]:
    return [
        f"writing a sighting: {figures['write_plain_ms']} ms plain, {figures['write_sealed_ms']} ms sealed "
        f"(median of {figures['events']}): {figures['sealing_write_ratio']} times",
        f"reading {figures['templates']} templates: {figures['sealing_read_ratio']} times, "
        f"{figures['read_added_us_per_template']} microseconds more for each",
    ]


@contextmanager
def _sides() -> Iterator[dict[bool, _Side]]:
    """A tenant whose faces are kept plain, and one whose faces are sealed."""
    with tempfile.TemporaryDirectory(prefix="footfall-sealing-", ignore_cleanup_errors=True) as name, ExitStack() as up:
        folder = Path(name)
        postgres = PostgresPart(
            folder / "postgres",
            free_ports(1)[0],
            superuser_password=secrets.token_hex(16),
            owner_password=secrets.token_hex(16),
        )
        s3 = SeaweedPart(
            folder / "s3",
            SeaweedPorts(*free_ports(8)),
            access_key=secrets.token_hex(10),
            secret_key=secrets.token_hex(20),
            internal_key=secrets.token_hex(20),
        )
        for part in (postgres, s3):
            up.enter_context(running_part(part, folder / f"{part.name}.log"))
        provisioning.upgrade_schema(postgres.owner_dsn)
        password = secrets.token_hex(16)
        provisioning.set_role_passwords(postgres.owner_dsn, {provisioning.APP_ROLE: password})
        app_dsn = provisioning.role_dsn(postgres.owner_dsn, provisioning.APP_ROLE, password)
        settings = load_settings(
            home=folder / "home", offline=True, recognition={"re_embed": "never"}, postgres={"app_dsn": app_dsn}
        )
        objects = S3ObjectStore(
            S3Settings.model_validate(
                {"endpoint": s3.endpoint, "access_key": s3.access_key, "secret_key": s3.secret_key}
            )
        )
        services = replace(open_services(settings), objects=objects)
        up.callback(services.close)
        services.prepare()
        master = secrets.token_bytes(32)
        yield {
            sealed: _side(services, postgres.owner_dsn, FaceVault(lambda: master, seals=sealed))
            for sealed in (False, True)
        }


def _side(services: Services, owner_dsn: str, vault: FaceVault) -> _Side:
    own = replace(services, engine=services.engine.execution_options(**carrying(vault)))
    tenant_id = provisioning.create_tenant(
        owner_dsn,
        slug=f"sealing-{uuid4().hex[:8]}",
        name="Benchmark",
        privacy_mode="identify",
        legal_basis="made-up people",
        retention_days=365,
        admin_email="admin@example.com",
        admin_password=secrets.token_hex(12),
    )
    site = create_site(own.engine, tenant_id, SiteCreate(name="Hall", timezone="UTC"), actor=_ACTOR)
    camera = create_camera(own, tenant_id, CameraCreate(site_id=SiteId(site.site_id), name="Door"), actor=_ACTOR)
    return _Side(own, tenant_id, CameraId(camera.camera_id))


def _record(side: _Side, event: FaceDetectedV1, crop: bytes) -> None:
    record_sighting(side.services, side.tenant_id, event, crop, actor=_ACTOR, allowed_cameras=None)


def _read(side: _Side) -> int:
    """The gallery as a rebuild reads it; how many templates."""
    read, after = 0, None
    while True:
        with tenant_transaction(side.services.engine, side.tenant_id) as connection:
            rows = select_gallery(connection, side.services.model_version, after=after, limit=_READ_AT_ONCE)
        read += len(rows)
        if len(rows) < _READ_AT_ONCE:
            return read
        after = (rows[-1].person_kind, rows[-1].template_id)


def _event(side: _Side, vector: Float32Array, at: datetime) -> FaceDetectedV1:
    return FaceDetectedV1(
        event_id=uuid4(),
        camera_id=side.camera_id,
        worker="benchmark",
        captured_at=at,
        track=Track(started_at=at, ended_at=at + timedelta(seconds=3), frames=30),
        face=DetectedFaceV1(
            box=FaceBox(x=512, y=180, width=118, height=141),
            landmarks=((544, 236), (597, 235), (571, 266), (549, 294), (593, 293)),
            quality=FaceQualityReport(
                score=0.8, size_px=118, sharpness=240, yaw_deg=0, roll_deg=0, detection_score=0.9
            ),
            frame=FrameSize(width=1280, height=720),
        ),
        embedding=Embedding(
            model_version=side.services.model_version, vector=b64encode(encode_vector(vector)).decode("ascii")
        ),
        pipeline=Pipeline(detector="benchmark", embedder=side.services.model_version, backend="benchmark"),
    )


def _unit(vectors: npt.NDArray[np.float64]) -> Float32Array:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / lengths, dtype=np.float32)


def _timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began
