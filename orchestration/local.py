"""Runs a job here and now, in a process of its own, with its run in Dagster's storage like any other. Dagster itself is
imported by that process alone (`orchestration.run_job`)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, SecretStr

from footfall.errors import ConfigurationError, ServiceUnavailableError
from footfall.settings import PREFIX, Settings

_LIMIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`rows`: rows that each asset holds now, by its name, where it tells. `failure`: what went wrong, for a person."""

    job_name: str
    run_id: str
    success: bool
    seconds: float
    rows: Mapping[str, int]
    failed_checks: tuple[str, ...]
    failure: str | None


def materialise(job_name: str, settings: Settings) -> RunOutcome:
    """Runs the job with the environment that `settings` describe, on the Dagster instance in `<home>/dagster`.

    The run's log goes to `<home>/logs/<job>.log`. A run that fails is an outcome with `success` false. Raises
    ConfigurationError when there is no such job or the run could not even begin, ServiceUnavailableError when it takes
    longer than half an hour.
    """
    home = settings.home.absolute()
    log = home / "logs" / f"{job_name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    (home / "dagster").mkdir(parents=True, exist_ok=True)
    with log.open("a", encoding="utf-8") as log_file:
        try:
            ended = subprocess.run(
                [sys.executable, "-m", "orchestration.run_job", job_name],
                env={
                    **_without_footfall(os.environ),
                    **environment_of(settings),
                    "DAGSTER_HOME": str(home / "dagster"),
                },
                cwd=home,
                stdout=subprocess.PIPE,
                stderr=log_file,
                text=True,
                timeout=_LIMIT_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise ServiceUnavailableError(
                f"The job {job_name} did not end within {_LIMIT_SECONDS // 60} minutes.", hint=f"See the end of {log}."
            ) from error
        log_file.write(ended.stdout)
    return _outcome_of(job_name, ended.stdout, log)


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which `load_settings` makes the same settings again. Holds secrets."""
    return dict(_variables(PREFIX, settings))


def _variables(prefix: str, section: BaseModel) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, field in type(section).model_fields.items():
        value: Any = getattr(section, name)
        if isinstance(value, BaseModel):
            found += _variables(f"{prefix}{name.upper()}__", value)
        elif value != field.default:
            found.append((f"{prefix}{name.upper()}", _text(value)))
    return found


def _text(value: object) -> str:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def _without_footfall(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.upper().startswith(PREFIX)}


def _outcome_of(job_name: str, output: str, log: Path) -> RunOutcome:
    lines = output.strip().splitlines()
    try:
        told = json.loads(lines[-1])
        return RunOutcome(**{**told, "failed_checks": tuple(told["failed_checks"])})
    except (IndexError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"The job {job_name} could not be run.", hint=f"See the end of {log}.") from error
