"""Measure how fast retention deletes from the local object store and from Postgres, while events go on.

Both servers are the embedded ones, started for this in a folder that goes with them. Objects are deleted as the nightly
sweep does it: listed, held against the record, deleted a thousand at once. Rows are sightings past their term and the
visits that they were in; beside them a writer adds one sighting after the other, whose waiting is told.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Engine, text

from benchmarks.commands import Figures
from cli.stack.parts.postgres import PostgresPart
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from contracts.base import TenantId
from footfall import provisioning
from footfall.retention import sweep_expired_raw_images
from footfall.retention_terms import age_records
from footfall.settings import PostgresSettings, RetentionSettings, S3Settings
from footfall.stores.objects import S3ObjectStore
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import open_engine, owner_engine
from footfall.stores.postgres.tenants import TenantRow
from footfall.tenancy import tenant_transaction

_ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)
_TERM_DAYS = 30
_WRITTEN_EVERY_SECONDS = 0.02

_EVENTS = text("""
    insert into footfall.face_events (
        tenant_id, event_id, site_id, camera_id, worker, captured_at, started_at, ended_at, frames, box, landmarks,
        quality, pipeline, decision, reason, threshold_low, threshold_high, threshold_source, visit_id
    )
    select
        footfall.current_tenant(), gen_random_uuid(), v.site_id, v.camera_ids[1], 'worker-1', v.started_at,
        v.started_at, v.started_at, 12, '{"x": 1, "y": 1, "width": 80, "height": 80}',
        '[[22, 30], [58, 30], [40, 46], [26, 62], [54, 62]]', '{"score": 0.8}', '{}', 'customer', 'measured', 0.3, 0.5,
        'a benchmark', v.visit_id
    from footfall.visits as v
    cross join generate_series(1, :each)
""")
_VISITS = text("""
    insert into footfall.visits (
        tenant_id, visit_id, site_id, person_kind, anonymous_since, started_at, ended_at, sightings, camera_ids,
        is_first_visit
    )
    select
        footfall.current_tenant(), gen_random_uuid(), :site_id, 'customer', now(),
        now() - interval '60 days' - n * interval '1 second', now() - interval '60 days' - n * interval '1 second', 4,
        array[cast(:camera_id as uuid)], false
    from generate_series(1, :visits) as g (n)
""")
_TEMPLATES = text("""
    insert into footfall.event_templates (tenant_id, event_id, model_version, embedding, quality_score)
    select tenant_id, event_id, 'mock-1', cast(:embedding as bytea), 0.8 from footfall.face_events
""")
_ONE = text("""
    insert into footfall.face_events (
        tenant_id, event_id, site_id, camera_id, worker, captured_at, started_at, ended_at, frames, box, landmarks,
        quality, pipeline, decision, reason, threshold_low, threshold_high, threshold_source
    )
    values (
        footfall.current_tenant(), gen_random_uuid(), :site_id, :camera_id, 'worker-1', now(), now(), now(), 12, '{}',
        '[]', '{}', '{}', 'stranger', 'measured', 0.3, 0.5, 'a benchmark'
    )
""")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--objects", type=int, default=10_000, help="images to delete")
    parser.add_argument("--events", type=int, default=200_000, help="sightings to delete; a quarter as many visits")
    parser.add_argument("--object-bytes", type=int, default=8_000, help="size of an image")


def run(arguments: argparse.Namespace) -> Figures:
    with _running() as servers:
        return {**_rows(servers, arguments.events), **_objects(servers, arguments.objects, arguments.object_bytes)}


def lines(figures: Figures) -> list[str]:
    return [
        f"{figures['retention_objects']} objects deleted from the local S3: "
        f"{figures['retention_objects_per_s']:.0f} a second (goal 1,000)",
        f"{figures['retention_rows']} sightings, templates and visits deleted from Postgres: "
        f"{figures['retention_rows_per_s']:.0f} rows a second (goal 20,000), "
        f"{figures['retention_sightings_per_s']:.0f} sightings a second",
        f"A writer beside it waited {figures['writer_p50_ms']:.1f} ms for a sighting at the median, "
        f"{figures['writer_p99_ms']:.1f} ms at the 99th percentile, {figures['writer_max_ms']:.1f} ms at most "
        f"({figures['writer_idle_p50_ms']:.1f} ms with nothing beside it)",
    ]


@dataclass(frozen=True, slots=True)
class _Servers:
    owner_dsn: str = field(repr=False)
    app: Engine
    operator: Engine
    store: S3ObjectStore
    tenant_id: TenantId
    site_id: UUID
    camera_id: UUID


@contextmanager
def _running() -> Iterator[_Servers]:
    with (
        tempfile.TemporaryDirectory(prefix="footfall-retention-", ignore_cleanup_errors=True) as name,
        ExitStack() as on,
    ):
        folder = Path(name)
        folder.chmod(0o711)
        ports = free_ports(9)
        database = PostgresPart(
            folder / "postgres",
            ports[0],
            superuser_password=secrets.token_hex(16),
            owner_password=secrets.token_hex(16),
        )
        s3 = SeaweedPart(
            folder / "s3",
            SeaweedPorts(*ports[1:]),
            access_key=secrets.token_hex(10),
            secret_key=secrets.token_hex(20),
            internal_key=secrets.token_hex(20),
        )
        for part in (database, s3):
            on.enter_context(running_part(part, folder / f"{part.name}.log"))
        provisioning.upgrade_schema(database.owner_dsn)
        passwords = {role: secrets.token_hex(16) for role in _ROLES}
        provisioning.set_role_passwords(database.owner_dsn, passwords)
        engines = [
            open_engine(
                provisioning.role_dsn(database.owner_dsn, role, passwords[role]),
                PostgresSettings(statement_timeout_seconds=600),
                application="footfall-benchmarks",
            )
            for role in (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE)
        ]
        for engine in engines:
            on.callback(engine.dispose)
        store = S3ObjectStore(
            S3Settings.model_validate(
                {"endpoint": s3.endpoint, "access_key": s3.access_key, "secret_key": s3.secret_key}
            )
        )
        store.ensure()
        tenant_id, site_id, camera_id = TenantId(uuid4()), uuid4(), uuid4()
        row = TenantRow(tenant_id, "benchmark", "A benchmark", "identify", "consent", _TERM_DAYS)
        with owner_engine(database.owner_dsn) as owner, tenant_transaction(owner, tenant_id) as connection:
            tenants.insert(connection, row)
        with tenant_transaction(engines[0], tenant_id) as connection:
            values = {"tenant_id": tenant_id, "site_id": site_id, "camera_id": camera_id}
            connection.execute(
                text(
                    "insert into footfall.sites (tenant_id, site_id, name, timezone)"
                    " values (:tenant_id, :site_id, 'Shop', 'UTC')"
                ),
                values,
            )
            connection.execute(
                text(
                    "insert into footfall.cameras (tenant_id, camera_id, site_id, name)"
                    " values (:tenant_id, :camera_id, :site_id, 'Entrance')"
                ),
                values,
            )
        yield _Servers(database.owner_dsn, engines[0], engines[1], store, tenant_id, site_id, camera_id)


def _rows(servers: _Servers, events: int) -> dict[str, object]:
    with tenant_transaction(servers.app, servers.tenant_id) as connection:
        place = {"site_id": servers.site_id, "camera_id": servers.camera_id}
        connection.execute(_VISITS, {**place, "visits": events // 4})
        connection.execute(_EVENTS, {"each": 4})
        connection.execute(_TEMPLATES, {"embedding": bytes(2048)})
    with owner_engine(servers.owner_dsn) as owner, owner.begin() as connection:
        connection.execute(text("analyze footfall.face_events, footfall.visits, footfall.event_templates"))
    idle = _Writer(servers)
    with idle.writing():
        time.sleep(2.0)
    busy = _Writer(servers)
    terms = RetentionSettings(event_days=_TERM_DAYS)
    with busy.writing():
        began = time.perf_counter()
        aged = age_records(servers.operator, [servers.tenant_id], terms, now=datetime.now(UTC), dry_run=False)
        seconds = time.perf_counter() - began
    deleted = sum(each.deleted for each in aged)
    sightings = sum(each.deleted for each in aged if each.kind == "events")
    waits = np.array(busy.seconds) * 1000
    return {
        "retention_rows": deleted + sightings,  # each of them had a template
        "retention_rows_per_s": (deleted + sightings) / seconds,
        "retention_sightings_per_s": sightings / seconds,
        "writer_p50_ms": float(np.percentile(waits, 50)),
        "writer_p99_ms": float(np.percentile(waits, 99)),
        "writer_max_ms": float(waits.max()),
        "writer_idle_p50_ms": float(np.percentile(np.array(idle.seconds) * 1000, 50)),
    }


def _objects(servers: _Servers, count: int, size: int) -> dict[str, object]:
    data = bytes(size)

    def put(number: int) -> None:
        servers.store.put(servers.tenant_id, "raw", f"events/{uuid4()}-{number}.jpg", data, "image/jpeg")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, range(count)))
    later = datetime.now(UTC) + timedelta(days=_TERM_DAYS + 1)
    began = time.perf_counter()
    [swept] = sweep_expired_raw_images(
        servers.operator, servers.store, [servers.tenant_id], bucket_days=_TERM_DAYS, now=later, dry_run=False
    )
    seconds = time.perf_counter() - began
    return {"retention_objects": swept.deleted, "retention_objects_per_s": swept.deleted / seconds}


@dataclass(slots=True)
class _Writer:
    """Adds a sighting now and then, as the API does. `seconds`: what each took."""

    servers: _Servers
    seconds: list[float] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def writing(self) -> Iterator[None]:
        thread = threading.Thread(target=self._write)
        thread.start()
        try:
            yield
        finally:
            self._over.set()
            thread.join()

    def _write(self) -> None:
        place = {"site_id": self.servers.site_id, "camera_id": self.servers.camera_id}
        while not self._over.wait(_WRITTEN_EVERY_SECONDS):
            began = time.perf_counter()
            with tenant_transaction(self.servers.app, self.servers.tenant_id) as connection:
                connection.execute(_ONE, place)
            self.seconds.append(time.perf_counter() - began)
