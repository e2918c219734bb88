"""Drawn people before a camera that does not exist, for trying the daemon offline and for loading what comes after it.
The stand-in detector of the offline mode sees them; a real one sees nobody, for they are patterns."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Event
from urllib.parse import parse_qsl

import cv2
import numpy as np

from footfall.errors import InputError
from footfall.vision.types import BgrImage
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.files import EveryFrame, Pace, Playback, start_of
from ingest_daemon.tally import Count, Tally

SCHEME = "synthetic"
FRAMES_A_SECOND = 10.0
_TILE_PX = 160
_GREY = 128
_COARSE = 9
_MOST = 1_000_000
_FORM = "synthetic:200?people=50&abreast=2&seen=3&apart=2&seed=1"


@dataclass(frozen=True, slots=True)
class Cast:
    """`appearances` in all, of `people` different ones who come back in their order, `abreast` at a time; each group is
    there for `seen` seconds, with `apart` seconds of nobody before the next. The same cast is always the same film."""

    appearances: int
    people: int
    abreast: int = 1
    seen: float = 3.0
    apart: float = 2.0
    seed: int = 1

    @property
    def frames_seen(self) -> int:
        return max(1, round(self.seen * FRAMES_A_SECOND))

    @property
    def frames_each(self) -> int:
        """Frames from one group's coming to the next one's."""
        return self.frames_seen + round(self.apart * FRAMES_A_SECOND)

    @property
    def frames(self) -> int:
        return -(-self.appearances // self.abreast) * self.frames_each

    def group(self, number: int) -> list[int]:
        """Who is there, from left to right."""
        first = number * self.abreast
        return [one % self.people for one in range(first, min(first + self.abreast, self.appearances))]


def cast_of(text: str) -> Cast:
    """From `synthetic:APPEARANCES?people=&abreast=&seen=&apart=&seed=`. Raises InputError."""
    head, _, query = text.partition(":")[2].partition("?")
    try:
        given = dict(parse_qsl(query, strict_parsing=bool(query)))
        appearances = int(head)
        cast = Cast(
            appearances=appearances,
            people=int(given.pop("people", appearances)),
            abreast=int(given.pop("abreast", "1")),
            seen=float(given.pop("seen", "3")),
            apart=float(given.pop("apart", "2")),
            seed=int(given.pop("seed", "1")),
        )
    except ValueError:
        raise InputError(f"{text} cannot be drawn.", hint=f"Write it as {_FORM}.") from None
    within = (
        1 <= cast.appearances <= _MOST
        and 1 <= cast.people <= _MOST
        and 1 <= cast.abreast <= 8
        and 0.1 <= cast.seen <= 3600
        and 0 <= cast.apart <= 3600
        and cast.seed >= 0
    )
    if given or not within:
        raise InputError(f"{text} cannot be drawn.", hint=f"Write it as {_FORM}.")
    return cast


class DrawnPeople(EveryFrame):
    """The film of a cast, drawn as it is asked for."""

    def __init__(self, text: str, playback: Playback, tally: Tally) -> None:
        """Raises InputError for a text that describes no cast."""
        self._cast = cast_of(text)
        self.name = text
        self.live = False
        self.connected = True
        self.fingerprint: str | None = sha256(repr(self._cast).encode()).hexdigest()
        length = timedelta(seconds=self._cast.frames / FRAMES_A_SECOND)
        self._start = start_of(playback, length)
        self.started_at: datetime | None = self._start
        self.frames_expected: int | None = self._cast.frames
        self._playback = playback
        self._tally = tally

    def frames(self, stop: Event) -> Iterator[Frame]:
        cast, pace = self._cast, Pace(self._playback.realtime)
        nobody = _empty(cast)
        for index in range(cast.frames):
            if stop.is_set():
                return
            group, moment = divmod(index, cast.frames_each)
            if moment == 0:
                somebody = _picture(cast, group)
            media_seconds = index / FRAMES_A_SECOND
            pace.wait(media_seconds, stop)
            self._tally.add(Count.FRAMES_READ)
            yield Frame(
                image=(somebody if moment < cast.frames_seen else nobody).copy(),
                captured_at=(self._start + timedelta(seconds=media_seconds)).astimezone(UTC),
                index=index,
                read_at=time.monotonic(),
                continuous=index > 0,
            )


def _empty(cast: Cast) -> BgrImage:
    return np.full((_TILE_PX, _TILE_PX * cast.abreast, 3), _GREY, np.uint8)


def _picture(cast: Cast, group: int) -> BgrImage:
    image = _empty(cast)
    side = _TILE_PX // 2
    for place, who in enumerate(cast.group(group)):
        left, top = place * _TILE_PX + side // 2, side // 2
        image[top : top + side, left : left + side] = _pattern(cast.seed, who, side)
    return image


def _pattern(seed: int, who: int, side: int) -> BgrImage:
    """(side, side, 3): smooth blobs that are the person's own, with enough fine grain to count as sharp."""
    random = np.random.default_rng([seed, who])
    coarse = random.integers(0, 256, (_COARSE, _COARSE), dtype=np.uint8)
    blobs = cv2.resize(coarse, (side, side), interpolation=cv2.INTER_CUBIC)
    grain = random.integers(0, 40, (side, side), dtype=np.uint8)
    return np.asarray(cv2.cvtColor(cv2.add(blobs // 2, grain), cv2.COLOR_GRAY2BGR), dtype=np.uint8)
