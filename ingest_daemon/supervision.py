"""What systemd is told of the daemon (sd_notify(3)): that it is ready, lives, and ends. Elsewhere nothing happens.

Its own few lines and no package: the protocol is a datagram.
"""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Callable, Mapping

logger = logging.getLogger(__name__)

_BEATS_PER_PERIOD = 3.0
"""systemd.exec(5) asks for half the period at the latest."""


class Supervision:
    """`lives` says whether the work goes on: a daemon whose cameras are no longer looked at is to be killed and started
    again, whatever its main thread still does."""

    def __init__(
        self,
        lives: Callable[[], bool],
        *,
        environment: Mapping[str, str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        found = os.environ if environment is None else environment
        self._address = found.get("NOTIFY_SOCKET", "")
        self._lives = lives
        self._clock = clock
        self._every_seconds = _watchdog_seconds(found) / _BEATS_PER_PERIOD
        self._due_at = 0.0

    def ready(self, status: str) -> None:
        self._tell(f"READY=1\nSTATUS={status}")

    def tick(self) -> None:
        """To be called often; tells the watchdog when that is due."""
        if self._every_seconds and self._clock() >= self._due_at and self._lives():
            self._due_at = self._clock() + self._every_seconds
            self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        self._tell("STOPPING=1\nSTATUS=sending what waits")

    def _tell(self, message: str) -> None:
        if not self._address:
            return
        # A leading @ stands for Linux's abstract namespace.
        address = f"\0{self._address[1:]}" if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as notifying:
                notifying.sendto(message.encode(), address)
        except OSError as error:
            logger.debug("systemd could not be told: %s", error.strerror)


def _watchdog_seconds(environment: Mapping[str, str]) -> float:
    """0 where no watchdog waits for this process."""
    stated, pid = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if not stated.isdecimal() or (pid and pid != str(os.getpid())):
        return 0.0
    return int(stated) / 1_000_000
