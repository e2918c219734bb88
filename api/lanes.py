"""Bounded concurrency for work that is heavy: so many at once, so many waiting, and the rest told to come again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import CapacityLimiter, to_thread

from api.metrics import Metrics
from footfall.errors import BusyError

Result = TypeVar("Result")


class Lane:
    """`at_once` calls run in threads of their own, apart from the pool that answers everything else, and at most
    `waiting` more requests are inside. Belongs to one event loop, on which alone it is touched, so it needs no lock."""

    def __init__(self, name: str, *, at_once: int, waiting: int, metrics: Metrics) -> None:
        self._capacity = at_once + waiting
        self._limiter = CapacityLimiter(at_once)
        self._inside = 0
        self._gauge = metrics.lane_requests.labels(name)
        self._refused = metrics.lane_refused.labels(name)

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place inside, taken once the body is here: who is slow to send it keeps nobody from a turn.
        Raises BusyError when every place is taken."""
        if self._inside >= self._capacity:
            self._refused.inc()
            raise BusyError(
                "As many such requests as the server takes at once are under way.",
                hint="Come back after `Retry-After` seconds; nothing was done.",
            )
        self._inside += 1
        self._gauge.inc()
        try:
            yield
        finally:
            self._inside -= 1
            self._gauge.dec()

    async def run(self, call: Callable[[], Result]) -> Result:
        """The call's result, once it has had its turn."""
        return await to_thread.run_sync(call, limiter=self._limiter)
