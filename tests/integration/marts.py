"""A database of its own for the marts, a record to fill it with, and dbt to build from it. No test is here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal
from unittest.mock import patch
from uuid import UUID, uuid4

from dbt.cli.main import dbtRunner, dbtRunnerResult
from sqlalchemy import Connection, Engine, text

from assets.dbt_project import dbt_environment
from contracts.base import TenantId
from footfall.settings import PostgresSettings, Settings, load_settings
from footfall.stores.postgres import tenants
from footfall.stores.postgres.engine import open_engine, owner_engine
from footfall.stores.postgres.tenants import TenantRow
from footfall.tenancy import tenant_transaction
from tests.servers import MigratedPostgres

# What a run was is read from its result, so its manifest is not written out: twice a run, half of its seconds.
_PLAINLY = ("--quiet", "--no-use-colors", "--log-level-file", "none", "--no-write-json")
BOX = '{"x": 1, "y": 1, "width": 80, "height": 80}'


def settings_of(database: MigratedPostgres, home: Path, *, milvus_uri: str | None = None) -> Settings:
    return load_settings(
        home=home,
        postgres={
            "app_dsn": database.app_dsn,
            "operator_dsn": database.operator_dsn,
            "transform_dsn": database.transform_dsn,
        },
        milvus={"uri": milvus_uri},
    )


def engine_of(dsn: str) -> Engine:
    return open_engine(dsn, PostgresSettings(pool_size=2), application="footfall-tests")


@dataclass(frozen=True, slots=True)
class Dbt:
    """dbt in this process, with the settings' environment. `project`: a changed copy, where a test breaks something."""

    settings: Settings
    project: Path | None = None

    def run(self, *arguments: str) -> dbtRunnerResult:
        environment = dbt_environment(self.settings)
        if self.project is not None:
            copied = str(self.project)
            target = str(self.project / "target")
            environment |= {
                "DBT_PROJECT_DIR": copied,
                "DBT_PROFILES_DIR": copied,
                "DBT_TARGET_PATH": target,
                "DBT_LOG_PATH": target,
            }
        with patch.dict(os.environ, environment):
            return dbtRunner().invoke([*_PLAINLY, *arguments])

    def build(self, *arguments: str) -> None:
        """Models and data tests, all of which must pass."""
        self._must("build", "--exclude-resource-type", "unit_test", *arguments)

    def refresh(self, *marts: str, from_nothing: bool = False) -> None:
        """Those marts, or all of them, untested; after a build, which makes the views that they read. Each costs a
        quarter of a second: a test names those that it looks at."""
        self._must("run", "--select", *(marts or ("marts",)), *(["--full-refresh"] if from_nothing else []))

    def compiled(self, *names: str) -> dict[str, str]:
        """The queries of data tests, by name: a row they find is a failure."""
        result = self.run("compile", "--select", *names)
        return {item.node.name: item.node.compiled_code for item in getattr(result.result, "results", [])}

    def _must(self, *arguments: str) -> None:
        result = self.run(*arguments)
        if not result.success:
            raise AssertionError(failures(result) or result.exception)


def failures(result: dbtRunnerResult) -> list[str]:
    """Names of what failed, sorted."""
    told = getattr(result.result, "results", [])
    return sorted(item.node.name for item in told if item.status not in {"pass", "success"})


def passed(result: dbtRunnerResult) -> set[str]:
    """Names of the tests that ran and passed."""
    return {item.node.name for item in getattr(result.result, "results", []) if item.status == "pass"}


@dataclass(frozen=True, slots=True)
class Place:
    site_id: UUID
    camera_id: UUID


@dataclass(frozen=True, slots=True)
class Record:
    """Writes a tenant's rows as the application does, plainly: what visits are made of is tested elsewhere."""

    engine: Engine
    tenant_id: TenantId

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            yield connection

    def site(self, timezone: str = "Europe/Vienna", name: str | None = None) -> Place:
        site_id, camera_id = uuid4(), uuid4()
        self.execute(
            "insert into footfall.sites (tenant_id, site_id, name, timezone) values (:tenant, :site, :name, :timezone)",
            site=site_id,
            name=name or f"{timezone} {site_id.hex[:6]}",
            timezone=timezone,
        )
        self.execute(
            "insert into footfall.cameras (tenant_id, camera_id, site_id, name)"
            " values (:tenant, :camera, :site, 'entrance')",
            camera=camera_id,
            site=site_id,
        )
        return Place(site_id, camera_id)

    def customer(self) -> UUID:
        customer_id = uuid4()
        self.execute(
            "insert into footfall.customers (tenant_id, customer_id, first_seen_at, last_seen_at)"
            " values (:tenant, :customer, now(), now())",
            customer=customer_id,
        )
        return customer_id

    def staff(self) -> UUID:
        staff_id = uuid4()
        self.execute(
            "insert into footfall.staff (tenant_id, staff_id, display_name) values (:tenant, :staff, 'A colleague')",
            staff=staff_id,
        )
        return staff_id

    def visit(
        self,
        place: Place,
        person: UUID,
        started_at: str | datetime,
        *,
        kind: Literal["staff", "customer"] = "customer",
        first: bool = False,
        minutes: float = 10.0,
    ) -> UUID:
        visit_id = uuid4()
        began = _instant(started_at)
        self.execute(
            """
            insert into footfall.visits (
                tenant_id, visit_id, site_id, person_kind, staff_id, customer_id, started_at, ended_at, sightings,
                camera_ids, is_first_visit
            )
            values (
                :tenant, :visit, :site, :kind, :staff, :customer, :began, :ended, 1, cast(:cameras as uuid[]), :first
            )
            """,
            visit=visit_id,
            site=place.site_id,
            kind=kind,
            staff=person if kind == "staff" else None,
            customer=person if kind == "customer" else None,
            began=began,
            ended=began + timedelta(minutes=minutes),
            cameras=[place.camera_id],
            first=first,
        )
        return visit_id

    def sighting(self, place: Place, at: str | datetime, decision: str = "stranger") -> UUID:
        """Of nobody known."""
        event_id = uuid4()
        self.execute(
            """
            insert into footfall.face_events (
                tenant_id, event_id, site_id, camera_id, worker, captured_at, started_at, ended_at, frames, box,
                landmarks, quality, pipeline, decision, reason, threshold_low, threshold_high, threshold_source
            )
            values (
                :tenant, :event, :site, :camera, 'worker-1', :at, :at, :at, 1, cast(:box as jsonb), '[]', '{}', '{}',
                :decision, 'a test', 0.3, 0.5, 'a test'
            )
            """,
            event=event_id,
            site=place.site_id,
            camera=place.camera_id,
            at=_instant(at),
            box=BOX,
            decision=decision,
        )
        return event_id

    def execute(self, statement: str, **values: object) -> int:
        """Rows touched. `:tenant` is the tenant."""
        with self.transaction() as connection:
            return connection.execute(text(statement), {"tenant": self.tenant_id, **values}).rowcount


def _instant(at: str | datetime) -> datetime:
    """Text without an offset is UTC."""
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def new_tenant(database: MigratedPostgres) -> TenantId:
    """Without an administrator, whose password takes long to hash."""
    tenant_id = TenantId(uuid4())
    row = TenantRow(tenant_id, f"t-{tenant_id.hex[:12]}", "A tenant of the tests", "identify", "consent", 30)
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        tenants.insert(connection, row)
    return tenant_id


def age_changes(database: MigratedPostgres, tenant_id: TenantId, *, days: int) -> None:
    """Makes the notes of the tenant's changes older, as if they had been made that long ago."""
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        connection.execute(
            text("update footfall.traffic_changes set changed_at = changed_at - make_interval(days => :days)"),
            {"days": days},
        )
