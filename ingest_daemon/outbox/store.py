"""The durable outbox: events and their images in SQLite until the server has them. Nothing is sent from here, and what
becomes of an event that can never be sent stands in `dead_letters`."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from contracts.events import FaceDetectedV1
from footfall.errors import ConfigurationError, ServiceUnavailableError
from ingest_daemon.outbox import dead_letters
from ingest_daemon.outbox.clock import WallClock
from ingest_daemon.outbox.database import open_database
from ingest_daemon.outbox.documents import Documents
from ingest_daemon.outbox.lock import OutboxLock
from ingest_daemon.outbox.records import DeadLetter, OutboxState, Pending, Taken
from ingest_daemon.outbox.reserve import Reserve
from ingest_daemon.outbox.versions import bring_up_to_date
from ingest_daemon.sealing import Sealer

logger = logging.getLogger(__name__)


class Outbox:
    """Thread-safe; one process at a time. An event is on the disk when `put` answers that it is.

    Every method that writes raises ServiceUnavailableError when the disk does not take it, except `put`, which says so.
    Bounded by `max_bytes`: over it the oldest events are dropped, and counted. Rows that go are overwritten
    (secure_delete), for they hold faces; of a dead letter neither image nor template is kept.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        lock: OutboxLock,
        documents: Documents,
        reserve: Reserve,
        *,
        max_bytes: int,
    ) -> None:
        self._connection = connection
        self._reserve = reserve
        self._documents = documents
        self._clock = WallClock()
        self._on_their_way: frozenset[int] = frozenset()
        self._restless = True
        self._file_lock = lock
        self._max_bytes = max_bytes
        self._mutex = threading.RLock()
        self._bytes = int(connection.execute("select coalesce(sum(bytes), 0) from pending").fetchone()[0])

    @classmethod
    def open(cls, path: Path, *, max_bytes: int) -> Outbox:
        """Opens or makes the outbox; see `open_database` and `bring_up_to_date`. Its key is the file beside it. Raises
        ConfigurationError when another process uses it, the key cannot be used, or a later version wrote it."""
        lock = OutboxLock.take(path)
        try:
            documents = Documents(Sealer.at(path.with_name(path.name + ".key")))
            connection = open_database(path)
            try:
                bring_up_to_date(connection, documents)
            except ConfigurationError:
                connection.close()
                raise
            reserve = Reserve(path)
            reserve.hold()
            return cls(connection, lock, documents, reserve, max_bytes=max_bytes)
        except ConfigurationError:
            lock.release()
            raise

    def put(self, event: FaceDetectedV1, image: bytes | None, *, run: str, read_at: float) -> Taken:
        """Queues an event. One that waits already under the same id and revision is left as it is."""
        document, image = self._documents.sealed(event, image)
        size = len(document) + len(image or b"")
        try:
            self._follow_clock()
            row = (str(event.camera_id), str(event.event_id), event.revision, run, read_at, time.time(), size, document)
            with self._writing(growing=True) as connection:
                added = connection.execute(
                    "insert or ignore into pending"
                    " (camera_id, event_id, revision, run, read_at, queued_at, bytes, event, image)"
                    " values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (*row, image),
                ).rowcount
                dropped, freed = self._make_room(connection, self._bytes + size * added)
                self._bytes += size * added - freed
        except ServiceUnavailableError as error:
            # A full disk: the camera goes on, and what is lost is counted.
            logger.error("An event was lost: %s", error)
            return Taken(stored=False, dropped=0)
        return Taken(stored=True, dropped=dropped)

    def heads(self) -> list[Pending]:
        """The oldest event of every camera, the longest waiting first: the only ones that may be sent, so that each
        camera's events arrive in their order."""
        with self._mutex:
            if self._bytes == 0:
                return []
            rows = self._connection.execute(
                "select seq, event_id, revision, event, image, run, read_at, attempts from pending"
                " where seq in (select min(seq) from pending group by camera_id) order by seq"
            ).fetchall()
            self._on_their_way = frozenset(seq for seq, *_ in rows)
        heads: list[Pending] = []
        for seq, event_id, revision, document, image, run, read_at, attempts in rows:
            event = self._documents.opened(document, event_id, revision)
            if event is None:
                self.set_aside(seq, status=dead_letters.UNREADABLE, reason="the event on the disk cannot be read")
                continue
            picture = None if image is None else self._documents.picture(image, event_id, revision)
            heads.append(Pending(seq, event, picture, run, read_at, attempts))
        return heads

    def sent(self, seq: int) -> None:
        """Forgets an event that the server has; `rest` overwrites the last of it."""
        with self._writing() as connection:
            self._bytes -= self._removed(connection, seq)
            self._restless = True

    def rest(self) -> None:
        """Is called when nothing came for a while. Once nothing waits, no copy of what went stays in the journal, and
        the reserve is whole again."""
        with self._mutex:
            if self._restless and self._bytes == 0:
                self.settle()
                self._reserve.hold()
                self._restless = False

    def postponed(self, seq: int) -> None:
        """Counts a failed attempt."""
        with self._writing() as connection:
            connection.execute("update pending set attempts = attempts + 1 where seq = ?", (seq,))

    def set_aside(self, seq: int, *, status: int, reason: str) -> None:
        """Moves an event that can never be sent to the dead letters, without its image and its template."""
        with self._writing() as connection:
            if dead_letters.add(connection, self._documents, seq, status=status, reason=reason):
                self._bytes -= self._removed(connection, seq)

    def expire(self, most_seconds: float) -> int:
        """Drops, and counts, events that have waited for longer; answers how many. A clock that is set meanwhile
        changes nothing; one that is set while no daemon runs does: the wall clock is all that outlives a restart."""
        self._follow_clock()
        with self._writing() as connection:
            removed = connection.execute(
                "delete from pending where queued_at < ? returning bytes", (time.time() - most_seconds,)
            ).fetchall()
            if removed:
                self._bytes -= sum(int(size) for (size,) in removed)
                connection.execute("update counters set value = value + ? where name = 'dropped'", (len(removed),))
                logger.error("%d events had waited too long for the server and were dropped.", len(removed))
            return len(removed)

    def strip_faces(self, camera_id: UUID) -> int:
        """Takes image and template out of every waiting event of a camera, and answers of how many: the tenant has
        decided to count only."""
        with self._writing() as connection:
            rows = connection.execute(
                "select seq, event_id, revision, event, image, bytes from pending where camera_id = ?",
                (str(camera_id),),
            ).fetchall()
            stripped = 0
            for seq, event_id, revision, document, image, size in rows:
                event = self._documents.opened(document, event_id, revision)
                if event is not None and event.embedding is None and image is None:
                    continue
                faceless = self._documents.faceless(document, event_id, revision)
                connection.execute(
                    "update pending set event = ?, image = null, bytes = ? where seq = ?",
                    (faceless, len(faceless), seq),
                )
                self._bytes -= size - len(faceless)
                stripped += 1
            return stripped

    def forget(self, since: datetime | None, until: datetime | None) -> int:
        """Drops what waits, and dead letters, of sightings captured in [since, until), or of all; answers how many.
        What cannot be read goes too: nobody can say that it is none of them."""
        gone = 0
        with self._writing() as connection:
            for table in ("pending", "dead"):
                rows = connection.execute(f"select seq, event_id, revision, event from {table}").fetchall()  # noqa: S608
                for seq, event_id, revision, document in rows:
                    event = self._documents.opened(document, event_id, revision)
                    if event is not None and (
                        (since is not None and event.captured_at < since)
                        or (until is not None and event.captured_at >= until)
                    ):
                        continue
                    connection.execute(f"delete from {table} where seq = ?", (seq,))  # noqa: S608
                    gone += 1
            (self._bytes,) = connection.execute("select coalesce(sum(bytes), 0) from pending").fetchone()
        return gone

    def settle(self) -> None:
        """Has the journal written over: it would keep copies of what went."""
        with self._mutex:
            try:
                self._connection.execute("pragma wal_checkpoint(truncate)").fetchone()
            except sqlite3.OperationalError as error:
                raise _unwritable(error) from error

    def state(self) -> OutboxState:
        with self._mutex:
            pending, oldest = self._connection.execute("select count(*), min(queued_at) from pending").fetchone()
            (dropped,) = self._connection.execute("select value from counters where name = 'dropped'").fetchone()
            waited = None if oldest is None else max(0.0, time.time() - oldest)
            return OutboxState(pending, self._bytes, dead_letters.count(self._connection), dropped, waited)

    def dead_letters(self, limit: int = 20) -> list[DeadLetter]:
        """The latest ones first."""
        with self._mutex:
            return dead_letters.latest(self._connection, limit)

    def retry(self, event_id: UUID | None = None) -> int:
        """Queues dead letters again, all or those of one event, behind what waits; answers how many. They carry no
        face any more: the server takes them as counted sightings. What cannot be read stays."""
        self._follow_clock()
        with self._writing() as connection:
            requeued, size = dead_letters.requeue(connection, self._documents, event_id)
            self._bytes += size
            return requeued

    def drop(self, event_id: UUID | None = None) -> int:
        """Forgets dead letters, all or those of one event; answers how many."""
        with self._writing() as connection:
            return dead_letters.drop(connection, event_id)

    def close(self) -> None:
        with self._mutex:
            self._connection.close()
            self._file_lock.release()

    @contextmanager
    def _writing(self, *, growing: bool = False) -> Iterator[sqlite3.Connection]:
        """A transaction. Raises ServiceUnavailableError when the disk does not take it; the next one has the reserve's
        room, where this one was not `growing`."""
        with self._mutex:
            bytes_before = self._bytes
            try:
                self._connection.execute("begin immediate")
                yield self._connection
                self._connection.execute("commit")
            except BaseException as error:
                self._bytes = bytes_before
                # SQLite rolls some failures back by itself.
                if self._connection.in_transaction:
                    self._connection.execute("rollback")
                if isinstance(error, sqlite3.OperationalError):
                    if not growing and self._reserve.release():
                        logger.warning("The outbox's disk is full; what was kept for deleting is used.")
                    raise _unwritable(error) from error
                raise

    def _make_room(self, connection: sqlite3.Connection, total: int) -> tuple[int, int]:
        """Drops the oldest events until the rest fits, on a disk that is nearly full into the room of as much as there
        was; answers how many and their bytes. The newest always stays, and so do those that are being sent: they would
        count as dropped and arrive all the same."""
        dropped, freed = 0, 0
        most = min(self._max_bytes, self._bytes) if self._reserve.short else self._max_bytes
        while total - freed > most:
            oldest = connection.execute(
                "select seq, bytes from pending where seq < (select max(seq) from pending) order by seq limit ?",
                (len(self._on_their_way) + 1,),
            ).fetchall()
            row = next((one for one in oldest if one[0] not in self._on_their_way), None)
            if row is None:
                break
            connection.execute("delete from pending where seq = ?", (row[0],))
            dropped, freed = dropped + 1, freed + int(row[1])
        if dropped:
            connection.execute("update counters set value = value + ? where name = 'dropped'", (dropped,))
        return dropped, freed

    def _follow_clock(self) -> None:
        """What waits becomes neither older nor younger by a clock that was set."""
        with self._mutex:
            step = self._clock.step()
            if step:
                with self._writing() as connection:
                    connection.execute("update pending set queued_at = queued_at + ?", (step,))
                self._clock.follow(step)

    @staticmethod
    def _removed(connection: sqlite3.Connection, seq: int) -> int:
        row = connection.execute("delete from pending where seq = ? returning bytes", (seq,)).fetchone()
        return 0 if row is None else int(row[0])


def _unwritable(error: sqlite3.OperationalError) -> ServiceUnavailableError:
    return ServiceUnavailableError(f"The outbox cannot be written: {error}.", hint="Is its disk full?")
