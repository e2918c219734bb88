"""A part that is told by its command, environment and probe alone. The commands stand in the modules beside."""

from __future__ import annotations

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cli.stack.parts.base import Health, Launch


def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class CommandPart:
    """Fulfils `Part`. `make_ready` writes what the process reads at its start."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)
    working_directory: Path
    check: Callable[[], Health] = field(repr=False)  # may hold a DSN
    ports: tuple[int, ...] = ()
    url: str | None = None
    make_ready: Callable[[], None] = field(default=_nothing, repr=False)
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0

    def prepare(self) -> None:
        self.working_directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.make_ready()

    def launch(self) -> Launch:
        return Launch(
            argv=self.argv,
            environment=self.environment,
            working_directory=self.working_directory,
            stop_signal=self.stop_signal,
            stop_seconds=self.stop_seconds,
        )

    def initialise(self) -> None:
        """Nothing inside a process of ours is made from outside."""

    def tidy(self) -> None:
        """Everything is inside its folder."""

    def probe(self) -> Health:
        return self.check()
