"""Steps on a real Celery worker: the repository's definitions, its instance and its configuration of Celery, the
commands of docs/operations.md, and a real broker."""

from __future__ import annotations

import secrets
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from dagster import DagsterEventType, DagsterRunStatus
from sqlalchemy import make_url, text

from cli.stack.parts.base import Health, base_environment
from cli.stack.parts.command import CommandPart
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from footfall.stores.postgres.engine import owner_engine
from tests.integration.marts import new_tenant
from tests.integration.orchestration.scale_out.conftest import Install
from tests.integration.orchestration.scale_out.installation import DEPLOYED, Installation, deployed
from tests.servers import MigratedPostgres

pytestmark = pytest.mark.e2e

WORKER = ("worker", "start", "-A", "dagster_celery.app", "-y")


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on this machine")
    port = free_ports(1)[0]
    password = secrets.token_hex(8)

    def look() -> Health:
        with socket.socket() as probe:
            return Health(probe.connect_ex(("127.0.0.1", port)) == 0, "")

    options = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password)
    part = CommandPart("redis", (binary, *options), base_environment({}), tmp_path / "redis", look)
    with running_part(part, tmp_path / "redis.log"):
        yield f"redis://:{password}@127.0.0.1:{port}/0"


@pytest.fixture(params=["redis", "postgres"])
def reached(request: pytest.FixtureRequest, dagster_dsn: str, tmp_path: Path) -> tuple[Path, dict[str, str]]:
    """The file that says how runs reach workers, and the environment that it asks for. With Redis the repository's own,
    where the machine has a redis-server; with Postgres, which is there always, less what only Redis understands."""
    if request.param == "redis":
        url = request.getfixturevalue("redis_url")
        return DEPLOYED / "celery-run.yaml", {"CELERY_BROKER_URL": url, "CELERY_RESULT_BACKEND": url}
    told = deployed("celery-run.yaml")
    told["execution"]["config"]["config_source"]["broker_transport_options"] = {}
    (tmp_path / "celery-run.yaml").write_text(yaml.safe_dump(told), encoding="utf-8")
    dsn = make_url(dagster_dsn).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    return tmp_path / "celery-run.yaml", {"CELERY_BROKER_URL": f"sqla+{dsn}", "CELERY_RESULT_BACKEND": f"db+{dsn}"}


def test_steps_are_done_by_the_worker_and_a_failure_says_why(
    new_installation: Install, database: MigratedPostgres, reached: tuple[Path, dict[str, str]]
) -> None:
    configuration, environment = reached
    tenant_id = new_tenant(database)
    installation = new_installation(
        deployed("celery.yaml"), {"FOOTFALL_ORCHESTRATION__CELERY_CONFIG": str(configuration), **environment}
    )
    worker = (str(installation.commands / "dagster-celery"), *WORKER, str(configuration))
    with (
        installation.running("worker", *worker, ready=lambda log: " ready." in log) as log,
        installation.daemon(),
    ):
        good = installation.launch("apply_terms", {"dagster/partition": str(tenant_id)})
        assert installation.wait(good) is DagsterRunStatus.SUCCESS, installation.said(good)
        assert steps_by_worker(installation, good) == {"expired_customers", "aged_records"}

        with a_schema_of_the_future(database):
            bad = installation.launch("apply_terms", {"dagster/partition": str(tenant_id)})
            assert installation.wait(bad) is DagsterRunStatus.FAILURE
        assert "since 9999 this program, which knows" in installation.said(bad)
        assert steps_by_worker(installation, bad)
    told = log.read_text("utf-8")
    assert "Task execute_plan[" in told
    assert str(make_url(database.operator_dsn).password) not in told


@contextmanager
def a_schema_of_the_future(database: MigratedPostgres) -> Iterator[None]:
    """An upgrade that takes something away was made while these programs run."""
    with owner_engine(database.owner_dsn) as engine:
        with engine.begin() as connection:
            connection.execute(text("insert into public.footfall_schema_history values (9999, '9999', false)"))
        try:
            yield
        finally:
            with engine.begin() as connection:
                connection.execute(text("delete from public.footfall_schema_history where revision = '9999'"))


def steps_by_worker(installation: Installation, run_id: str) -> set[str | None]:
    """Steps of which the worker itself said that it took them up."""
    with installation.instance() as instance:
        return {
            entry.step_key
            for entry in instance.all_logs(run_id, of_type=DagsterEventType.ENGINE_EVENT)
            if entry.dagster_event is not None and "in celery worker" in (entry.dagster_event.message or "")
        }
