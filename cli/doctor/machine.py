"""Checks of the machine: Python, memory, disk, folders, weights, ports. None of them talks to a server."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil

from cli.doctor.finding import Finding, fail, ok, warn
from cli.stack.credentials import open_to_others
from cli.stack.ports import is_free, strangers_on
from cli.stack.state import StackState
from footfall.settings import Settings
from footfall.vision.models import verify

_GB = 1_000_000_000
_STACK_MEMORY_BYTES = 2 * _GB  # measured at 1.4 GB after a start; runs of Dagster and a busy API come on top


def check_python() -> Finding:
    version = platform.python_version()
    if sys.platform != "linux" or platform.machine() != "x86_64":
        where = f"{sys.platform} on {platform.machine()}"
        return warn("python", f"Python {version}, {where}", "Footfall is tested on Linux x86-64 alone.")
    return ok("python", f"Python {version}, Linux x86-64")


def check_memory(available_bytes: int | None = None) -> Finding:
    free = psutil.virtual_memory().available if available_bytes is None else available_bytes
    if free < _STACK_MEMORY_BYTES:
        return warn(
            "memory",
            f"{free / _GB:.1f} GB are available; a whole stack wants {_STACK_MEMORY_BYTES / _GB:.0f}",
            "Start less of it: `footfall up --only dashboards --only api` leaves Dagster out.",
        )
    return ok("memory", f"{free / _GB:.1f} GB are available")


def check_home(home: Path) -> Finding:
    """Whether the home can be made and written to."""
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    try:
        with tempfile.TemporaryFile(dir=there):
            pass
    except OSError as error:
        return fail("home", f"{there} cannot be written to: {error.strerror}", "Choose another FOOTFALL_HOME.")
    return ok("home", f"{home} can be written to")


def check_disk(home: Path, free_bytes: int | None = None) -> Finding:
    there = next(folder for folder in (home, *home.parents) if folder.exists())
    free = shutil.disk_usage(there).free if free_bytes is None else free_bytes
    said = f"{free / _GB:.1f} GB are free under {home}"
    if free < _GB:
        return fail("disk", said, "Free some space: SeaweedFS stops writing when the disk is nearly full.")
    if free < 5 * _GB:
        return warn(
            "disk", said, "Free some space, or keep raw crops for fewer days (FOOTFALL_S3__RAW_RETENTION_DAYS)."
        )
    return ok("disk", said)


def check_secrets(home: Path) -> Finding:
    """Whether generated passwords and signing keys can be read by their owner alone."""
    folder = home / "secrets"
    if not folder.exists():
        return ok("secrets", "none are made yet")
    wide = open_to_others(folder)
    if wide:
        return fail(
            "secrets",
            f"others may read {', '.join(str(path) for path in wide)}",
            f"Run `chmod -R go-rwx {folder}`, and change what others may have read.",
        )
    return ok("secrets", f"{folder} is closed to others")


def check_weights(settings: Settings) -> Iterator[Finding]:
    if settings.offline:
        yield ok("weights", "none are needed offline")
        return
    for item in verify(settings):
        name = item.model.name
        if item.state == "corrupt":
            yield fail("weights", f"{name}: {item.detail}", "Run `footfall models pull`.")
        elif item.state == "missing" and item.model.required:
            yield warn("weights", f"{name}: {item.detail}", "Run `footfall models pull`; `footfall up` does it too.")
        elif item.state == "ok":
            yield ok("weights", f"{name} is as the manifest states")


def check_ports(settings: Settings, state: StackState | None) -> Iterator[Finding]:
    """First choices that somebody else holds: the stack then takes others. Not asked while the stack runs."""
    if state is not None and state.supervised:
        yield ok("ports", "held by the running stack")
        return
    stack = settings.stack
    wanted = {"api": settings.api.port, "dashboards": stack.dashboards_port, "dagster": stack.dagster_port}
    if settings.postgres.dsn is None and settings.postgres.app_dsn is None:
        wanted["postgres"] = stack.postgres_port
    if settings.milvus.uri is None and not settings.offline:
        wanted["milvus"] = stack.milvus_port
    if settings.s3.endpoint is None and not settings.offline:
        wanted["s3"] = stack.s3_port
    taken = {name: port for name, port in wanted.items() if not is_free(port)}
    for name, port in taken.items():
        holder = strangers_on((port,), None) or f"port {port}"
        advice = "Another port will be used; stop the holder or set the port if that matters to you."
        yield warn("ports", f"the first choice for {name} is taken: {holder}", advice)
    if not taken:
        yield ok("ports", f"free: {', '.join(f'{name} {port}' for name, port in wanted.items())}")


def check_user() -> Finding:
    if os.geteuid() == 0:
        return warn(
            "user",
            "the stack would run as root, Postgres as the user footfall-postgres",
            "Run it as a user of its own: nothing in it needs root.",
        )
    return ok("user", "an ordinary user")
