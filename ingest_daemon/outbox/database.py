"""The outbox's SQLite file: its schema, its durability, and what is done with a damaged one. No event is known here."""

from __future__ import annotations

import logging
import os
import sqlite3
import time
from pathlib import Path

from footfall.errors import ConfigurationError

logger = logging.getLogger(__name__)

_SCHEMA = """
create table if not exists pending (
    seq integer primary key autoincrement,
    camera_id text not null,
    event_id text not null,
    revision integer not null,
    run text not null,
    read_at real not null,
    queued_at real not null,
    attempts integer not null default 0,
    bytes integer not null,
    event blob not null,
    image blob,
    unique (event_id, revision)
);
create index if not exists pending_by_camera on pending (camera_id, seq);
create table if not exists dead (
    seq integer primary key,
    camera_id text not null,
    event_id text not null,
    revision integer not null,
    status integer not null,
    reason text not null,
    set_aside_at real not null,
    event blob not null
);
create table if not exists counters (name text primary key, value integer not null);
insert or ignore into counters values ('dropped', 0);
"""

_JOURNAL_PAGES = 128
"""Half a megabyte: the journal must stay small beside what the disk of a camera host may have left (`reserve`)."""


def open_database(path: Path) -> sqlite3.Connection:
    """The database in WAL mode, every commit fsynced, readable by its owner alone; made when it is not there.

    A damaged file is moved aside, with an error in the log: the camera must go on being counted. Raises
    ConfigurationError when it cannot be written.
    """
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        return _connect(path)
    except (sqlite3.OperationalError, OSError) as error:
        raise ConfigurationError(
            f"The outbox {path} cannot be opened: {error}.", hint="Is its disk full, or read-only?"
        ) from error
    except sqlite3.DatabaseError as error:
        _move_aside(path, error)
        return _connect(path)


def _connect(path: Path) -> sqlite3.Connection:
    """Raises sqlite3.DatabaseError for a file that is not whole."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=10)
    try:
        connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute("pragma secure_delete = on")  # what goes held faces
        connection.execute(f"pragma wal_autocheckpoint = {_JOURNAL_PAGES}")
        (verdict,) = connection.execute("pragma quick_check(1)").fetchone()
        if verdict != "ok":
            raise sqlite3.DatabaseError(verdict)
        connection.executescript(_SCHEMA)
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _move_aside(path: Path, error: sqlite3.DatabaseError) -> None:
    suffix = f".damaged-{time.time_ns()}"
    logger.error("The outbox %s is damaged (%s); it was moved to %s%s.", path, error, path.name, suffix)
    # The journal belongs to the damaged file: beside a new one it would be replayed into it.
    for part in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
        if part.exists():
            part.rename(part.with_name(part.name + suffix))
