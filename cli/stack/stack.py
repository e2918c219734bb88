"""A stack seen from outside its supervisor: start it, wait for it, read it, stop it. For commands and tests."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from cli.stack.credentials import load_or_create
from cli.stack.lock import is_supervised
from cli.stack.logs import log_end
from cli.stack.parts.base import base_environment
from cli.stack.ports import PortBook
from cli.stack.processes import ProcessId, identify, stop
from cli.stack.state import PartState, StackState, read_state, write_state
from cli.stack.takeover import end_orphans
from cli.stack.wiring import wire
from footfall.environment import settings_environment
from footfall.errors import ConflictError, ServiceUnavailableError
from footfall.face_vault import load_or_create_master
from footfall.settings import Settings, load_settings

Progress = Callable[[PartState], None]

_STOP_SECONDS = 120.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack of one home. `settings.home` is absolute; `state` is as of when this was made."""

    settings: Settings
    state: StackState

    @classmethod
    def load(cls, settings: Settings) -> Stack:
        """The running stack of `settings.home`. Raises ServiceUnavailableError when none is up."""
        settings = at_home(settings)
        state = read_state(settings.home)
        if state is None or not state.supervised or state.phase != "up":
            raise ServiceUnavailableError(f"No stack is up in {settings.home}.", hint="Start it: `footfall up`.")
        return cls(settings, state)

    def url(self, part: str) -> str:
        """Where the part answers. Raises ServiceUnavailableError when it does not run or serves nothing."""
        found = self.state.parts.get(part)
        if found is None or found.url is None or found.status == "idle":
            raise ServiceUnavailableError(f"The stack runs no {part}.", hint="`footfall status` shows what it runs.")
        return found.url

    def environment(self, part: str) -> Mapping[str, str]:
        """The FOOTFALL_ variables of `schema`, `api`, `dagster-code` or `ingest`: for running a command in that
        part's place. `schema` has the owner's DSN and every role's."""
        ports = PortBook(before=self.state.ports, running=True)
        plan = wire(self.settings, load_or_create(self.settings.home / "secrets"), ports)
        return {**plan.environments[part], "FOOTFALL_HOME": str(self.settings.home)}

    def settings_for(self, part: str) -> Settings:
        """The same as settings, whatever stands in this process's own environment."""
        return settings_from(self.environment(part))


def at_home(settings: Settings) -> Settings:
    """The settings with an absolute home, and an absolute source where the stack's daemon watches a file."""
    changes: dict[str, object] = {"home": settings.home.resolve()}
    source = settings.ingest.source
    if source is not None and Path(source.get_secret_value()).exists():
        whole = SecretStr(str(Path(source.get_secret_value()).resolve()))
        changes["ingest"] = settings.ingest.model_copy(update={"source": whole})
    return settings.model_copy(update=changes)


def settings_from(environment: Mapping[str, str]) -> Settings:
    """Settings made from those variables alone."""
    own = {name: value for name, value in os.environ.items() if name.startswith("FOOTFALL_")}
    for name in own:
        del os.environ[name]
    try:
        os.environ.update(environment)
        return load_settings()
    finally:
        for name in environment:
            os.environ.pop(name, None)
        os.environ.update(own)


def start(
    settings: Settings, *, only: Collection[str] = (), progress: Progress = lambda _: None, bound: bool = False
) -> Stack:
    """Starts the stack in the background and waits until every part is well; takes over what a killed supervisor
    left. Answers the running one when there is one. `bound`: it stops when the calling thread ends.

    Raises ServiceUnavailableError with the reason when a part does not come up (everything is stopped again),
    ConflictError when the running one was started without a wanted part, and ConfigurationError for settings that
    do not go together, before anything is started.
    """
    settings = at_home(settings)
    before = _settled(settings.home)
    wanted = _names(settings, only)
    if before is not None and before.supervised:
        stack = _until_up(settings, None, before, progress) if before.phase != "up" else Stack(settings, before)
        missing = [name for name in wanted if name not in stack.state.parts]
        if missing:
            raise ConflictError(
                f"The running stack was started without {', '.join(missing)}.",
                hint="Stop it first: `footfall down`.",
            )
        return stack
    return _until_up(settings, _spawn(settings, only, bound=bound), before, progress)


def stop_stack(settings: Settings, progress: Progress = lambda _: None) -> bool:
    """Stops the stack of that home and whatever a killed supervisor left. Answers whether anything ran."""
    home = at_home(settings).home
    state = read_state(home)
    if state is None:
        return False
    ran = state.supervised
    if state.supervisor is not None and ran:
        _stop_supervisor(home, state.supervisor, progress)
        state = read_state(home) or state
    orphans = [part for part in state.parts.values() if part.process is not None and part.process.alive()]
    end_orphans(home, state)
    if orphans or state.supervisor is not None:
        for part in orphans:
            progress(_stopped(part))
        parts = {name: _stopped(part) for name, part in state.parts.items()}
        write_state(home, state.model_copy(update={"phase": "stopped", "supervisor": None, "parts": parts}))
    return ran or bool(orphans)


@contextmanager
def running_stack(
    settings: Settings, *, only: Collection[str] = (), progress: Progress = lambda _: None
) -> Iterator[Stack]:
    """A stack for as long as the block runs. One that runs already in that home is used and left running.

    Raises as `start`.
    """
    settings = at_home(settings)
    before = _settled(settings.home)
    if before is not None and before.supervised:
        yield start(settings, only=only, progress=progress)
        return
    stack = start(settings, only=only, progress=progress, bound=True)
    try:
        yield stack
    finally:
        stop_stack(settings)


def _settled(home: Path) -> StackState | None:
    """The state, once a stop that is under way has ended."""
    while True:
        state = read_state(home)
        if state is None or state.phase != "stopping" or not state.supervised:
            return state
        time.sleep(_POLL_SECONDS)


def _names(settings: Settings, only: Collection[str]) -> list[str]:
    """The parts that a start would have. Raises ConfigurationError where it could not even begin."""
    plan = wire(settings, load_or_create(settings.home / "secrets"), PortBook(before={})).limited_to(only)
    return [planned.name for planned in plan.parts]


def _spawn(settings: Settings, only: Collection[str], *, bound: bool) -> ProcessId:
    if settings.vault.master_key is None:
        load_or_create_master(settings)
    logs = settings.home / "logs"
    for folder in (logs, settings.home / "run"):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    wanted = [word for name in only for word in ("--only", name)]
    bond = ["--bound-to", str(os.getpid())] if bound else []
    log = str(logs / "supervisor.log")
    # Not subprocess: it warns of a child that outlives its starter, which is what this one is for.
    pid = os.posix_spawn(
        sys.executable,
        [sys.executable, "-m", "cli.stack", *wanted, *bond],
        base_environment(settings_environment(settings, secrets=True)),
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    child = identify(pid)
    if child is None:
        raise ServiceUnavailableError("The stack's supervisor ended at once.", hint=log_end(Path(log)))
    return child


def _until_up(settings: Settings, child: ProcessId | None, before: StackState | None, progress: Progress) -> Stack:
    """Follows a start through the state file, whose content was `before`. `child`: its supervisor, when it is ours."""
    shown: dict[str, PartState] = {}
    while True:
        ended = child is not None and not child.alive()
        state = read_state(settings.home)
        if state is not None and state != before and (child is None or ended or state.supervisor == child):
            _report(state, shown, progress)
            if state.phase == "up" and state.supervised:
                return Stack(settings, state)
        if ended and is_supervised(settings.home):
            child = None  # somebody else's start was faster: theirs is followed
        elif ended or (child is None and not is_supervised(settings.home)):
            raise _did_not_start(settings.home, None if state == before else state)
        time.sleep(_POLL_SECONDS)


def _report(state: StackState, shown: dict[str, PartState], progress: Progress) -> None:
    for name, part in state.parts.items():
        if name not in shown or shown[name].status != part.status:
            progress(part)
        shown[name] = part


def _did_not_start(home: Path, state: StackState | None) -> ServiceUnavailableError:
    if state is not None and state.phase == "failed" and state.error is not None:
        first, _, rest = state.error.partition("\n")
        return ServiceUnavailableError(
            f"The stack did not start: {first}", hint=rest or f"Logs are in {home / 'logs'}."
        )
    return ServiceUnavailableError(
        "The stack's supervisor ended before the stack was up.", hint=log_end(home / "logs" / "supervisor.log")
    )


def _stopped(part: PartState) -> PartState:
    if part.status in ("idle", "failed", "done"):
        return part.model_copy(update={"process": None})
    return part.model_copy(update={"status": "stopped", "process": None, "detail": ""})


def _stop_supervisor(home: Path, supervisor: ProcessId, progress: Progress) -> None:
    process = supervisor.process()
    if process is None:
        return
    state = read_state(home)
    shown = {} if state is None else dict(state.parts)
    process.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + _STOP_SECONDS
    while supervisor.alive() and time.monotonic() < deadline:
        state = read_state(home)
        if state is not None:
            _report(state, shown, progress)
        time.sleep(_POLL_SECONDS)
    stop(supervisor, signal.SIGKILL, 5.0)
