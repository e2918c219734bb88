"""Whether somebody has set the clock, so that what waits does not age by it. What waits is `store`'s."""

from __future__ import annotations

import time

STEP_SECONDS = 2.0
"""Less is the wall clock being steered, which adds up to nothing in the time that an event may wait."""


class WallClock:
    """The wall clock, and by how much it was set since it was last asked. A host without a battery starts in 1970 and
    learns the year from the network: nothing has waited for half a century then."""

    def __init__(self) -> None:
        self._offset = _offset()

    def step(self) -> float:
        """Seconds by which the clock was set since `follow` was last told; 0.0 where it only ran."""
        step = _offset() - self._offset
        return step if abs(step) >= STEP_SECONDS else 0.0

    def follow(self, step: float) -> None:
        """Says that a step was allowed for."""
        self._offset += step


def _offset() -> float:
    return time.time() - time.monotonic()
