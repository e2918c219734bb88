"""Writes what `plan` worked out, and has systemd look at it. Under another root nothing but files is touched."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

from cli.worker_install.plan import SERVICE, STATE, UNIT, PlannedFile
from footfall.errors import ConfigurationError

_TIMEOUT_SECONDS = 60


def write_files(files: Sequence[PlannedFile], root: Path) -> None:
    """Each whole or not at all; what was there is replaced. Raises ConfigurationError where that is not allowed."""
    for planned in files:
        target = on(root, planned)
        partial = target.with_name(f"{target.name}.partial")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.unlink(missing_ok=True)
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, planned.mode), "w") as file:
                os.fchmod(file.fileno(), planned.mode)
                file.write(planned.content)
            partial.replace(target)
        except OSError as error:
            raise ConfigurationError(
                f"{target} cannot be written: {error.strerror}.", hint="Run this as root, or with --root or --dry-run."
            ) from error


def on(root: Path, planned: PlannedFile) -> Path:
    return root / planned.path.relative_to("/")


def state_folder(root: Path) -> Path:
    return root / STATE.relative_to("/")


def verify(root: Path) -> str | None:
    """What `systemd-analyze verify` finds wrong with the unit; None when it finds nothing, or is not there."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return None
    unit = root / UNIT.relative_to("/")
    ended = subprocess.run(
        [tool, "verify", str(unit)], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
    )
    said = "\n".join(line for line in ended.stderr.splitlines() if unit.name in line)
    return said or None


def enable(say: Callable[[str], None]) -> None:
    """Has systemd read the unit, start it, and start it at every boot. Raises ConfigurationError."""
    tool = shutil.which("systemctl")
    if tool is None:
        raise ConfigurationError("This host has no systemctl.", hint="Start the daemon your own way: footfall ingest.")
    for arguments in (("daemon-reload",), ("enable", "--now", SERVICE)):
        ended = subprocess.run(
            [tool, *arguments], capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=False
        )
        if ended.returncode:
            raise ConfigurationError(
                f"systemctl {' '.join(arguments)} failed: {ended.stderr.strip()[:300]}",
                hint=f"journalctl -u {SERVICE} says more.",
            )
        say(f"systemctl {' '.join(arguments)}")
