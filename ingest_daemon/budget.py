"""How much processor seeing may cost, and what is given up to keep to it: the pace of looking first, then the size of
what the detector is shown. Nothing is looked at here."""

from __future__ import annotations

import time
from collections.abc import Callable
from math import sqrt
from threading import Event, Lock

WINDOW_SECONDS = 2.0
LONGEST_STRETCH = 8.0
SMALLEST_SCALE = 0.5
_SLACK = 0.9
"""The pace is quickened again only under this share of the limit, so that it does not swing."""
_LONGEST_REST_SECONDS = 0.5


class CpuBudget:
    """Of the whole process, all cameras together. `limit_cores` None: no limit. Thread-safe.

    `stretch` and `scale` are for live sources: intervals are longer by the one, the detector's pictures smaller by the
    other. A file waits instead (`rest`), so that it always gives the same events.
    """

    def __init__(
        self,
        limit_cores: float | None,
        *,
        cpu_seconds: Callable[[], float] = time.process_time,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._lock = Lock()
        self._limit_cores = limit_cores
        self._cpu_seconds = cpu_seconds
        self._clock = clock
        self._window = (clock(), cpu_seconds())
        self._began = self._window
        self._stretch: float = 1.0

    @property
    def stretch(self) -> float:
        return self._stretch

    @property
    def scale(self) -> float:
        """1 down to SMALLEST_SCALE, once looking less often alone did not do."""
        return max(SMALLEST_SCALE, min(1.0, sqrt(2.0 / self._stretch)))

    def limit(self, cores: float | None) -> None:
        """Another limit from now on."""
        with self._lock:
            self._limit_cores = cores
            self._window = self._began = (self._clock(), self._cpu_seconds())
            if cores is None:
                self._stretch = 1.0

    def tick(self) -> None:
        """Called a few times a second: follows what was spent lately."""
        with self._lock:
            at, spent = self._clock(), self._cpu_seconds()
            elapsed = at - self._window[0]
            if self._limit_cores is None or elapsed < WINDOW_SECONDS:
                return
            share = (spent - self._window[1]) / elapsed / self._limit_cores
            self._window = (at, spent)
            if share > 1.0 or share < _SLACK:
                self._stretch = min(LONGEST_STRETCH, max(1.0, self._stretch * min(2.0, max(0.5, share / _SLACK))))

    def rest(self, stop: Event) -> None:
        """Waits until what was spent since the start is within the limit, at most half a second."""
        with self._lock:
            if self._limit_cores is None:
                return
            ahead = (self._cpu_seconds() - self._began[1]) / self._limit_cores - (self._clock() - self._began[0])
        if ahead > 0:
            stop.wait(min(ahead, _LONGEST_REST_SECONDS))
