"""A real RTSP camera that is cut, stalled, changed and brought back: frames come again, and nobody learns its password.

Skipped where GStreamer's server is not installed (`.ci/run` installs it).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from random import Random
from threading import Event, Thread

import pytest

from cli.stack.ports import free_ports
from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.redaction import redact_url
from ingest_daemon.sources import live
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.tally import Count, Tally
from tests.integration.ingest_daemon.rtsp_server import PASSWORD, USER, RtspCamera, missing, rtsp_camera

pytestmark = pytest.mark.e2e


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with rtsp_camera(free_ports(1)[0]) as one:
        one.start()
        yield one


class Watching:
    """A source that is read in a thread, as the daemon does."""

    def __init__(self, url: str) -> None:
        self.tally = Tally()
        self.source = LiveSource(
            redact_url(url),
            lambda: stream_capture(url),
            detect_every_seconds=0.0,
            tally=self.tally,
            backoff=BackoffPolicy(first_seconds=0.2, longest_seconds=1.0),
            random=Random(1),
        )
        self.frames: list[Frame] = []
        self.stop = Event()
        self._thread = Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        for frame in self.source.frames(self.stop):
            self.frames.append(frame)

    def close(self) -> None:
        self.stop.set()
        self._thread.join()

    def more(self, wanted: Callable[[Frame], bool] = lambda _: True) -> Frame:
        """The next frame from now on that is as wanted."""
        seen, deadline = len(self.frames), time.monotonic() + 60
        while True:
            found = [frame for frame in self.frames[seen:] if wanted(frame)]
            if found:
                return found[0]
            assert time.monotonic() < deadline, "no such frame came"
            time.sleep(0.02)


@pytest.fixture
def watching(camera: RtspCamera, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 1_500)
    monkeypatch.setattr(live, "OPEN_TIMEOUT_MS", 5_000)
    one = Watching(camera.url)
    yield one
    one.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_camera_that_is_cut_off_is_found_again(camera: RtspCamera, watching: Watching) -> None:
    watching.more()

    camera.stop()
    eventually(lambda: not watching.source.connected)
    camera.start()

    assert watching.more().image.shape == (240, 320, 3)
    assert watching.tally[Count.SOURCE_LOST] >= 1
    fresh = [frame for frame in watching.frames if not frame.continuous]
    assert len(fresh) == 2, "the first frame after a loss says that nothing is known of before"


def test_a_camera_that_stalls_is_given_up_and_found_again(camera: RtspCamera, watching: Watching) -> None:
    watching.more()

    camera.stall()
    eventually(lambda: not watching.source.connected)
    camera.go_on()

    watching.more()
    assert watching.source.connected


def test_a_camera_may_come_back_with_another_resolution_and_codec(camera: RtspCamera, watching: Watching) -> None:
    watching.more(lambda frame: frame.image.shape == (240, 320, 3))

    camera.start(codec="mjpeg", width=640, height=480)

    watching.more(lambda frame: frame.image.shape == (480, 640, 3))


def test_the_password_of_a_camera_stands_in_no_log(
    camera: RtspCamera, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    watching = Watching(camera.url)
    watching.more()
    camera.stop()
    eventually(lambda: watching.tally[Count.SOURCE_LOST] >= 2)
    watching.close()

    told = caplog.text + "".join(capfd.readouterr()) + watching.source.name
    assert "127.0.0.1" in told
    assert PASSWORD not in told
    assert USER not in told


def test_a_wrong_password_is_a_camera_that_is_away(camera: RtspCamera) -> None:
    watching = Watching(camera.url.replace(PASSWORD, "wrong"))
    eventually(lambda: watching.tally[Count.SOURCE_LOST] >= 1)
    watching.close()

    assert watching.frames == []
