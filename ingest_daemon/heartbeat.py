"""Tells the server how this worker is, and takes what it answers: commands and configuration. In a thread of its own,
so that a server that hangs holds up no frame."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from threading import Event
from typing import Protocol
from uuid import UUID

from client.errors import ApiError
from contracts.commands import CommandOrder
from contracts.workers import Heartbeat, HeartbeatAnswer
from ingest_daemon.operated import Operated

logger = logging.getLogger(__name__)

JITTER_SHARE = 0.1
"""A hundred workers that lost their server together must not come back together."""
_MOST_IN_A_ROW = 5


class Heard(Protocol):
    """The server, as far as heartbeats need it. Raises ApiError."""

    def send_heartbeat(self, worker_id: UUID, heartbeat: Heartbeat) -> HeartbeatAnswer: ...


class Heart:
    """Beats until `stop` is set."""

    def __init__(
        self,
        daemon: Operated,
        server: Heard,
        worker_id: UUID,
        *,
        release: str,
        advertised_url: str | None,
        interval_seconds: float,
        configuration_version: Callable[[], int],
        configured: Callable[[HeartbeatAnswer], None],
        ordered: Callable[[CommandOrder], bool],
        random: Random | None = None,
    ) -> None:
        self._daemon = daemon
        self._server = server
        self._worker_id = worker_id
        self._release = release
        self._advertised_url = advertised_url
        self._interval_seconds = interval_seconds
        self._configuration_version = configuration_version
        self._configured = configured
        self._ordered = ordered
        self._random = random or Random()  # noqa: S311 - spreads heartbeats, guards no secret
        self._started_at = datetime.now(UTC)
        self._failures = 0

    def work(self, stop: Event) -> None:
        while not stop.is_set():
            # An answer that brought commands may have left others behind.
            for _ in range(_MOST_IN_A_ROW):
                if not self.beat() or stop.is_set():
                    break
            stop.wait(self._interval_seconds * (1 + self._random.uniform(-JITTER_SHARE, JITTER_SHARE)))

    def beat(self) -> bool:
        """Whether the answer brought commands that are new."""
        heartbeat = Heartbeat(
            release=self._release,
            started_at=self._started_at,
            advertised_url=self._advertised_url,
            cameras=tuple(camera.health() for camera in self._daemon.cameras),
            outbox=self._daemon.outbox_health(),
            configuration_version=self._configuration_version(),
        )
        try:
            answer = self._server.send_heartbeat(self._worker_id, heartbeat)
        except ApiError as error:
            self._failures += 1
            if self._failures & (self._failures - 1) == 0:
                logger.warning("The server does not hear this worker (%d in a row): %s", self._failures, error)
            return False
        if self._failures:
            logger.info("The server hears this worker again.")
        self._failures = 0
        self._interval_seconds = answer.heartbeat_seconds
        if answer.configuration is not None:
            self._configured(answer)
        # Every one is handed on, whatever became of the one before.
        new = [self._ordered(order) for order in answer.commands]
        return any(new)
