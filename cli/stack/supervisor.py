"""The process that keeps a stack: starts its parts in order, watches them, stops them in reverse. One for a home."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import Literal

from cli.stack.board import Board, OnChange
from cli.stack.credentials import Credentials, load_or_create
from cli.stack.keeper import Keeper, Surroundings
from cli.stack.lock import only_supervisor
from cli.stack.logs import rotate
from cli.stack.parts.seaweed import blocked_ports
from cli.stack.plan import NotServers, Plan
from cli.stack.ports import PortBook
from cli.stack.processes import identify
from cli.stack.state import WELL, PartState, StackState, read_state
from cli.stack.takeover import take_over
from cli.stack.wiring import wire
from footfall.settings import Settings

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_ROTATE_SECONDS = 30.0

Outcome = Literal["up", "failed", "stopped"]


class Supervisor:
    """`run` returns when a stop was asked for or the stack did not come up.

    `only`: the wanted parts, to which come those they need; none means all. `settings.home` must be absolute.
    """

    def __init__(self, settings: Settings, *, only: Collection[str] = (), on_change: OnChange = lambda _: None) -> None:
        self._settings = settings
        self._home = settings.home
        self._only = tuple(only)
        self._on_change = on_change
        self._stop = threading.Event()

    def request_stop(self) -> None:
        self._stop.set()

    def run(self) -> StackState:
        """Keeps the stack until it is stopped; answers its last state, whose phase is `stopped` or `failed`.

        Raises ConflictError when this home already has a supervisor, and ConfigurationError.
        """
        with only_supervisor(self._home), self._signals():
            credentials = load_or_create(self._home / "secrets")
            for name in ("logs", "run"):
                (self._home / name).mkdir(parents=True, exist_ok=True, mode=0o700)
            avoid: set[int] = set()
            for attempt in range(1, _ATTEMPTS + 1):
                run = self._begin(credentials, avoid)
                try:
                    outcome = run.until_up(self._stop)
                    if outcome == "up":
                        run.board.set(phase="up", took_seconds=run.seconds())
                        self._watch()
                finally:
                    run.end()
                if outcome != "failed" or attempt == _ATTEMPTS or not run.taken_ports():
                    return run.conclude(outcome)
                logger.warning("ports %s are taken: choosing others", sorted(run.taken_ports()))
                avoid |= run.taken_ports()
        raise AssertionError("the last attempt returns")

    def _begin(self, credentials: Credentials, avoid: Collection[int]) -> _Run:
        previous = read_state(self._home)
        old = {} if previous is None else previous.parts
        before = {} if previous is None else previous.ports
        alive = {name for name, part in old.items() if part.process is not None and part.process.alive()}
        # The ports of a part are under its name and under those that begin with it, as s3-filer.
        held = {choice.port for name, choice in before.items() if any(name.startswith(part) for part in alive)}
        ports = PortBook(before=before, held=held, avoid={*avoid, *blocked_ports()})
        plan = wire(self._settings, credentials, ports).limited_to(self._only)
        adopted = take_over(self._home, plan, old, credentials.fingerprint_key)
        return _Run(self._home, plan, credentials.fingerprint_key, adopted, self._on_change)

    def _watch(self) -> None:
        next_rotation = time.monotonic() + _ROTATE_SECONDS
        while not self._stop.wait(1.0):
            if time.monotonic() >= next_rotation:
                for log in (self._home / "logs").glob("*.log"):
                    if rotate(log):
                        logger.info("%s was rotated", log.name)
                next_rotation = time.monotonic() + _ROTATE_SECONDS

    @contextmanager
    def _signals(self) -> Iterator[None]:
        """SIGTERM and SIGINT ask for a stop; a second one changes nothing, for the stop is already under way."""

        def on_signal(number: int, _frame: FrameType | None) -> None:
            logger.info("%s: stopping", signal.Signals(number).name)
            self._stop.set()

        before = {number: signal.signal(number, on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Run:
    """One attempt: a plan, its board, its keepers."""

    def __init__(
        self, home: Path, plan: Plan, fingerprint_key: str, adopted: Mapping[str, PartState], on_change: OnChange
    ) -> None:
        self._plan = plan
        self._began = time.monotonic()
        state = StackState(
            phase="starting",
            supervisor=identify(os.getpid()),
            started_at=datetime.now(UTC),
            ports=dict(plan.ports),
            parts={one.name: _fresh(one.name, adopted.get(one.name)) for one in plan.parts},
        )
        self.board = Board(home, state, on_change)
        around = Surroundings(home, self.board, fingerprint_key)
        processes = {name: part.process for name, part in adopted.items()}
        self._keepers = {one.name: Keeper(one, around, processes.get(one.name)) for one in plan.parts}
        for keeper in self._keepers.values():
            keeper.start()

    def seconds(self) -> float:
        return round(time.monotonic() - self._began, 2)

    def until_up(self, stop_wanted: threading.Event) -> Outcome:
        while not stop_wanted.is_set():
            statuses = {part.status for part in self.board.state.parts.values()}
            if "failed" in statuses:
                return "failed"
            if statuses <= WELL:
                return "up"
            self.board.wait_for_change(0.2)
        return "stopped"

    def taken_ports(self) -> set[int]:
        names = [name for name, keeper in self._keepers.items() if keeper.port_taken]
        return {port for name in names for port in self._ports_of(name)}

    def end(self) -> None:
        """Stops every part, those first that nobody needs. What has failed keeps saying why."""
        self.board.set(phase="stopping")
        for level in reversed(self._plan.levels()):
            for name in level:
                self._keepers[name].request_stop()
            for name in level:
                self._keepers[name].join()

    def conclude(self, outcome: Outcome) -> StackState:
        failed = [part for part in self.board.state.parts.values() if part.status == "failed"]
        if outcome == "failed" and failed:
            error = f"{failed[0].name} did not come up: {failed[0].detail}"
            self.board.set(phase="failed", supervisor=None, error=error)
        else:
            self.board.set(phase="stopped", supervisor=None)
        return self.board.state

    def _ports_of(self, name: str) -> tuple[int, ...]:
        part = next(one.part for one in self._plan.parts if one.name == name)
        return () if isinstance(part, NotServers) else part.ports


def _fresh(name: str, adopted: PartState | None) -> PartState:
    """A part's first state. That of a process taken over stays findable from the first moment on."""
    if adopted is None:
        return PartState(name=name)
    return PartState(name=name, process=adopted.process, fingerprint=adopted.fingerprint, started_at=adopted.started_at)
