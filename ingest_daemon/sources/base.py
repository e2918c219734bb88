"""The one interface of every source, and the frame it gives. No decoding here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from threading import Event
from typing import Protocol

from footfall.vision.types import BgrImage


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture. `image`: (height, width, 3) uint8 BGR. `captured_at`: aware; for a file its start plus the media
    time. `index`: number among all frames of the source, from 0. `read_at`: `time.monotonic()` seconds when it was
    decoded. `continuous`: False where the frame before it says nothing about what to expect: the first one, the
    first after a lost connection, every picture of a folder."""

    image: BgrImage
    captured_at: datetime
    index: int
    read_at: float
    continuous: bool


class Source(Protocol):
    """A camera, or what stands in for one."""

    @property
    def name(self) -> str:
        """Fit for logs, metrics and answers: no credentials."""
        ...

    @property
    def live(self) -> bool:
        """True for what happens now and never ends: only its newest frame matters."""
        ...

    @property
    def fingerprint(self) -> str | None:
        """Of the content, hex; the same file has the same one wherever it lies. None for live sources."""
        ...

    @property
    def started_at(self) -> datetime | None:
        """When its first frame was taken; None for live sources."""
        ...

    @property
    def frames_expected(self) -> int | None:
        """How many frames it says it has; None where it does not."""
        ...

    @property
    def connected(self) -> bool:
        """False for a live source that is away."""
        ...

    @property
    def why_away(self) -> str | None:
        """A sentence for the operator, without credentials; None where it is there or nothing is known."""
        ...

    @property
    def stuck_seconds(self) -> float:
        """For how long what is read from has not answered a call; 0 while no call is under way."""
        ...

    def hurry(self, wanted: bool) -> None:
        """Whether every frame is wanted for a moment; a finite source gives every one anyway."""
        ...

    def pace(self, every_seconds: float) -> None:
        """How far apart the frames of a live source are due from now on."""
        ...

    def frames(self, stop: Event) -> Iterator[Frame]:
        """The frames that are due for detection, until the end or until `stop` is set.

        Every frame that was read is counted, whether it is due or not. Iterate once; a live source whose reader hangs
        may be iterated anew in another thread, which ends the former iteration once its call returns.
        """
        ...


def away(source: Source) -> str:
    """Of a source that is not connected, in words."""
    return f"{source.name} is away" + (f": {source.why_away}" if source.why_away else "")


class Cadence:
    """Which moments of a source are due for detection: at most one every `every_seconds`, on a fixed grid, so that
    25 frames a second sampled every 0.1 s give ten a second and not eight."""

    def __init__(self, every_seconds: float) -> None:
        self._every_seconds = every_seconds
        self._next_seconds: float | None = None

    def is_due(self, at_seconds: float) -> bool:
        """Whether the frame at `at_seconds` is taken; taking it moves the grid on."""
        if self._every_seconds == 0:
            return True
        # A thousandth of slack: 3 / 30 s is 0.1 on paper alone.
        if self._next_seconds is not None and at_seconds + 0.001 < self._next_seconds:
            # A clock that went back a long way would otherwise blind the camera until it had caught up.
            if self._next_seconds - at_seconds <= 2 * self._every_seconds:
                return False
            self._next_seconds = None
        if self._next_seconds is None:
            self._next_seconds = at_seconds
        missed = max(0.0, at_seconds - self._next_seconds) // self._every_seconds
        self._next_seconds += (missed + 1) * self._every_seconds
        return True
