"""What the supervisor and the tests ask of a part. No part's own knowledge belongs here."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

LOOPBACK = "127.0.0.1"

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "SSL_CERT_FILE", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Launch:
    """One process to start. `environment` is complete: nothing else reaches the process.

    `user_id`/`group_id` are set only when root starts a server that refuses to be root.
    """

    argv: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)  # holds secrets
    working_directory: Path
    user_id: int | None = None
    group_id: int | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    stop_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class Health:
    """What a probe found. `detail` is one line for a person and holds no secret."""

    ok: bool
    detail: str


class Part(Protocol):
    """A server of the stack. Constructors do no I/O."""

    @property
    def name(self) -> str: ...

    @property
    def ports(self) -> tuple[int, ...]:
        """Every port it listens on; empty for a part that serves nothing."""
        ...

    @property
    def url(self) -> str | None:
        """Where it answers, without credentials."""
        ...

    def prepare(self) -> None:
        """Files and folders it needs before its process starts. Idempotent. Raises ConfigurationError."""
        ...

    def launch(self) -> Launch: ...

    def initialise(self) -> None:
        """What must be made inside the running server once it answers. Idempotent."""
        ...

    def tidy(self) -> None:
        """Removes what its ended process leaves outside its folder."""
        ...

    def probe(self) -> Health:
        """Asks the server itself, within a few seconds. Never raises for a server that is away."""
        ...


def base_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """The few variables every process needs, and `extra`. Nothing else of the caller's is passed on, secrets least."""
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # PYTHONSAFEPATH: the working folder is not searched for modules; the home holds folders called dagster and dbt.
    return {**inherited, "PYTHONUNBUFFERED": "1", "PYTHONSAFEPATH": "1", **extra}
