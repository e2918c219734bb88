"""The instances in deploy/dagster and what has steps go to Celery, as far as they load without the packages that they
name. With them: tests/integration/orchestration/scale_out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from assets.needs import POOLS
from assets.partitions import TENANT_TAG
from cli.stack.parts.orchestrator import ONE_AT_A_TIME, Orchestrator
from footfall.errors import ConfigurationError
from footfall.settings import Settings, load_settings
from orchestration.executor import executor_of
from orchestration.jobs import LONGEST_RUN_SECONDS

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "deploy" / "dagster"
INSTANCES = ("celery.yaml", "kubernetes.yaml")


def read(name: str) -> dict[str, Any]:
    found = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("name", INSTANCES)
def test_an_instance_is_what_dagsters_own_schema_allows(name: str) -> None:
    checked = validate_config(dagster_instance_config_schema(), read(name))
    assert checked.success, checked.errors


@pytest.mark.parametrize("name", INSTANCES)
def test_an_instance_keeps_what_the_one_machine_keeps(name: str, tmp_path: Path) -> None:
    """No secret in the file, no message to the internet, one run of a tenant at a time, pools that hold one."""
    told = read(name)
    assert told["storage"]["postgres"]["postgres_url"] == {"env": "FOOTFALL_POSTGRES__DAGSTER_DSN"}
    assert told["telemetry"] == {"enabled": False}
    assert told["run_monitoring"]["start_timeout_seconds"] < LONGEST_RUN_SECONDS
    Orchestrator(tmp_path, tmp_path, 1, 2, "postgresql://nobody@127.0.0.1:1/none").write_files()
    here = json.loads((tmp_path / "dagster.yaml").read_text("utf-8"))["concurrency"]
    assert told["concurrency"]["runs"]["tag_concurrency_limits"] == here["runs"]["tag_concurrency_limits"]
    assert told["concurrency"]["pools"] == here["pools"] == {"default_limit": 1}
    assert POOLS


def test_one_run_of_a_tenant_at_a_time_however_it_is_tagged() -> None:
    """By its partition, by the tenant in a partition of tenant and day, by our own sensors and schedules."""
    assert ONE_AT_A_TIME == ("dagster/partition", "dagster/partition/tenant", TENANT_TAG)


def test_nobody_does_a_step_twice_because_it_takes_long() -> None:
    told = read("celery-run.yaml")["execution"]["config"]["config_source"]
    assert told["broker_transport_options"]["visibility_timeout"] > LONGEST_RUN_SECONDS


def with_celery(path: Path) -> Settings:
    return load_settings(orchestration={"celery_config": path})


def test_without_the_setting_steps_are_processes() -> None:
    assert executor_of(load_settings()) is None


def test_celery_without_its_package_is_refused_with_where_to_read() -> None:
    with pytest.raises(ConfigurationError, match="dagster-celery is not installed") as refused:
        executor_of(with_celery(FOLDER / "celery-run.yaml"))
    assert "More than one machine" in (refused.value.hint or "")


@pytest.mark.parametrize("content", [None, "", "execution: {}", "execution: {config: 7}", "a: [", "\udcff"])
def test_a_file_that_does_not_tell_of_celery_is_named(content: str | None, tmp_path: Path) -> None:
    path = tmp_path / "celery.yaml"
    if content is not None:
        path.write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(ConfigurationError, match="FOOTFALL_ORCHESTRATION__CELERY_CONFIG cannot be used") as refused:
        executor_of(with_celery(path))
    assert str(path) in refused.value.message
