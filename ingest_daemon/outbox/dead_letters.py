"""Events that can never be sent as they are: kept without their faces, shown, tried again, forgotten. What waits to be
sent, and the transactions that these functions work in, are `store`'s."""

from __future__ import annotations

import sqlite3
import time
from uuid import UUID

from ingest_daemon.outbox.documents import Documents
from ingest_daemon.outbox.records import DeadLetter

MOST_DEAD_LETTERS = 1000
"""Beyond these the oldest make room: a server that refuses everything must not fill the disk."""
UNREADABLE = 0
"""Status of a dead letter that no server refused: this version cannot read what an earlier one wrote."""


def add(connection: sqlite3.Connection, documents: Documents, seq: int, *, status: int, reason: str) -> bool:
    """Copies an event that waits to the dead letters, without its image and its template. False when it waits no
    more."""
    row = connection.execute(
        "select camera_id, event_id, revision, event from pending where seq = ?", (seq,)
    ).fetchone()
    if row is None:
        return False
    camera_id, event_id, revision, document = row
    faceless = documents.faceless(document, event_id, revision)
    connection.execute(
        "insert into dead values (?, ?, ?, ?, ?, ?, ?, ?)",
        (seq, camera_id, event_id, revision, status, reason, time.time(), faceless),
    )
    connection.execute(
        "delete from dead where seq not in (select seq from dead order by seq desc limit ?)", (MOST_DEAD_LETTERS,)
    )
    return True


def latest(connection: sqlite3.Connection, limit: int) -> list[DeadLetter]:
    """The latest ones first."""
    rows = connection.execute(
        "select event_id, revision, camera_id, status, reason, set_aside_at from dead order by seq desc limit ?",
        (limit,),
    ).fetchall()
    return [
        DeadLetter(UUID(event_id), revision, UUID(camera_id), status, reason, at)
        for event_id, revision, camera_id, status, reason, at in rows
    ]


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("select count(*) from dead").fetchone()[0])


def requeue(connection: sqlite3.Connection, documents: Documents, event_id: UUID | None) -> tuple[int, int]:
    """Queues dead letters again, all or those of one event, behind what waits; answers how many and their bytes. What
    cannot be read stays."""
    rows = connection.execute(
        "select seq, camera_id, event_id, revision, event from dead where ?1 is null or event_id = ?1 order by seq",
        (None if event_id is None else str(event_id),),
    ).fetchall()
    requeued, size = 0, 0
    for seq, camera_id, known_id, revision, document in rows:
        if documents.opened(document, known_id, revision) is None:
            continue
        connection.execute("delete from dead where seq = ?", (seq,))
        added = connection.execute(
            "insert or ignore into pending"
            " (camera_id, event_id, revision, run, read_at, queued_at, bytes, event, image)"
            " values (?, ?, ?, '', 0, ?, ?, ?, null)",
            (camera_id, known_id, revision, time.time(), len(document), document),
        ).rowcount
        requeued += added
        size += added * len(document)
    return requeued, size


def drop(connection: sqlite3.Connection, event_id: UUID | None) -> int:
    """Forgets dead letters, all or those of one event; answers how many."""
    return connection.execute(
        "delete from dead where ?1 is null or event_id = ?1", (None if event_id is None else str(event_id),)
    ).rowcount
