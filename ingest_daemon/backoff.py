"""How long to wait before trying again: exponential with jitter. Who tries what is elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class BackoffPolicy:
    """Bounds of the waits. `jitter` is the share of a wait that is drawn at random, so that a hundred cameras that
    lost the same switch do not all come back in the same second."""

    first_seconds: float = 0.5
    longest_seconds: float = 60.0
    factor: float = 2.0
    jitter: float = 0.5


class Draws(Protocol):
    """A source of chance, such as `random.Random`."""

    def random(self) -> float:
        """0 up to 1."""
        ...


def wait_seconds(policy: BackoffPolicy, failures: int, random: Draws) -> float:
    """The wait after `failures` failures in a row (1 or more), in seconds; never over `longest_seconds`."""
    if failures < 1:
        raise ValueError("a wait follows at least one failure")
    # The exponent is bounded: 2.0 ** 2000 is an OverflowError, and a camera can be away for years.
    full = min(policy.longest_seconds, policy.first_seconds * policy.factor ** min(failures - 1, 64))
    return full * (1.0 - policy.jitter * random.random())
