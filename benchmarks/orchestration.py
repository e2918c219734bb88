"""What the operators' side costs: a refresh of the marts by how much is stored, and loading Dagster's definitions.

The refresh is measured as Dagster runs it, `dbt build` with its tests as a process of its own, after one new day of
visits. It is done in turns with two amounts of stored visits, on one server and by the same dbt, and told as their
ratio; what is stored is made in SQL and built once. Retention and erasure have commands of their own, whose figures are
told with these where they are installed.
"""

from __future__ import annotations

import argparse
import os
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

from sqlalchemy import Engine, text

from assets.dbt_project import dbt_environment, dbt_executable, project_dir
from assets.marts import dbt_arguments
from benchmarks.commands import COMMANDS, Figures, load
from benchmarks.visit_rows import FilledTenant, as_if_long_ago, fill
from cli.stack.parts.postgres import PostgresPart
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from contracts.base import TenantId
from footfall import provisioning
from footfall.errors import InputError, ServiceUnavailableError
from footfall.settings import PostgresSettings, Settings, load_settings
from footfall.stores.postgres.engine import open_engine, owner_engine
from footfall.tenancy import tenant_transaction

_ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)
_TIMES = 3
_LEAST_SCALE = 1000
_NEW_DAY_VISITS = 2000
_DBT_SECONDS = 3600
_TAKEN: dict[str, tuple[str, ...]] = {
    "retention": ("retention_objects_per_s", "retention_rows_per_s"),
    "erasure": ("erase_customer_s", "erase_tenant_s"),
}

_NEW_DAY = text("""
    insert into footfall.visits (
        tenant_id, visit_id, site_id, person_kind, customer_id, started_at, ended_at, sightings, camera_ids,
        is_first_visit
    )
    select
        c.tenant_id, gen_random_uuid(), (cast(:site_ids as uuid[]))[1 + g.n % :sites], 'customer', c.customer_id,
        date_trunc('day', now()) + :days * interval '1 day' + g.n * interval '40 seconds',
        date_trunc('day', now()) + :days * interval '1 day' + g.n * interval '41 seconds', 1, '{}', false
    from generate_series(1, :visits) as g (n)
    cross join (select tenant_id, customer_id from footfall.customers limit 1) as c
""")

_LOAD = """
import time
began = time.perf_counter()
from orchestration.definitions import defs
defs().get_repository_def()
print(time.perf_counter() - began)
"""


@dataclass(frozen=True, slots=True)
class _Stored:
    """A database with visits, and dbt's settings for it."""

    tenant: FilledTenant
    app: Engine
    settings: Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--scale", type=int, default=1_000_000, help="visits stored first; then ten times as many")
    parser.add_argument("--times", type=int, default=_TIMES, help="refreshes of either, of which the median counts")
    parser.add_argument("--alone", action="store_true", help="leave out what retention and erasure measure")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for amounts that measure nothing, ServiceUnavailableError when a part does not run."""
    if arguments.scale < _LEAST_SCALE or arguments.times < 1:
        raise InputError(f"scale must be {_LEAST_SCALE} or more, times 1 or more.")
    figures: dict[str, object] = {}
    with tempfile.TemporaryDirectory(prefix="footfall-orchestration-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with _server(folder) as owner_dsn:
            sizes = (arguments.scale, 10 * arguments.scale)
            # Roles are the server's: their passwords hold in both databases.
            passwords = {role: secrets.token_hex(16) for role in _ROLES}
            stored = [_store(owner_dsn, passwords, folder / f"of-{visits}", visits) for visits in sizes]
            seconds: list[list[float]] = [[], []]
            for turn in range(arguments.times):
                for one, taken in zip(stored, seconds, strict=True):
                    _add_day(one, days=turn + 1)
                    taken.append(_build(one.settings))
            for one in stored:
                one.app.dispose()
        few, many = (statistics.median(taken) for taken in seconds)
        figures |= {
            "marts_refresh_ratio": round(many / few, 3),
            "marts_refresh_s": [round(few, 2), round(many, 2)],
            "visits_stored": list(sizes),
            "definitions_load_s": round(_definitions_seconds(folder / "definitions", arguments.times), 2),
        }
    if not arguments.alone:
        figures |= _taken_from_others()
    return figures


def lines(figures: Figures) -> list[str]:
    stored, seconds = figures["visits_stored"], figures["marts_refresh_s"]
    told = [
        f"a new day in the marts: {seconds} s beside {stored} stored visits, ratio {figures['marts_refresh_ratio']}",
        f"definitions: loaded in {figures['definitions_load_s']} s by a fresh process, with nothing running",
    ]
    others = [key for keys in _TAKEN.values() for key in keys if key in figures]
    return [*told, *(f"{key}: {figures[key]}" for key in others)]


@contextmanager
def _server(folder: Path) -> Iterator[str]:
    postgres = PostgresPart(
        folder / "postgres",
        free_ports(1)[0],
        superuser_password=secrets.token_hex(16),
        owner_password=secrets.token_hex(16),
    )
    with running_part(postgres, folder / "postgres.log"):
        yield postgres.owner_dsn


def _store(owner_dsn: str, passwords: Mapping[str, str], home: Path, visits: int) -> _Stored:
    """A database of its own with so many visits, and the marts built of them."""
    database = f"stored_{visits}"
    with owner_engine(owner_dsn) as engine, engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text(f"create database {database}"))
    own_dsn = owner_dsn.rpartition("/")[0] + f"/{database}"
    provisioning.upgrade_schema(own_dsn)
    provisioning.set_role_passwords(own_dsn, passwords)
    dsns = {name: provisioning.role_dsn(own_dsn, name, password) for name, password in passwords.items()}
    settings = load_settings(home=home, postgres={"transform_dsn": dsns[provisioning.TRANSFORM_ROLE]})
    app = open_engine(dsns[provisioning.APP_ROLE], PostgresSettings(pool_size=1), application="footfall-benchmark")
    tenant_id: TenantId = provisioning.create_tenant(
        own_dsn,
        slug="benchmark",
        name="Benchmark",
        privacy_mode="identify",
        legal_basis="a benchmark",
        retention_days=3650,
        admin_email="admin@example.com",
        admin_password=uuid4().hex,
    )
    tenant = fill(app, tenant_id, visits, say=lambda line: print(line, file=sys.stderr))
    _build(settings)
    with owner_engine(own_dsn) as owner, owner_engine(dsns[provisioning.TRANSFORM_ROLE]) as transform:
        as_if_long_ago(owner, transform, tenant_id)
    return _Stored(tenant, app, settings)


def _add_day(stored: _Stored, *, days: int) -> None:
    with tenant_transaction(stored.app, stored.tenant.tenant_id) as connection:
        connection.execute(
            _NEW_DAY,
            {
                "site_ids": list(stored.tenant.site_ids),
                "sites": len(stored.tenant.site_ids),
                "visits": _NEW_DAY_VISITS,
                "days": days,
            },
        )


def _build(settings: Settings) -> float:
    """Seconds that dbt took to build what changed and to test it."""
    settings.home.mkdir(parents=True, exist_ok=True)
    began = time.perf_counter()
    built = subprocess.run(
        [str(dbt_executable()), "--quiet", "--no-use-colors", *dbt_arguments(full_refresh=False)],
        env={**os.environ, **dbt_environment(settings)},
        cwd=project_dir(),
        capture_output=True,
        text=True,
        timeout=_DBT_SECONDS,
        check=False,
    )
    if built.returncode != 0:
        raise ServiceUnavailableError(f"dbt could not build the marts: {built.stdout.strip()[-1000:]}")
    return time.perf_counter() - began


def _definitions_seconds(home: Path, times: int) -> float:
    """The median of fresh processes, after one that lets dbt parse the project, which is kept."""
    home.mkdir(parents=True, exist_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    taken = []
    for _ in range(1 + times):
        loaded = subprocess.run(
            [sys.executable, "-c", _LOAD],
            env={**environment, "FOOTFALL_HOME": str(home)},
            cwd=Path(__file__).parents[1],
            capture_output=True,
            text=True,
            timeout=_DBT_SECONDS,
            check=False,
        )
        if loaded.returncode != 0:
            raise ServiceUnavailableError(f"The definitions do not load: {loaded.stderr.strip()[-1000:]}")
        taken.append(float(loaded.stdout.split()[-1]))
    return statistics.median(taken[1:])


def _taken_from_others() -> dict[str, object]:
    """The figures of the commands that measure retention and erasure, with their own defaults, where there are such."""
    found: dict[str, object] = {}
    for command, keys in _TAKEN.items():
        if command in COMMANDS:
            parser = argparse.ArgumentParser()
            module = load(command)
            module.add_arguments(parser)
            measured = module.run(parser.parse_args([]))
            found |= {key: measured[key] for key in keys if key in measured}
    return found
