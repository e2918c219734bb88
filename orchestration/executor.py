"""What executes the steps of runs: processes of one machine, or Celery workers where a setting names them."""

from __future__ import annotations

from pathlib import Path

import yaml
from dagster import ExecutorDefinition

from footfall.errors import ConfigurationError
from footfall.settings import Settings


def executor_of(settings: Settings) -> ExecutorDefinition | None:
    """None for Dagster's default, processes. Raises ConfigurationError when Celery is set and cannot be used."""
    path = settings.orchestration.celery_config
    if path is None:
        return None
    configuration = _configuration(path)
    try:
        from dagster_celery import celery_executor  # noqa: PLC0415 - an extra, which few installations have
    except ImportError as error:
        raise ConfigurationError(
            "FOOTFALL_ORCHESTRATION__CELERY_CONFIG is set, and dagster-celery is not installed.",
            hint="docs/operations.md, “More than one machine”, says how to install it.",
        ) from error
    executor: ExecutorDefinition = celery_executor
    return executor.configured(configuration, name="celery")


def _configuration(path: Path) -> dict[str, object]:
    """What stands under `execution: config:`, where the workers look for it too."""
    try:
        told = yaml.safe_load(path.read_text(encoding="utf-8"))
        found = told["execution"]["config"]
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"FOOTFALL_ORCHESTRATION__CELERY_CONFIG cannot be used: {path} has no `execution: config:`.",
            hint="deploy/dagster/celery-run.yaml is such a file.",
        ) from error
    if not isinstance(found, dict):
        raise ConfigurationError(
            f"FOOTFALL_ORCHESTRATION__CELERY_CONFIG cannot be used: `execution: config:` of {path} is no mapping.",
            hint="deploy/dagster/celery-run.yaml is such a file.",
        )
    return found
