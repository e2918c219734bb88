"""Measure how long an erasure takes until it is proven: one customer beside a million visits, and a whole tenant.

Postgres, Milvus Lite and the object store are the embedded ones, started for this in a folder that goes with them. The
time runs from the first step to the signed certificate, the marts' rebuild by dbt included; nothing else runs.
"""

from __future__ import annotations

import argparse
import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
from sqlalchemy import Engine, text

from assets.dbt_project import dbt_environment, dbt_executable, project_dir
from benchmarks.commands import Figures
from benchmarks.visit_rows import FilledTenant, as_if_long_ago, fill
from cli.stack.parts.milvus import MilvusPart
from cli.stack.parts.postgres import PostgresPart
from cli.stack.parts.seaweed import SeaweedPart, SeaweedPorts
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from contracts.base import TemplateId, TenantId
from contracts.erasure import CustomerSubject
from footfall import provisioning
from footfall.erasure import carry_out
from footfall.erasure_requests import order_tenant_erasure, request_erasure
from footfall.errors import ServiceUnavailableError
from footfall.operations import OperatorServices, open_operator_services
from footfall.settings import Settings, load_settings
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import open_engine, owner_engine
from footfall.stores.postgres.tenants import TenantRow
from footfall.tenancy import tenant_transaction

_ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)
_VERSION = "benchmark-1"
_TEMPLATES = 5
_DBT_SECONDS = 3600

_EVENTS = text("""
    insert into footfall.face_events (
        tenant_id, event_id, site_id, camera_id, worker, captured_at, started_at, ended_at, frames, box, landmarks,
        quality, pipeline, decision, reason, threshold_low, threshold_high, threshold_source, visit_id, customer_id,
        image_key
    )
    select
        v.tenant_id, e.event_id, v.site_id, v.camera_ids[1], 'worker-1', v.started_at, v.started_at, v.started_at, 12,
        '{"x": 1, "y": 1, "width": 80, "height": 80}', '[]', '{"score": 0.8}', '{}', 'customer', 'measured', 0.3, 0.5,
        'a benchmark', v.visit_id, v.customer_id,
        case when e.place % :image_each = 0 then v.tenant_id || '/events/' || e.event_id || '.jpg' end
    from (
        select gen_random_uuid() as event_id, n as place, 1 + (n - 1) % :visits as visit_place
        from generate_series(1, :events) as g (n)
    ) as e
    inner join (
        select *, row_number() over (order by started_at) as visit_place from footfall.visits
        where cast(:customer_id as uuid) is null or customer_id = cast(:customer_id as uuid)
    ) as v on v.visit_place = e.visit_place
""")


@dataclass(frozen=True, slots=True)
class _Servers:
    owner_dsn: str
    transform_dsn: str
    app: Engine
    settings: Settings
    services: OperatorServices


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1: beside a million visits, a tenant of 100,000 events"
    )


def run(arguments: argparse.Namespace) -> Figures:
    scale = float(arguments.scale)
    with _running() as servers:
        beside = fill(servers.app, _tenant(servers, "crowd"), max(1000, int(1_000_000 * scale)))
        _refresh(servers)
        return {
            "scale": scale,
            **measure_customer(servers, beside),
            **measure_tenant(servers, events=max(1000, int(100_000 * scale))),
        }


def lines(figures: Figures) -> list[str]:
    return [
        f"A customer with {figures['customer_events']} events beside {figures['visits_beside']:,} visits: erased and "
        f"proven in {figures['erase_customer_s']:.1f} s, of which the marts took {figures['customer_marts_s']:.1f} s "
        "(goal: under 30 s beside a million)",
        f"A tenant with {figures['tenant_events']:,} events and {figures['tenant_images']:,} images: erased and proven "
        f"in {figures['erase_tenant_s']:.1f} s, of which the marts took {figures['tenant_marts_s']:.1f} s (goal: under "
        "600 s for 100,000 events)",
    ]


def measure_customer(servers: _Servers, beside: FilledTenant, *, events: int = 500) -> dict[str, object]:
    """One of the tenant's customers, with that many sightings, an image of each and templates."""
    with tenant_transaction(servers.app, beside.tenant_id) as connection:
        customer_id: UUID = connection.execute(
            text("select customer_id from footfall.visits order by started_at desc limit 1")
        ).scalar_one()
        visits: int = connection.execute(
            text("select count(*) from footfall.visits where customer_id = :id"), {"id": customer_id}
        ).scalar_one()
        stored: int = connection.execute(text("select count(*) from footfall.visits")).scalar_one()
    _sightings(servers, beside.tenant_id, events=events, visits=visits, customer_id=customer_id, image_each=1)
    _templates(servers, beside.tenant_id, customer_id)
    _refresh(servers)
    with owner_engine(servers.owner_dsn) as owner, owner_engine(servers.transform_dsn) as transform:
        as_if_long_ago(owner, transform, beside.tenant_id)
    now = datetime.now(UTC)
    request = request_erasure(
        servers.app,
        beside.tenant_id,
        CustomerSubject(kind="customer", customer_id=customer_id),
        reference="A benchmark",
        now=now,
        actor="benchmark",
    )
    seconds, marts = _erase(servers, beside.tenant_id, request.request_id)
    return {
        "erase_customer_s": seconds,
        "customer_marts_s": marts,
        "customer_events": events,
        "visits_beside": stored,
    }


def measure_tenant(servers: _Servers, *, events: int) -> dict[str, object]:
    """A tenant with that many sightings, and an image of every tenth."""
    tenant_id = _tenant(servers, "leaver")
    visits = max(10, events // 4)
    fill(servers.app, tenant_id, visits)
    images = _sightings(servers, tenant_id, events=events, visits=visits, customer_id=None, image_each=10)
    _refresh(servers)
    with owner_engine(servers.owner_dsn) as owner, owner_engine(servers.transform_dsn) as transform:
        as_if_long_ago(owner, transform, tenant_id)
    request = order_tenant_erasure(
        servers.services.engine,
        tenant_id,
        reference="A benchmark",
        now=datetime.now(UTC),
        actor="benchmark",
        grace=timedelta(),
    )
    seconds, marts = _erase(servers, tenant_id, request.request_id)
    return {"erase_tenant_s": seconds, "tenant_marts_s": marts, "tenant_events": events, "tenant_images": images}


def _erase(servers: _Servers, tenant_id: TenantId, request_id: UUID) -> tuple[float, float]:
    """Seconds of the whole, and of the marts within. Raises ServiceUnavailableError where it was not completed."""
    marts: list[float] = []
    began = time.perf_counter()
    done = carry_out(servers.services, tenant_id, request_id, refresh_marts=lambda: marts.append(_refresh(servers)))
    if done.status != "completed":
        raise ServiceUnavailableError(f"The erasure is {done.status}: {done.error}")
    return time.perf_counter() - began, sum(marts)


def _refresh(servers: _Servers) -> float:
    began = time.perf_counter()
    ended = subprocess.run(
        [str(dbt_executable()), "--quiet", "--no-use-colors", "run"],
        cwd=project_dir(),
        env={**os.environ, **dbt_environment(servers.settings)},
        capture_output=True,
        text=True,
        timeout=_DBT_SECONDS,
        check=False,
    )
    if ended.returncode != 0:
        raise ServiceUnavailableError(f"dbt could not build the marts: {ended.stdout.strip()[-1000:]}")
    return time.perf_counter() - began


def _sightings(
    servers: _Servers, tenant_id: TenantId, *, events: int, visits: int, customer_id: UUID | None, image_each: int
) -> int:
    """How many of them have an image, which is stored."""
    with tenant_transaction(servers.app, tenant_id) as connection:
        connection.execute(text("set local statement_timeout = 0"))
        connection.execute(
            _EVENTS, {"events": events, "visits": visits, "customer_id": customer_id, "image_each": image_each}
        )
        keys = list(
            connection.execute(text("select image_key from footfall.face_events where image_key is not null")).scalars()
        )
    objects = servers.services.objects
    with ThreadPoolExecutor(8) as pool:
        list(
            pool.map(
                lambda key: objects.put(
                    tenant_id, "raw", key.removeprefix(f"{tenant_id}/"), secrets.token_bytes(8000), "image/jpeg"
                ),
                keys,
            )
        )
    return len(keys)


def _templates(servers: _Servers, tenant_id: TenantId, customer_id: UUID) -> None:
    with tenant_transaction(servers.app, tenant_id) as connection:
        events = list(
            connection.execute(
                text("select event_id from footfall.face_events where customer_id = :id limit :most"),
                {"id": customer_id, "most": _TEMPLATES},
            ).scalars()
        )
        stored = []
        for number, event_id in enumerate(events):
            vector = np.zeros(512, np.float32)
            vector[number] = 1.0
            stored.append(StoredTemplate(TemplateId(uuid4()), tenant_id, "customer", customer_id, vector))
            connection.execute(
                text(
                    "insert into footfall.customer_templates"
                    " (tenant_id, template_id, customer_id, event_id, model_version, embedding, quality_score)"
                    " values (:tenant, :template, :customer, :event, :version, :embedding, 0.9)"
                ),
                {
                    "tenant": tenant_id,
                    "template": stored[-1].template_id,
                    "customer": customer_id,
                    "event": event_id,
                    "version": _VERSION,
                    "embedding": vector.tobytes(),
                },
            )
    servers.services.vectors.upsert(_VERSION, stored)


def _tenant(servers: _Servers, slug: str) -> TenantId:
    tenant_id = TenantId(uuid4())
    row = TenantRow(tenant_id, slug, "A benchmark", "identify", "consent", 30)
    with owner_engine(servers.owner_dsn) as owner, tenant_transaction(owner, tenant_id) as connection:
        tenants.insert(connection, row)
    return tenant_id


@contextmanager
def _running() -> Iterator[_Servers]:
    with (
        tempfile.TemporaryDirectory(prefix="footfall-erasure-", ignore_cleanup_errors=True) as name,
        ExitStack() as on,
    ):
        folder = Path(name)
        folder.chmod(0o711)
        ports = free_ports(10)
        database = PostgresPart(
            folder / "postgres",
            ports[0],
            superuser_password=secrets.token_hex(16),
            owner_password=secrets.token_hex(16),
        )
        milvus = MilvusPart(folder / "milvus", ports[1])
        s3 = SeaweedPart(
            folder / "s3",
            SeaweedPorts(*ports[2:]),
            access_key=secrets.token_hex(10),
            secret_key=secrets.token_hex(20),
            internal_key=secrets.token_hex(20),
        )
        for part in (database, milvus, s3):
            on.enter_context(running_part(part, folder / f"{part.name}.log"))
        provisioning.upgrade_schema(database.owner_dsn)
        passwords = {role: secrets.token_hex(16) for role in _ROLES}
        provisioning.set_role_passwords(database.owner_dsn, passwords)
        app, operator, transform = (provisioning.role_dsn(database.owner_dsn, role, passwords[role]) for role in _ROLES)
        settings = load_settings(
            home=folder / "home",
            postgres={
                "app_dsn": app,
                "operator_dsn": operator,
                "transform_dsn": transform,
                "statement_timeout_seconds": 600,
            },
            milvus={"uri": milvus.url, "timeout_seconds": 60.0},
            s3={"endpoint": s3.endpoint, "access_key": s3.access_key, "secret_key": s3.secret_key},
        )
        (folder / "home").mkdir()
        services = open_operator_services(settings)
        on.callback(services.close)
        engine = open_engine(app, settings.postgres, application="footfall-benchmarks")
        on.callback(engine.dispose)
        services.objects.ensure()
        services.vectors.ensure(_VERSION)
        yield _Servers(database.owner_dsn, transform, engine, settings, services)
