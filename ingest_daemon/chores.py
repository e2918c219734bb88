"""What a daemon does now and then while its cameras run: follow the budget, fetch the staff's templates again, drop
what has waited too long, ask for each camera's configuration. Watching the cameras is `daemon`'s."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from ingest_daemon.unit import CameraUnit, Shared

GALLERY_SECONDS = 300.0
"""How soon a change of the staff is noticed where no command says so."""
EXPIRY_SECONDS = 600.0
_DAY_SECONDS = 86_400


class Chores:
    """`do` is called a few times a second, by one thread."""

    def __init__(self, units: Sequence[CameraUnit], shared: Shared) -> None:
        self._units = units
        self._shared = shared
        self._expiry_at = 0.0
        self._gallery_at = time.monotonic() + GALLERY_SECONDS

    def do(self, pool: ThreadPoolExecutor) -> None:
        """Whatever is due. What has to wait for the server runs in `pool`; raises what that ended with."""
        now = time.monotonic()
        self._shared.budget.tick()
        if now >= self._gallery_at:
            self._gallery_at = now + GALLERY_SECONDS
            pool.submit(self._shared.roster.refresh)
        for unit in self._units:
            unit.refresh(pool)
        if now >= self._expiry_at:
            self._expiry_at = now + EXPIRY_SECONDS
            for unit in self._units:
                unit.expire(self._shared.settings.ingest.outbox_max_age_days * _DAY_SECONDS)
