"""What a person sees of a stack in the terminal: progress, the table of `footfall status`, addresses, weights."""

from __future__ import annotations

import logging
import signal
import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import typer

from cli.stack.processes import memory_bytes
from cli.stack.state import WELL, PartState, StackState
from cli.stack.supervisor import Supervisor
from footfall.errors import ServiceUnavailableError
from footfall.settings import Settings

_WITHOUT_WEIGHTS = frozenset({"postgres", "milvus", "s3", "schema"})
_QUIET = frozenset({"waiting", "idle", "starting", "stopping"})


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part as it is now: the state file's word, held against the process table."""

    name: str
    status: str
    well: bool
    kind: str
    url: str | None
    health: str
    pid: int | None
    uptime_seconds: int | None
    memory_mb: int | None
    restarts: int


def part_rows(state: StackState, now: datetime) -> list[PartRow]:
    return [_row(part, now) for part in state.parts.values()]


def as_document(home: Path, state: StackState | None, rows: Sequence[PartRow]) -> dict[str, object]:
    """The object of `footfall status --json`."""
    if state is None:
        return {"home": str(home), "phase": "stopped", "supervised": False, "well": False, "parts": []}
    return {
        "home": str(home),
        "phase": state.phase,
        "supervised": state.supervised,
        "well": state.well and all(row.well for row in rows),
        "supervisor_pid": None if state.supervisor is None else state.supervisor.pid,
        "started_at": state.started_at.isoformat(),
        "start_seconds": state.took_seconds,
        "error": state.error,
        "parts": [asdict(row) for row in rows],
    }


def as_table(home: Path, state: StackState | None, rows: Sequence[PartRow]) -> str:
    """The table of `footfall status`, and below it what to do when something is amiss."""
    if state is None:
        return f"No stack was ever started in {home}. Start one with `footfall up`."
    header = ("part", "state", "address", "pid", "uptime", "memory", "health")
    cells = [header, *(_cells(row) for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(header))]
    lines = ["  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip() for line in cells]
    total = sum(row.memory_mb or 0 for row in rows)
    lines += ["", f"{state.phase}, {total} MB, in {home}"]
    if state.error is not None:
        lines.append(f"error: {state.error}")
    if state.phase == "up" and not state.supervised:
        lines.append("The supervisor is gone, so nothing is started again when it ends. `footfall up` takes over.")
    elif not all(row.well for row in rows) and state.supervised:
        lines.append(f"Logs are in {home / 'logs'}.")
    return "\n".join(lines)


def show_progress(part: PartState) -> None:
    """One line for each part that came up, ended or changed."""
    if part.status in _QUIET:
        return
    took = f"{part.took_seconds:5.1f} s" if part.status in WELL and part.took_seconds is not None else " " * 7
    words = part.url if part.status == "healthy" and part.url else part.detail.partition("\n")[0]
    typer.echo(f"  {part.name:15} {part.status:10} {took}  {words}".rstrip())


def show_addresses(state: StackState) -> None:
    """Where to look next."""
    pages = (("dashboards", "dashboards", ""), ("API", "api", "/docs"), ("Dagster", "dagster-web", ""))
    for title, name, path in pages:
        part = state.parts.get(name)
        if part is not None and part.url is not None and part.status != "idle":
            typer.echo(f"  {title:12} {part.url}{path}")
    typer.echo("`footfall status` shows every part, `footfall down` stops them.")


def run_in_foreground(settings: Settings, only: Collection[str]) -> None:
    """Keeps the stack in this process. Raises ServiceUnavailableError when it does not come up."""
    logging.basicConfig(level=logging.INFO, force=True, format="%(levelname)s %(message)s", stream=sys.stderr)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # a closed terminal does not stop a service
    state = Supervisor(settings, only=only, on_change=show_progress).run()
    if state.phase == "failed":
        raise ServiceUnavailableError(f"The stack did not start: {state.error}")


def pull_weights(settings: Settings, only: Collection[str]) -> None:
    """Brings the models' weights here when a part that loads them is wanted. Raises as `models pull`."""
    from cli.models_commands import PullBars
    from footfall.vision.models import verify
    from footfall.vision.models.pull import pull

    if settings.offline or (only and _WITHOUT_WEIGHTS.issuperset(only)):
        return
    if all(item.state == "ok" for item in verify(settings) if item.model.required):
        return
    typer.echo("Pulling the models' weights, once for this machine ...")
    with PullBars() as bars:
        pull(settings, bars)


def _row(part: PartState, now: datetime) -> PartRow:
    process = part.process
    gone = process is not None and not process.alive()
    status = "gone" if gone else part.status
    runs = process is not None and not gone
    return PartRow(
        name=part.name,
        status=status,
        well=status in WELL,
        kind=part.kind,
        url=part.url,
        health="its process has ended" if gone else part.detail.partition("\n")[0],
        pid=process.pid if process is not None and runs else None,
        uptime_seconds=int((now - part.started_at).total_seconds()) if runs and part.started_at else None,
        memory_mb=memory_bytes(process) // 1_000_000 if process is not None and runs else None,
        restarts=part.restarts,
    )


def _cells(row: PartRow) -> tuple[str, ...]:
    health = row.health if row.restarts == 0 else f"{row.health} (restarted {row.restarts} times)".lstrip()
    return (
        row.name,
        f"{row.status}, external" if row.kind == "external" else row.status,
        row.url or "-",
        "-" if row.pid is None else str(row.pid),
        _duration(row.uptime_seconds),
        "-" if row.memory_mb is None else f"{row.memory_mb} MB",
        health,
    )


def _duration(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    if days:
        return f"{days} d {hours} h"
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s" if minutes else f"{rest} s"
