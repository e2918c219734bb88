"""`<home>/run/state.json`: what the supervisor keeps running and how it goes, for everyone else to read."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from cli.stack.credentials import write_private
from cli.stack.processes import ProcessId
from footfall.errors import ConfigurationError

PartStatus = Literal[
    "waiting",  # for the parts it needs
    "starting",
    "healthy",
    "unhealthy",  # runs, but its probe is answered badly or not at all
    "restarting",  # ended by itself; comes back after a pause
    "failed",  # did not come up
    "done",  # a task that has been carried out
    "idle",  # not wanted, as configured
    "stopping",
    "stopped",
]
Phase = Literal["starting", "up", "failed", "stopping", "stopped"]
WELL: frozenset[PartStatus] = frozenset({"healthy", "done", "idle"})


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PartState(_Record):
    """One part. `detail` is one line for a person. `fingerprint` tells whether its command would be the same now."""

    name: str
    status: PartStatus = "waiting"
    kind: Literal["embedded", "external", "task", "chore", "idle"] = "embedded"
    url: str | None = None
    detail: str = ""
    process: ProcessId | None = None
    fingerprint: str | None = None
    started_at: datetime | None = None
    took_seconds: float | None = None
    restarts: int = 0


class PortChoice(_Record):
    """`wanted` is the setting's first choice at that time: when the setting changes, the port is chosen anew."""

    wanted: int | None
    port: int


class StackState(_Record):
    version: Literal[1] = 1
    phase: Phase
    supervisor: ProcessId | None
    started_at: datetime
    took_seconds: float | None = None
    error: str | None = None
    hint: str | None = None
    ports: dict[str, PortChoice] = {}
    parts: dict[str, PartState] = {}

    @property
    def supervised(self) -> bool:
        return self.supervisor is not None and self.supervisor.alive()

    @property
    def well(self) -> bool:
        """Up, supervised, and every part healthy, done or idle."""
        return self.phase == "up" and self.supervised and all(part.status in WELL for part in self.parts.values())


def state_path(home: Path) -> Path:
    return home / "run" / "state.json"


def read_state(home: Path) -> StackState | None:
    """The state of that home's stack, None when none was ever started there.

    Raises ConfigurationError for a file of another version or one that is damaged.
    """
    path = state_path(home)
    try:
        return StackState.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return None
    except (ValidationError, OSError) as error:
        raise ConfigurationError(
            f"{path} cannot be read as the state of a stack.",
            hint="Stop what it lists by hand if it still runs, then remove the file.",
        ) from error


def write_state(home: Path, state: StackState) -> None:
    path = state_path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(path, state.model_dump_json(indent=1))
