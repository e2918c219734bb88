"""The instances in deploy/dagster: as far as they load without the packages that they name, they are right."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster._config import validate_config
from dagster._core.instance.config import dagster_instance_config_schema

from assets.needs import POOLS
from orchestration.jobs import LONGEST_RUN_SECONDS

FOLDER = Path(__file__).parents[3] / "deploy" / "dagster"
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
def test_an_instance_keeps_what_the_one_machine_keeps(name: str) -> None:
    """No secret in the file, no message to the internet, one run of a tenant at a time, pools that hold one."""
    told = read(name)
    assert told["storage"]["postgres"]["postgres_url"] == {"env": "FOOTFALL_POSTGRES__DAGSTER_DSN"}
    assert told["telemetry"] == {"enabled": False}
    limits = told["concurrency"]["runs"]["tag_concurrency_limits"]
    assert {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1} in limits
    assert told["concurrency"]["pools"] == {"default_limit": 1}
    assert POOLS
    assert told["run_monitoring"]["start_timeout_seconds"] < LONGEST_RUN_SECONDS


def test_the_runs_of_celery_name_the_definitions() -> None:
    told = read("celery-run.yaml")["execution"]["config"]
    assert told["include"] == ["orchestration.definitions"]
    assert told["broker"] == {"env": "FOOTFALL_CELERY_BROKER"}
