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

from footfall.environment import settings_environment
from footfall.errors import ConfigurationError, ServiceUnavailableError
from footfall.settings import PREFIX, Settings

_LIMIT_SECONDS = 1800


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """`rows`: rows that each asset holds now, by its name, where it tells. `failed_checks`: errors, for a warning
    is none. `failure`: what went wrong, for a person."""

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
                    **settings_environment(settings, secrets=True),
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


def _without_footfall(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if not name.upper().startswith(PREFIX)}


def _outcome_of(job_name: str, output: str, log: Path) -> RunOutcome:
    lines = output.strip().splitlines()
    try:
        told = json.loads(lines[-1])
        return RunOutcome(**{**told, "failed_checks": tuple(told["failed_checks"])})
    except (IndexError, ValueError, TypeError, KeyError) as error:
        raise ConfigurationError(f"The job {job_name} could not be run.", hint=f"See the end of {log}.") from error
