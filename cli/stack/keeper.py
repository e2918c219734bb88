"""Keeping one part running: start it, wait until it is well, watch it, start it again. One thread for one part."""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cli.stack.board import Board
from cli.stack.logs import log_end
from cli.stack.parts.base import Health, Launch, Part
from cli.stack.plan import Chore, External, Idle, Planned, Task
from cli.stack.ports import strangers_on
from cli.stack.processes import ProcessId, identify, kill_leftovers, start, stop
from cli.stack.takeover import fingerprint, marked
from footfall.errors import FootfallError

logger = logging.getLogger(__name__)

_FIRST_ATTEMPTS = 3
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.5, 30.0
_STEADY_SECONDS = 60.0  # a part that ran this long is trusted again: the next pause is the first
_LOOK_SECONDS, _PROBE_SECONDS = 0.5, 5.0
_RETRY_CHORE_SECONDS = 300.0
_UNWELL_PROBES = 3  # Milvus Lite has one worker: a long write keeps its answer waiting, and it is well


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What every keeper shares."""

    home: Path
    board: Board
    fingerprint_key: str = field(repr=False)

    def log_of(self, name: str) -> Path:
        return self.home / "logs" / f"{name}.log"


class Keeper:
    """Runs from `start` until `request_stop`; ends by itself only for a task, an idle part or a part that failed.

    `adopted`: the part's process, still running from an earlier supervisor, when its command has not changed.
    A part that has been well once is restarted for ever; one that never was is given up after three attempts.
    """

    def __init__(self, planned: Planned, around: Surroundings, adopted: ProcessId | None = None) -> None:
        self.name = planned.name
        self.port_taken = False
        self._planned = planned
        self._around = around
        self._board = around.board
        self._adopted = adopted
        self._child: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._was_well = False
        self._thread = threading.Thread(target=self._run, name=f"keeper-{self.name}")

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join()

    def _run(self) -> None:
        try:
            match self._planned.part:
                case Idle(reason=reason):
                    self._board.update(self.name, status="idle", kind="idle", detail=reason)
                case External() as external:
                    self._follow(external)
                case Task() as task:
                    self._carry_out(task)
                case Chore() as chore:
                    self._repeat(chore)
                case part:
                    self._keep(part)
        except FootfallError as error:
            self._fail(error.message if error.hint is None else f"{error.message}\n{error.hint}")
        except OSError as error:
            self._fail(f"it cannot be started: {error}")

    # --- a server of ours ---

    def _keep(self, part: Part) -> None:
        if not self._board.wait_until_well(self._planned.needs, self._stop) or self._keep_running(part):
            self._board.update(self.name, status="stopped", process=None, detail="")

    def _keep_running(self, part: Part) -> bool:
        """True when it was stopped as wanted, False when it was given up."""
        pause, attempts = _FIRST_PAUSE_SECONDS, 0
        launch = marked(part.launch(), self._around.home)
        while True:
            attempts += 1
            began = time.monotonic()
            process = self._begin(part, launch)
            if self._comes_up(part, process, began):
                self._watch(part, process)
                trouble = "it ended by itself"
            else:
                trouble = self._why_not_up(part, process)
            if self._stop.is_set():
                self._board.update(self.name, status="stopping")
                self._end(part, process, launch)
                return True
            self._end(part, process, launch)
            if not self._was_well and (attempts == _FIRST_ATTEMPTS or self.port_taken):
                self._fail(trouble)
                return False
            if time.monotonic() - began > _STEADY_SECONDS:
                pause = _FIRST_PAUSE_SECONDS
            logger.warning("%s: %s; starting it again in %.1f s", self.name, trouble.splitlines()[0], pause)
            restarts = self._board.part(self.name).restarts + 1
            self._board.update(self.name, status="restarting", process=None, restarts=restarts, detail=trouble)
            self._stop.wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE_SECONDS)
            if self._stop.is_set():
                return True

    def _begin(self, part: Part, launch: Launch) -> ProcessId | None:
        """The adopted process or a new one; None when it ended before it could be looked at."""
        process, self._adopted = self._adopted, None
        began = self._board.part(self.name).started_at
        if process is None:
            part.prepare()
            self._child = start(launch, self._around.log_of(self.name))
            process, began = identify(self._child.pid), datetime.now(UTC)
        self._board.update(
            self.name,
            status="starting",
            url=part.url,
            process=process,
            fingerprint=fingerprint(launch, self._around.fingerprint_key),
            started_at=began,
            detail="",
        )
        return process

    def _comes_up(self, part: Part, process: ProcessId | None, began: float) -> bool:
        while process is not None and process.alive():
            health = part.probe()
            if health.ok and process.alive():
                if strangers_on(part.ports, process):
                    self.port_taken = not self._was_well
                    return False
                part.initialise()
                took = None if self._was_well else time.monotonic() - began
                if took is not None:
                    self._board.update(self.name, took_seconds=round(took, 2))
                self._was_well = True
                self._board.update(self.name, status="healthy", detail=health.detail)
                return True
            if time.monotonic() - began > self._planned.start_seconds or self._stop.wait(0.1):
                return False
        return False

    def _why_not_up(self, part: Part, process: ProcessId | None) -> str:
        strangers = strangers_on(part.ports, process)
        if strangers:
            self.port_taken = not self._was_well
            return f"its port is taken: {strangers}"
        ended = process is None or not process.alive()
        what = "it ended by itself" if ended else f"it is not well after {self._planned.start_seconds:.0f} s"
        log = self._around.log_of(self.name)
        return f"{what}; its log is {log}\n{log_end(log)}"

    def _watch(self, part: Part, process: ProcessId | None) -> None:
        """Returns when the process has ended or a stop is wanted."""
        next_probe = time.monotonic() + _PROBE_SECONDS
        unwell = 0
        while process is not None and process.alive() and not self._stop.wait(_LOOK_SECONDS):
            if time.monotonic() >= next_probe:
                health = part.probe()
                unwell = 0 if health.ok else unwell + 1
                if health.ok or unwell >= _UNWELL_PROBES:
                    self._show(health)
                next_probe = time.monotonic() + _PROBE_SECONDS

    def _end(self, part: Part, process: ProcessId | None, launch: Launch) -> None:
        """Leaves nothing of the process, whether it still runs or has died and left children."""
        if process is not None:
            stop(process, launch.stop_signal, launch.stop_seconds)
        if self._child is not None:
            self._child.wait()  # reaps it, so that its pid is nobody's
            self._child = None
        if process is not None:
            kill_leftovers(process, self._around.home)
        part.tidy()

    # --- what is not a server of ours ---

    def _follow(self, external: External) -> None:
        self._board.update(self.name, status="starting", kind="external", url=external.url)
        began = time.monotonic()
        while not self._stop.is_set():
            health = external.probe()
            self._was_well = self._was_well or health.ok
            if not self._was_well and time.monotonic() - began > self._planned.start_seconds:
                self._fail(f"it does not answer: {health.detail}")
                return
            if self._was_well:
                self._show(health)
            else:
                self._board.update(self.name, detail=health.detail)
            self._stop.wait(_PROBE_SECONDS if self._was_well else _LOOK_SECONDS)
        self._board.update(self.name, status="stopped", detail="")

    def _carry_out(self, task: Task) -> None:
        self._board.update(self.name, kind="task")
        if not self._board.wait_until_well(self._planned.needs, self._stop):
            self._board.update(self.name, status="stopped")
            return
        self._board.update(self.name, status="starting", started_at=datetime.now(UTC))
        began = time.monotonic()
        code = self._run_to_end(task.launch, self._planned.start_seconds)
        if self._stop.is_set():
            self._board.update(self.name, status="stopped")
        elif code == 0:
            took = round(time.monotonic() - began, 2)
            self._board.update(self.name, status="done", took_seconds=took, detail="up to date")
        else:
            self._fail(log_end(self._around.log_of(self.name)))

    def _repeat(self, chore: Chore) -> None:
        self._board.update(self.name, kind="chore")
        if self._board.wait_until_well(self._planned.needs, self._stop):
            self._board.update(self.name, status="healthy", detail="not due yet", started_at=datetime.now(UTC))
            pause = chore.first_seconds
            while not self._stop.wait(pause):
                code = self._run_to_end(chore.launch, chore.every_seconds)
                if self._stop.is_set():
                    break
                when = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
                if code == 0:
                    self._show(Health(True, f"last done {when}"))
                    pause = chore.every_seconds
                else:
                    self._show(Health(False, f"failed {when}: {log_end(self._around.log_of(self.name), 1)}"))
                    pause = min(chore.every_seconds, _RETRY_CHORE_SECONDS)
        self._board.update(self.name, status="stopped", detail="")

    def _run_to_end(self, launch: Launch, limit_seconds: float) -> int:
        """The exit code of a process that is stopped after `limit_seconds` or when a stop is wanted."""
        log = self._around.log_of(self.name)
        log.unlink(missing_ok=True)  # what it says is about this time
        launch = marked(launch, self._around.home)
        began = time.monotonic()
        child = start(launch, log)
        process = identify(child.pid)
        self._board.update(self.name, process=process)
        while child.poll() is None and time.monotonic() - began < limit_seconds:
            if self._stop.wait(0.05):
                break
        if process is not None:
            stop(process, launch.stop_signal, launch.stop_seconds)
        code = child.wait()
        self._board.update(self.name, process=None)
        return code

    def _show(self, health: Health) -> None:
        self._board.update(self.name, status="healthy" if health.ok else "unhealthy", detail=health.detail)

    def _fail(self, reason: str) -> None:
        logger.error("%s: %s", self.name, reason)
        self._board.update(self.name, status="failed", process=None, detail=reason)
