"""Homes for stacks of the tests' own, on ports that no other stack wants; whatever happens, all of it is stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from cli.stack import StackState, read_state, start, stop_stack
from cli.stack.ports import free_ports
from footfall.settings import Settings, load_settings


@dataclass(frozen=True, slots=True)
class Home:
    """A folder for one stack, and the `footfall` command run on it as a person would."""

    path: Path
    variables: dict[str, str]

    def footfall(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Runs the command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "cli", *words],
            env={**self.environment, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )

    def up(self, *only: str) -> StackState:
        """Starts those parts and what they need, as `footfall up` does; answers the state once they are well."""
        return start(self.settings, only=only).state

    def down(self) -> None:
        stop_stack(self.settings)

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        return {**clean, **self.variables, "FOOTFALL_HOME": str(self.path)}

    @property
    def settings(self) -> Settings:
        stack = {
            name.removeprefix("FOOTFALL_STACK__").lower(): int(port)
            for name, port in self.variables.items()
            if name.startswith("FOOTFALL_STACK__")
        }
        return load_settings(home=self.path, stack=stack, api={"port": int(self.variables["FOOTFALL_API__PORT"])})

    @property
    def state(self) -> StackState:
        state = read_state(self.path)
        assert state is not None
        return state

    def status(self) -> Any:
        """The object of `footfall status --json`."""
        return json.loads(self.footfall("status", "--json").stdout)

    def pid(self, part: str) -> int:
        process = self.state.parts[part].process
        assert process is not None
        return process.pid

    def processes(self) -> list[psutil.Process]:
        """Every process of this home: by the variable that each was given, or, since Postgres's children write over
        theirs, by the folder in which it works."""
        found = []
        for process in psutil.process_iter():
            try:
                ours = process.environ().get("FOOTFALL_HOME") == str(self.path)
                if (ours or process.cwd().startswith(str(self.path))) and process.status() != psutil.STATUS_ZOMBIE:
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def listening(self) -> list[tuple[str, int]]:
        """Addresses and ports on which the parts' processes listen; gRPC writes 127.0.0.1 as ::ffff:127.0.0.1."""
        pids = {process.pid for process in self.processes()}
        return [
            (connection.laddr.ip.removeprefix("::ffff:"), connection.laddr.port)
            for connection in psutil.net_connections("tcp")
            if connection.status == psutil.CONN_LISTEN and connection.pid in pids
        ]

    def wait_until(self, condition: Callable[[StackState], bool], seconds: float = 60.0) -> StackState:
        deadline = time.monotonic() + seconds
        while not condition(self.state):
            assert time.monotonic() < deadline, f"it never came true: {self.state}"
            time.sleep(0.1)
        return self.state


MakeHome = Callable[[], Home]


@pytest.fixture(scope="module")
def make_home(servers_folder: Path) -> Iterator[MakeHome]:
    """Makes homes whose stacks have first choices of their own."""
    made: list[Home] = []

    def make() -> Home:
        names = ("POSTGRES", "MILVUS", "S3", "DASHBOARDS", "DAGSTER")
        variables = {f"FOOTFALL_STACK__{name}_PORT": str(port) for name, port in zip(names, free_ports(5), strict=True)}
        variables["FOOTFALL_API__PORT"] = str(free_ports(1)[0])
        home = Home(Path(tempfile.mkdtemp(prefix="home-", dir=servers_folder)), variables)
        made.append(home)
        return home

    yield make
    for home in made:
        stop_stack(home.settings)
