"""Listening to NOTIFY on a connection of its own, in a thread. What a notice means is the listener's caller's."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import dataclass

import psycopg
from psycopg import sql

from footfall.stores.postgres.engine import read_dsn

logger = logging.getLogger(__name__)

_LOOK_SECONDS = 0.5  # how long a stop may have to wait
_AGAIN_SECONDS = 1.0
_CONNECT_TIMEOUT_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Hearer:
    """Who hears the notices of one channel. `on_notice(payload)`, `on_heard()` (from now on nothing is missed) and
    `on_lost()` (from now on notices may be) are called in the listener's own thread; they must be quick, and raise
    nothing but ValueError for a payload that says nothing."""

    channel: str
    on_notice: Callable[[str], None]
    on_heard: Callable[[], None]
    on_lost: Callable[[], None]


class NoticeListener:
    """Hears notices for its hearers from `start` to `stop`, all on one connection, and comes back by itself after the
    server was away."""

    def __init__(self, dsn: str, hearers: Collection[Hearer]) -> None:
        self._dsn = read_dsn(dsn).set(drivername="postgresql").render_as_string(hide_password=False)
        self._hearers = {hearer.channel: hearer for hearer in hearers}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notices", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Returns when the thread has ended."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                logger.warning("notices of Postgres are not heard: %s", type(error).__name__)
            finally:
                for hearer in self._hearers.values():
                    hearer.on_lost()
            self._stopping.wait(_AGAIN_SECONDS)

    def _listen(self) -> None:
        with psycopg.connect(
            self._dsn.replace(" ", "%20"),  # SQLAlchemy leaves a space in a password as it is; libpq refuses it
            autocommit=True,
            connect_timeout=_CONNECT_TIMEOUT_SECONDS,
            application_name="footfall-notices",
            # A peer that vanished without a word is noticed within about ten seconds.
            keepalives=1,
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=2,
        ) as connection:
            for channel in self._hearers:
                connection.execute(sql.SQL("listen {}").format(sql.Identifier(channel)))
            for hearer in self._hearers.values():
                hearer.on_heard()
            while not self._stopping.is_set():
                for notice in connection.notifies(timeout=_LOOK_SECONDS):
                    try:
                        self._hearers[notice.channel].on_notice(notice.payload)
                    except ValueError:  # every role of the database may send on a channel, and say what it likes
                        logger.warning("a notice on %s that cannot be read", notice.channel)
