"""Outboxes that former versions of Footfall wrote, brought to what this one reads: nothing that waits is lost by an
update. The present schema is `database`'s.

The version is SQLite's own `user_version`. 0: without one; the first of these did not seal what they kept. 1: sealed.
"""

from __future__ import annotations

import logging
import sqlite3

from footfall.errors import ConfigurationError
from ingest_daemon.outbox.documents import Documents

logger = logging.getLogger(__name__)

VERSION = 1


def bring_up_to_date(connection: sqlite3.Connection, documents: Documents) -> None:
    """In one transaction, or not at all. Raises ConfigurationError for an outbox of a later version, which is left as
    it is, and when the disk does not take it."""
    (found,) = connection.execute("pragma user_version").fetchone()
    if found == VERSION:
        return
    if found > VERSION:
        raise ConfigurationError(
            f"A later version of Footfall wrote this outbox ({found}; this one knows {VERSION}).",
            hint="Install that version here again, or give this one an outbox of its own: FOOTFALL_INGEST__OUTBOX.",
        )
    try:
        connection.execute("begin immediate")
        sealed = _seal(connection, documents)
        connection.execute(f"pragma user_version = {VERSION}")
        connection.execute("commit")
        if sealed:
            # Neither the journal nor a freed page may keep what could be read.
            connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            logger.info("%d events that an earlier version had kept unsealed were sealed.", sealed)
    except sqlite3.OperationalError as error:
        if connection.in_transaction:
            connection.execute("rollback")
        raise ConfigurationError(
            f"The outbox of an earlier version cannot be brought up to date: {error}.", hint="Is its disk full?"
        ) from error


def _seal(connection: sqlite3.Connection, documents: Documents) -> int:
    """How many events, waiting ones and dead letters, were not sealed yet."""
    sealed = 0
    for (seq,) in connection.execute("select seq from pending").fetchall():
        event_id, revision, document, image = connection.execute(
            "select event_id, revision, event, image from pending where seq = ?", (seq,)
        ).fetchone()
        now = documents.sealed_now(document, image, event_id, revision)
        if now is not None:
            size = len(now[0]) + len(now[1] or b"")
            connection.execute("update pending set event = ?, image = ?, bytes = ? where seq = ?", (*now, size, seq))
            sealed += 1
    for seq, event_id, revision, document in connection.execute(
        "select seq, event_id, revision, event from dead"
    ).fetchall():
        now = documents.sealed_now(document, None, event_id, revision)
        if now is not None:
            connection.execute("update dead set event = ? where seq = ?", (now[0], seq))
            sealed += 1
    return sealed
