"""Live sources: streams and devices. They are opened again for as long as it takes. Files are in `files`."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event

import cv2
import numpy as np

from footfall.errors import RefusedAddressError, ServiceUnavailableError
from ingest_daemon.backoff import BackoffPolicy, wait_seconds
from ingest_daemon.sources.base import Cadence, Frame
from ingest_daemon.tally import Count, Tally

logger = logging.getLogger(__name__)

OPEN_TIMEOUT_MS = 10_000
READ_TIMEOUT_MS = 5_000
"""A camera silent for this long is taken for lost."""
_SILENCE_SECONDS = 1.0
STEADY_SECONDS = 10.0
"""A connection that held this long starts the waits anew; a camera that dies after each first frame does not."""
CLOCK_STEP = timedelta(seconds=2)


class LiveSource:
    """A stream (RTSP, RTSPS, HTTP) or a device. `open_capture` makes an opened or unopened cv2.VideoCapture; it raises
    RefusedAddressError where it must not connect, ServiceUnavailableError where nobody is. `explain` says why a capture
    could not be opened; it may take seconds, and raise RefusedAddressError."""

    def __init__(
        self,
        name: str,
        open_capture: Callable[[], cv2.VideoCapture],
        *,
        detect_every_seconds: float,
        tally: Tally,
        explain: Callable[[], str] | None = None,
        backoff: BackoffPolicy | None = None,
        random: Random | None = None,
    ) -> None:
        self.name = name
        self.live = True
        self.connected = False
        self.fingerprint: str | None = None
        self.started_at: datetime | None = None
        self.frames_expected: int | None = None
        self.why_away: str | None = None
        self._away_since: float | None = None
        self._open_capture = open_capture
        self._explain = explain
        self._cadence = Cadence(detect_every_seconds)
        self._tally = tally
        self._backoff = backoff or BackoffPolicy()
        self._random = random or Random()  # noqa: S311 - spreads reconnections, guards no secret
        self._index = 0
        self._hurried = Event()
        self._reader = _Reader()

    @property
    def stuck_seconds(self) -> float:
        """Of the reader that is at work now."""
        return self._reader.stuck_seconds

    def hurry(self, wanted: bool) -> None:
        """Whether every frame is wanted, or only those that are due."""
        if wanted:
            self._hurried.set()
        else:
            self._hurried.clear()

    def pace(self, every_seconds: float) -> None:
        """Frames are due this far apart from now on."""
        self._cadence = Cadence(every_seconds)

    def frames(self, stop: Event) -> Iterator[Frame]:
        reader = self._reader = _Reader()
        self.connected = False
        failures = 0
        while not stop.is_set():
            opened_at = time.monotonic()
            why: str | None = None
            try:
                why = yield from self._while_open(reader, stop)
            except (RefusedAddressError, ServiceUnavailableError) as error:
                why = error.message
            if stop.is_set() or self._reader is not reader:
                return
            failures = 1 if time.monotonic() - opened_at >= STEADY_SECONDS else failures + 1
            wait = wait_seconds(self._backoff, failures, self._random)
            self._tally.add(Count.SOURCE_LOST)
            if self._away_since is None:
                self._away_since = time.monotonic()
            # Ever more rarely: a camera that is away for a month must not fill the log, nor be asked why each time, for
            # some shut out who shows a wrong password often.
            told = failures & (failures - 1) == 0
            self.why_away = why or (self._explained() if told else None) or self.why_away
            if told:
                because = f" {self.why_away}" if self.why_away else ""
                logger.warning(
                    "Camera %s is away (%d in a row); next try in %.1f s.%s", self.name, failures, wait, because
                )
            stop.wait(wait)

    def _explained(self) -> str | None:
        try:
            return self._explain() if self._explain else None
        except RefusedAddressError as error:
            return error.message

    def _while_open(self, reader: _Reader, stop: Event) -> Generator[Frame, None, str | None]:
        """The frames of one connection, and how it ended; None where there was none. Another reader may have taken over
        whenever a call returns: what is shared is its then."""
        with reader.calling():
            capture = self._open_capture()
        try:
            return (yield from self._until_lost(capture, reader, stop))
        finally:
            if self._reader is reader:
                self.connected = False
            with reader.calling():
                capture.release()

    def _until_lost(
        self, capture: cv2.VideoCapture, reader: _Reader, stop: Event
    ) -> Generator[Frame, None, str | None]:
        clock = _SteadyClock()
        continuous = False
        while not stop.is_set() and capture.isOpened():
            asked_at = time.monotonic()
            with reader.calling():
                grabbed = capture.grab()
            if not grabbed or self._reader is not reader:
                waited = time.monotonic() - asked_at
                return f"It gave nothing for {waited:.0f} s." if waited >= _SILENCE_SECONDS else "It hung up."
            if not self.connected:
                self._found()
            now = time.monotonic()
            index, self._index = self._index, self._index + 1
            self._tally.add(Count.FRAMES_READ)
            if not self._cadence.is_due(now) and not self._hurried.is_set():
                continue
            readable, image = capture.retrieve()
            if not readable:
                self._tally.add(Count.FRAMES_UNREADABLE)
                continue
            yield Frame(
                image=np.asarray(image, dtype=np.uint8),
                captured_at=clock.at(now),
                index=index,
                read_at=now,
                continuous=continuous,
            )
            continuous = True
        return None

    def _found(self) -> None:
        self.connected = True
        since, self._away_since, self.why_away = self._away_since, None, None
        if since is None:
            logger.info("Camera %s is there.", self.name)
        else:
            again = " again" if self._index else ""
            logger.info("Camera %s is there%s, after %.0f s.", self.name, again, time.monotonic() - since)


class _Reader:
    """One thread's turn at a source, and whether it waits for the driver."""

    def __init__(self) -> None:
        self._called_at: float | None = None

    @property
    def stuck_seconds(self) -> float:
        called_at = self._called_at
        return 0.0 if called_at is None else time.monotonic() - called_at

    @contextmanager
    def calling(self) -> Iterator[None]:
        self._called_at = time.monotonic()
        try:
            yield
        finally:
            self._called_at = None


class _SteadyClock:
    """Wall time that runs evenly between frames: it follows the wall clock's steps, but not its jitter."""

    def __init__(self) -> None:
        self._offset = self._wall_offset()

    def at(self, monotonic_seconds: float) -> datetime:
        offset = self._wall_offset()
        if abs(offset - self._offset) > CLOCK_STEP.total_seconds():
            logger.warning("The clock was set by %+.1f s.", offset - self._offset)
            self._offset = offset
        return datetime.fromtimestamp(self._offset + monotonic_seconds, UTC)

    @staticmethod
    def _wall_offset() -> float:
        return time.time() - time.monotonic()


def stream_capture(url: str) -> cv2.VideoCapture:
    """A stream opened by FFmpeg, with timeouts, so that a hung camera is noticed. Other backends are not tried:
    they quote the URL, password and all, in their warnings."""
    return cv2.VideoCapture(
        url,
        cv2.CAP_FFMPEG,
        [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_TIMEOUT_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_TIMEOUT_MS],
    )


def why_no_device(path: Path) -> str:
    """Of a device that could not be opened."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_NONBLOCK))
    except FileNotFoundError:
        there = sorted(str(one) for one in path.parent.glob("video*"))
        return f"There is no {path}; there are {', '.join(there)}." if there else f"There is no {path}, nor any other."
    except PermissionError:
        return f"This user may not open {path}: add it to the device's group, usually video."
    except OSError as error:
        return f"{path} cannot be opened: {error.strerror}."
    return f"{path} opens, but gives no pictures. Does another program use it, or is it no camera?"


def device_capture(index: int) -> cv2.VideoCapture:
    """A Video4Linux device, holding back as few frames as it can."""
    capture = cv2.VideoCapture(index, cv2.CAP_V4L2)
    if capture.isOpened():
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return capture
