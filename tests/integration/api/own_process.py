"""The API as a process of its own, as the stack starts it, on the suite's Postgres."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.servers import MigratedPostgres

COMMAND = [sys.executable, "-m", "uvicorn", "--factory", "api.main:create_app", "--port", "0", "--no-server-header"]


@dataclass
class ApiProcess:
    process: subprocess.Popen[bytes]
    url: str
    log: Path
    home: Path


@contextmanager
def own_process(postgres: MigratedPostgres, folder: Path, **settings: str) -> Iterator[ApiProcess]:
    """`settings`: more of them, by their names after FOOTFALL_."""
    log = folder / "api.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")} | {
        "FOOTFALL_HOME": str(folder / "home"),
        "FOOTFALL_OFFLINE": "true",
        "FOOTFALL_LOG_LEVEL": "debug",
        "FOOTFALL_POSTGRES__APP_DSN": postgres.app_dsn,
        "PYTHONWARNINGS": "error::ResourceWarning",
        **{f"FOOTFALL_{name}": value for name, value in settings.items()},
    }
    with log.open("wb") as output:
        process = subprocess.Popen(COMMAND, stdout=output, stderr=output, env=environment)
    try:
        yield ApiProcess(process, _url_in(log, process), log, folder / "home")
    finally:
        process.kill()
        process.wait()


def _url_in(log: Path, process: subprocess.Popen[bytes]) -> str:
    waiting = threading.Event()
    for _ in range(600):
        for line in log.read_text().splitlines():
            if "Uvicorn running on " in line:
                return line.partition("Uvicorn running on ")[2].split(" ")[0]
        if process.poll() is not None:
            break
        waiting.wait(0.1)
    pytest.fail(f"the API did not start: {log.read_text()}")
