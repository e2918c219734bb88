"""Which commands this worker has ever taken, and what came of them, on disk: a command that arrives again, or after a
restart, is not carried out again. Carrying it out is `commands`'."""

from __future__ import annotations

import sqlite3
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from uuid import UUID

from contracts.commands import CommandOrder, CommandReport
from footfall.errors import ConfigurationError

_KEPT_SECONDS = 7 * 86_400.0
"""No command lives longer than a day; after a week none of its copies can be under way."""
_SCHEMA = """
    create table if not exists commands (
        command_id text primary key,
        taken_at real not null,
        state text not null check (state in ('taken', 'running', 'done')),
        report text,
        reported integer not null default 0
    )
"""


@dataclass(frozen=True, slots=True)
class Unreported:
    command_id: UUID
    report: CommandReport


class CommandLedger:
    """Thread-safe. A picture is never in it: what shows people lives in memory alone."""

    def __init__(self, path: Path) -> None:
        """Raises ConfigurationError where the file cannot be opened."""
        self._lock = Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            path.chmod(0o600)
            self._database.execute("pragma journal_mode = wal")
            self._database.execute("pragma synchronous = full")
            self._database.execute(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            raise ConfigurationError(f"The ledger of commands {path} cannot be used: {error}.") from error

    def take(self, order: CommandOrder) -> bool:
        """True the first time that the command is seen, and never again."""
        with self._lock:
            self._database.execute("delete from commands where taken_at < ?", (time.time() - _KEPT_SECONDS,))
            changed = self._database.execute(
                "insert or ignore into commands (command_id, taken_at, state) values (?, ?, 'taken')",
                (str(order.command_id), time.time()),
            )
            return changed.rowcount == 1

    def begin(self, command_id: UUID) -> None:
        self._set("update commands set state = 'running' where command_id = ?", str(command_id))

    def finish(self, command_id: UUID, report: CommandReport) -> None:
        self._set(
            "update commands set state = 'done', report = ? where command_id = ?",
            report.model_dump_json(),
            str(command_id),
        )

    def reported(self, command_id: UUID) -> None:
        self._set("update commands set reported = 1 where command_id = ?", str(command_id))

    def interrupted(self) -> list[UUID]:
        """Commands that an earlier process had taken and never finished. Nobody knows how far they came, so they are
        not carried out again."""
        with self._lock:
            rows = self._database.execute("select command_id from commands where state <> 'done'").fetchall()
        return [UUID(row[0]) for row in rows]

    def unreported(self) -> list[Unreported]:
        """Oldest first."""
        with self._lock:
            rows = self._database.execute(
                "select command_id, report from commands where state = 'done' and not reported order by taken_at"
            ).fetchall()
        return [Unreported(UUID(row[0]), CommandReport.model_validate_json(row[1])) for row in rows]

    def close(self) -> None:
        with self._lock:
            self._database.close()

    def _set(self, statement: str, *values: str) -> None:
        with self._lock:
            self._database.execute(statement, values)
