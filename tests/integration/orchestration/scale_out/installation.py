"""An installation of more than one machine, on this one: deploy/dagster's instance, Dagster's own daemon and command
line, and the packages of requirements-scale-out.lock in an environment of their own. No test is here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import uuid4

import yaml
from dagster import DagsterEventType, DagsterInstance, DagsterRunStatus, RunsFilter

from cli.stack.parts.base import Health, base_environment
from cli.stack.parts.command import CommandPart
from cli.stack.running import running_part
from footfall.environment import settings_environment
from footfall.errors import ServiceUnavailableError
from footfall.settings import Settings

ROOT = Path(__file__).parents[4]
DEPLOYED = ROOT / "deploy" / "dagster"
INSTALL = "--require-hashes --no-deps -r requirements-scale-out.lock"
"""What docs/operations.md says after `uv pip install`."""

DEFINITIONS = ("-m", "orchestration.definitions")
ENDED = frozenset({DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED})
# The image of a Kubernetes job, and what Celery's workers are told by.
CURRENT_IMAGE = "registry.example.org/footfall:1.2.3"


def install(folder: Path) -> Path:
    """The folder of an environment's commands: what runs these tests, and on top the packages of the lock, whose
    hashes are checked. Made when it is missing or the lock was changed.

    Raises ServiceUnavailableError where they cannot be installed.
    """
    environment = folder.absolute() / "env"
    python = environment / "bin" / "python"
    made_from = environment / "made-from.lock"
    lock = ROOT / "requirements-scale-out.lock"
    if made_from.exists() and made_from.read_bytes() == lock.read_bytes():
        return python.parent
    uv = Path(sys.executable).with_name("uv")
    steps = (
        [sys.executable, "-m", "venv", "--clear", "--without-pip", str(environment)],
        [str(uv), "pip", "install", "--quiet", "--python", str(python), *INSTALL.split()],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=600, cwd=ROOT)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ServiceUnavailableError(f"Dagster's engines cannot be installed here: {said[-1]}.") from error
    [packages] = environment.glob("lib/python*/site-packages")
    [ours] = [path for path in sys.path if path.startswith(sys.prefix) and path.endswith("site-packages")]
    (packages / "footfall-tests.pth").write_text(f"import site; site.addsitedir({ours!r})\n", encoding="utf-8")
    # dbt is looked for beside the Python, and is a process of its own.
    (python.parent / "dbt").symlink_to(Path(sys.executable).with_name("dbt"))
    made_from.write_bytes(lock.read_bytes())
    return python.parent


@dataclass(frozen=True, slots=True)
class Installation:
    """`home` is Dagster's, with its dagster.yaml in it. `environment` is that of every process."""

    home: Path
    commands: Path
    environment: Mapping[str, str] = field(repr=False)

    @classmethod
    def made(
        cls,
        home: Path,
        commands: Path,
        *,
        instance: Mapping[str, Any],
        settings: Settings,
        dagster_dsn: str,
        extra: Mapping[str, str],
    ) -> Installation:
        home.mkdir(parents=True)
        (home / "dagster.yaml").write_text(yaml.safe_dump(dict(instance)), encoding="utf-8")
        # These tests look into its storage without the packages that its launcher is of.
        (home / "seen").mkdir()
        (home / "seen" / "dagster.yaml").write_text(
            yaml.safe_dump({"storage": instance["storage"], "telemetry": instance["telemetry"]}), encoding="utf-8"
        )
        return cls(
            home,
            commands,
            base_environment(
                {
                    **settings_environment(settings, secrets=True),
                    "FOOTFALL_POSTGRES__DAGSTER_DSN": dagster_dsn,
                    "DAGSTER_HOME": str(home),
                    "DAGSTER_CURRENT_IMAGE": CURRENT_IMAGE,
                    "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}",
                    **extra,
                }
            ),
        )

    @contextmanager
    def instance(self) -> Iterator[DagsterInstance]:
        """The same runs, seen from here."""
        with patch.dict(os.environ, self.environment), DagsterInstance.from_config(str(self.home / "seen")) as opened:
            yield opened

    @contextmanager
    def running(self, name: str, *argv: str, ready: Callable[[str], bool]) -> Iterator[Path]:
        """A process of the installation, for as long as the block runs; its log. `ready` is asked about the log."""
        log = self.home / f"{name}.log"

        def look() -> Health:
            return Health(log.exists() and ready(log.read_text("utf-8", errors="replace")), "see its log")

        part = CommandPart(name, argv, self.environment, self.home, look)
        with running_part(part, log, start_seconds=180):
            yield log

    @contextmanager
    def daemon(self) -> Iterator[Path]:
        """Dagster's daemon as docs/operations.md starts it."""
        argv = (str(self.commands / "python"), "-m", "orchestration.daemon", "run", *DEFINITIONS)
        with self.running("daemon", *argv, ready=lambda log: "Instance is configured" in log) as log:
            yield log

    def launch(self, job: str, tags: Mapping[str, str] | None = None) -> str:
        """Asks for a run from the command line, and answers its id."""
        argv = [str(self.commands / "python"), "-m", "dagster", "job", "launch", *DEFINITIONS, "-j", job]
        mark = {"asked-by": uuid4().hex}  # the command does not say which run it made
        ended = subprocess.run(
            [*argv, "--tags", json.dumps({**(tags or {}), **mark})],
            env=dict(self.environment),
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        with self.instance() as instance:
            [run] = instance.get_runs(RunsFilter(tags=mark))
        return run.run_id

    def status(self, run_id: str) -> DagsterRunStatus:
        with self.instance() as instance:
            run = instance.get_run_by_id(run_id)
        assert run is not None
        return run.status

    def wait(
        self, run_id: str, *, until: frozenset[DagsterRunStatus] = ENDED, seconds: float = 180
    ) -> DagsterRunStatus:
        """The status that the run reached. Fails with what the run said when it takes longer."""
        deadline = time.monotonic() + seconds
        while (status := self.status(run_id)) not in until:
            assert time.monotonic() < deadline, f"{status}: {self.said(run_id)}"
            time.sleep(0.5)
        return status

    def said(self, run_id: str) -> str:
        """Everything that the run's log says, errors of steps and of the run with their causes."""
        with self.instance() as instance:
            return "\n".join(self._lines(instance, run_id))

    @staticmethod
    def _lines(instance: DagsterInstance, run_id: str) -> Iterator[str]:
        for entry in instance.all_logs(run_id):
            event = entry.dagster_event
            yield f"{entry.step_key or '-'}: {entry.user_message or (event.message if event else '')}"
            if event is None or event.event_specific_data is None:
                continue
            error = getattr(event.event_specific_data, "error", None)
            while error is not None:
                yield error.message
                error = error.cause
            told = getattr(event.event_specific_data, "user_failure_data", None)
            if event.event_type is DagsterEventType.STEP_FAILURE and told is not None:
                yield str(told.description)


def deployed(name: str) -> dict[str, Any]:
    """A file of deploy/dagster, as it is."""
    found = yaml.safe_load((DEPLOYED / name).read_text(encoding="utf-8"))
    assert isinstance(found, dict)
    return found
