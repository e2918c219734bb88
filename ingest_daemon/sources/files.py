"""Finite sources: a video file and a folder of pictures, in their own time. Live sources are in `live`."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event

import cv2
import numpy as np

from footfall.errors import ImageTooLargeError, NotAnImageError, NotAVideoError
from footfall.settings import VisionSettings
from footfall.vision.decode import decode
from footfall.vision.types import BgrImage
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.container import PICTURE_SUFFIXES, checked_video, fingerprint_of, opened
from ingest_daemon.tally import Count, Tally

logger = logging.getLogger(__name__)

SECONDS_PER_PICTURE = 1.0
"""Pictures of a folder count as taken this far apart."""
_USUAL_RATE = 25.0


@dataclass(frozen=True, slots=True)
class Playback:
    """How a finite source is played. `started_at`: when its first frame counts as taken; None: such that it ends now,
    or, paced by `realtime`, starts now."""

    started_at: datetime | None
    realtime: bool


class EveryFrame:
    """What a source that gives every frame makes of wishes for more or fewer: nothing."""

    stuck_seconds = 0.0
    why_away: str | None = None

    def hurry(self, wanted: bool) -> None:
        """Every frame comes anyway."""

    def pace(self, every_seconds: float) -> None:
        """Every frame comes anyway."""


class VideoFile(EveryFrame):
    """A video file. Every frame is given."""

    def __init__(self, path: Path, *, started_at: datetime, frames_expected: int, playback: Playback, tally: Tally):
        self.name = path.name
        self.live = False
        self.connected = True
        self.fingerprint: str | None = fingerprint_of(path)
        self.started_at: datetime | None = started_at
        self.frames_expected: int | None = frames_expected or None
        self._path = path
        self._start = started_at
        self._playback = playback
        self._tally = tally

    @classmethod
    def open(cls, path: Path, playback: Playback, tally: Tally) -> VideoFile:
        """Checks that the file is a video with at least one frame. Raises NotAVideoError."""
        with opened(checked_video(path)) as capture:
            if not capture.read()[0]:
                raise NotAVideoError(f"No frame of {path.name} can be decoded.", hint="Is the file damaged?")
            count = max(0, int(capture.get(cv2.CAP_PROP_FRAME_COUNT)))
            length = timedelta(seconds=count / _rate(capture))
        return cls(path, started_at=start_of(playback, length), frames_expected=count, playback=playback, tally=tally)

    def frames(self, stop: Event) -> Iterator[Frame]:
        pace = Pace(self._playback.realtime)
        index, given, media_seconds = 0, 0, 0.0
        with opened(self._path) as capture:
            rate = _rate(capture)
            while not stop.is_set() and capture.grab():
                # Timestamps of the container where they run forward (variable rate), the frame number where not.
                stated = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000
                if index:
                    media_seconds = stated if stated > media_seconds else media_seconds + 1 / rate
                self._tally.add(Count.FRAMES_READ)
                readable, image = capture.retrieve()
                if readable:
                    pace.wait(media_seconds, stop)
                    yield Frame(
                        image=np.asarray(image, dtype=np.uint8),
                        captured_at=self._start + timedelta(seconds=media_seconds),
                        index=index,
                        read_at=time.monotonic(),
                        continuous=given > 0,
                    )
                    given += 1
                else:
                    self._tally.add(Count.FRAMES_UNREADABLE)
                index += 1
        if not stop.is_set() and self.frames_expected and index < 0.9 * self.frames_expected:
            logger.warning("%s says it has %d frames; only %d can be read.", self.name, self.frames_expected, index)


class PictureFolder(EveryFrame):
    """Pictures in the order of their names, SECONDS_PER_PICTURE apart, each a scene of its own: where a face stands
    on one says nothing about the next. Files that are no pictures are counted and left out."""

    def __init__(
        self,
        folder: Path,
        pictures: list[Path],
        *,
        started_at: datetime,
        playback: Playback,
        limits: VisionSettings,
        tally: Tally,
    ):
        self.name = folder.name
        self.live = False
        self.connected = True
        self.fingerprint: str | None = sha256("".join(map(fingerprint_of, pictures)).encode()).hexdigest()
        self.started_at: datetime | None = started_at
        self.frames_expected: int | None = len(pictures)
        self._pictures = pictures
        self._start = started_at
        self._playback = playback
        self._limits = limits
        self._tally = tally

    @classmethod
    def open(cls, folder: Path, playback: Playback, limits: VisionSettings, tally: Tally) -> PictureFolder:
        """Raises NotAVideoError for a folder without pictures."""
        pictures = sorted(
            path for path in folder.iterdir() if path.is_file() and path.suffix.lower() in PICTURE_SUFFIXES
        )
        if not pictures:
            raise NotAVideoError(
                f"The folder {folder} holds no pictures.",
                hint=f"Footfall plays {', '.join(sorted(PICTURE_SUFFIXES))} of a folder, in the order of their names.",
            )
        length = timedelta(seconds=SECONDS_PER_PICTURE * len(pictures))
        start = start_of(playback, length)
        return cls(folder, pictures, started_at=start, playback=playback, limits=limits, tally=tally)

    def frames(self, stop: Event) -> Iterator[Frame]:
        pace = Pace(self._playback.realtime)
        for index, path in enumerate(self._pictures):
            if stop.is_set():
                return
            self._tally.add(Count.FRAMES_READ)
            image = self._decoded(path)
            if image is None:
                self._tally.add(Count.FRAMES_UNREADABLE)
                continue
            media_seconds = index * SECONDS_PER_PICTURE
            pace.wait(media_seconds, stop)
            yield Frame(
                image=image,
                captured_at=self._start + timedelta(seconds=media_seconds),
                index=index,
                read_at=time.monotonic(),
                continuous=False,
            )

    def _decoded(self, path: Path) -> BgrImage | None:
        try:
            return decode(path.read_bytes(), self._limits)
        except (NotAnImageError, ImageTooLargeError, OSError) as error:
            logger.warning("%s was left out: %s", path.name, error)
            return None


class Pace:
    """Holds frames back until their time has come, where that is asked for."""

    def __init__(self, realtime: bool) -> None:
        self._started = time.monotonic() if realtime else None

    def wait(self, media_seconds: float, stop: Event) -> None:
        if self._started is not None:
            stop.wait(max(0.0, self._started + media_seconds - time.monotonic()))


def _rate(capture: cv2.VideoCapture) -> float:
    rate = float(capture.get(cv2.CAP_PROP_FPS))
    return rate if 0.1 <= rate <= 1000 else _USUAL_RATE


def start_of(playback: Playback, length: timedelta) -> datetime:
    """When the first frame of something `length` long counts as taken."""
    if playback.started_at is not None:
        return playback.started_at
    # Played faster than it was taken it must not run ahead of the clock: the server refuses events of the future.
    return datetime.now(UTC) if playback.realtime else datetime.now(UTC) - length
