"""A reader whose call into the driver never returns is replaced; the camera goes on, and so do the others."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from random import Random
from threading import Event, Thread

import pytest

from ingest_daemon import workers
from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.handover import Handover
from ingest_daemon.sources import live
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.tally import Count, Tally
from ingest_daemon.workers import MOST_ABANDONED, Capture
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera


@pytest.fixture(autouse=True)
def _drivers_without_timeouts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "OPEN_TIMEOUT_MS", 600_000)
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 600_000)
    monkeypatch.setattr(workers, "HUNG_SECONDS", 0.3)


@pytest.fixture
def stop() -> Iterator[Event]:
    stop = Event()
    yield stop
    stop.set()


class Watched:
    """A camera with its capture, looked after as the daemon does it."""

    def __init__(self, port: int, stop: Event) -> None:
        self.tally = Tally()
        self.source = LiveSource(
            "the door",
            lambda: stream_capture(f"http://127.0.0.1:{port}/video.mjpg"),
            detect_every_seconds=0.0,
            tally=self.tally,
            backoff=BackoffPolicy(first_seconds=0.05, longest_seconds=0.1),
            random=Random(1),
        )
        self.handover = Handover(newest_only=True)
        self.capture = Capture(self.source, self.handover, self.tally)
        self._stop = stop
        self.capture.start(stop)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert time.monotonic() < deadline, "it did not come about"
            self.capture.replace_hung(self._stop)
            time.sleep(0.02)

    @property
    def frames(self) -> int:
        return self.tally[Count.FRAMES_READ]


def test_a_camera_that_falls_silent_amid_its_pictures_is_given_another_reader(stop: Event) -> None:
    door = MjpegCamera([portrait(1)], fps=50, silent_after=5)
    with door.serving():
        watched = Watched(door.port, stop)

        watched.until(lambda: door.connections >= 3)

        assert watched.tally[Count.READERS_REPLACED] >= 2
        assert watched.capture.error is None
        stop.set()


def test_readers_are_not_given_up_without_end(stop: Event) -> None:
    door = MjpegCamera([portrait(1)], fps=50, silent_after=2)
    with door.serving():
        watched = Watched(door.port, stop)
        watched.until(lambda: watched.tally[Count.READERS_REPLACED] == MOST_ABANDONED)
        watched.until(lambda: watched.source.stuck_seconds > 1.0)

        assert watched.tally[Count.READERS_REPLACED] == MOST_ABANDONED
        assert door.connections == MOST_ABANDONED + 1
        stop.set()


def test_another_camera_gives_its_pictures_meanwhile(stop: Event) -> None:
    door, silent = MjpegCamera([portrait(1)], fps=50), MjpegCamera([portrait(1)], fps=50, silent_after=2)
    with door.serving(), silent.serving():
        hung = Watched(silent.port, stop)
        hung.until(lambda: hung.source.stuck_seconds > 0.1)
        well = Watched(door.port, stop)
        well.until(lambda: well.frames > 10)

        assert well.tally[Count.READERS_REPLACED] == 0
        stop.set()


def test_a_reader_that_was_given_up_changes_nothing_when_its_call_returns_at_last(stop: Event) -> None:
    calls = itertools.count()
    released, first_returned = Event(), Event()

    class Driver:
        def __init__(self) -> None:
            self.first = next(calls) == 0

        def isOpened(self) -> bool:  # noqa: N802 - as OpenCV's
            return True

        def grab(self) -> bool:
            if self.first:
                released.wait(30)
                return True
            return not stop.wait(0.01)

        def retrieve(self) -> tuple[bool, object]:
            return True, portrait(1)

        def release(self) -> None:
            if self.first:
                first_returned.set()

    tally = Tally()
    source = LiveSource("the door", Driver, detect_every_seconds=0.0, tally=tally)  # type: ignore[arg-type]  # a driver that obeys
    capture = Capture(source, Handover(newest_only=True), tally)
    capture.start(stop)
    deadline = time.monotonic() + 30
    while tally[Count.FRAMES_READ] < 3 and time.monotonic() < deadline:
        capture.replace_hung(stop)
        time.sleep(0.02)
    lost = tally[Count.SOURCE_LOST]

    released.set()
    assert first_returned.wait(30)
    seen = tally[Count.FRAMES_READ]
    while tally[Count.FRAMES_READ] < seen + 3 and time.monotonic() < deadline:
        time.sleep(0.02)

    assert source.connected
    assert tally[Count.SOURCE_LOST] == lost == 0
    assert tally[Count.READERS_REPLACED] == 1
    assert isinstance(capture._reading, Thread)
    assert capture._reading.is_alive()
