"""A real MJPEG camera on loopback that goes away and comes back."""

from __future__ import annotations

import itertools
import logging
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from random import Random
from threading import Event, Timer

import numpy as np
import pytest

from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.redaction import redact_url
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

QUICK = BackoffPolicy(first_seconds=0.05, longest_seconds=0.1, jitter=0.5)


@pytest.fixture
def camera() -> Iterator[MjpegCamera]:
    camera = MjpegCamera([portrait(1), portrait(2)])
    with camera.serving():
        yield camera


def source_of(url: str, tally: Tally, *, detect_every_seconds: float = 0.0) -> LiveSource:
    return LiveSource(
        redact_url(url),
        lambda: stream_capture(url),
        detect_every_seconds=detect_every_seconds,
        tally=tally,
        backoff=QUICK,
        random=Random(1),
    )


@pytest.fixture
def stop() -> Iterator[Event]:
    """Set at the latest after a minute, so that a broken source fails instead of hanging."""
    stop = Event()
    timer = Timer(60, stop.set)
    timer.start()
    yield stop
    timer.cancel()


def test_a_stream_gives_its_frames_with_the_time_of_now(camera: MjpegCamera, stop: Event) -> None:
    tally = Tally()
    source = source_of(camera.url, tally)

    frames = list(itertools.islice(source.frames(stop), 5))

    assert source.live
    assert [frame.index for frame in frames] == [0, 1, 2, 3, 4]
    assert [frame.continuous for frame in frames] == [False, True, True, True, True]
    moments = [frame.captured_at for frame in frames]
    assert moments == sorted(moments)
    assert abs(moments[-1] - datetime.now(UTC)) < timedelta(seconds=10)
    # JPEG is not lossless; the picture is the one that was sent all the same.
    difference = np.abs(frames[0].image.astype(int) - portrait(1).astype(int)).mean()
    assert difference < 8


def test_a_camera_that_hangs_up_is_called_again_and_what_follows_is_a_new_beginning(stop: Event) -> None:
    camera, tally = MjpegCamera([portrait(1)], frames_each=6), Tally()
    with camera.serving():
        frames = list(itertools.islice(source_of(camera.url, tally).frames(stop), 12))

    assert camera.connections >= 2
    assert [frame.index for frame in frames] == list(range(12))
    assert [frame.continuous for frame in frames].count(False) >= 2
    assert tally[Count.SOURCE_LOST] >= 1


def test_a_camera_that_is_away_at_first_is_waited_for(stop: Event, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    camera, tally = MjpegCamera([portrait(1)]), Tally()
    with camera.serving():
        pass  # it has an address now, and is gone
    source = source_of(camera.url, tally)
    with ExitStack() as later:
        switched_on = Timer(0.7, lambda: later.enter_context(camera.serving()))
        switched_on.start()

        frames = source.frames(stop)
        first = next(frames)
        switched_on.join()

    assert first.index == 0
    assert source.connected
    assert tally[Count.SOURCE_LOST] >= 3
    told = [record.getMessage() for record in caplog.records if "is away" in record.getMessage()]
    assert len(told) < tally[Count.SOURCE_LOST]
    assert "is there, after" in caplog.text
    assert source.why_away is None


def test_waiting_for_a_camera_ends_at_once_when_stopped(stop: Event) -> None:
    stop.set()

    assert list(source_of("http://127.0.0.1:9/video", Tally()).frames(stop)) == []


def test_a_live_source_is_thinned_out_by_the_clock(camera: MjpegCamera, stop: Event) -> None:
    tally = Tally()

    frames = list(itertools.islice(source_of(camera.url, tally, detect_every_seconds=0.2).frames(stop), 3))

    assert tally[Count.FRAMES_READ] > 3
    assert frames[-1].captured_at - frames[0].captured_at >= timedelta(seconds=0.35)


@pytest.mark.parametrize("quiet", [True, False])
@pytest.mark.parametrize("url", ["rtsp://admin:hunter2@127.0.0.1:9/live", "http://admin:hunter2@127.0.0.1:9/video"])
def test_no_password_is_written_anywhere_while_a_camera_cannot_be_reached(url: str, quiet: bool) -> None:
    """In a process of its own, because OpenCV and FFmpeg write to the descriptor and not through Python."""
    script = textwrap.dedent(
        f"""
        import logging
        from threading import Event, Timer
        from ingest_daemon.redaction import redact_url
        from ingest_daemon.sources.live import LiveSource, stream_capture
        from ingest_daemon.sources.opencv import tame_opencv
        from ingest_daemon.tally import Tally
        if {quiet!r}:
            tame_opencv()
        logging.basicConfig(level=logging.DEBUG)
        stop = Event()
        Timer(2, stop.set).start()
        url = {url!r}
        source = LiveSource(redact_url(url), lambda: stream_capture(url), detect_every_seconds=0.0, tally=Tally())
        list(source.frames(stop))
        print(repr(source.name))
        """
    )

    # Other tests of this process may have tamed OpenCV through its variables.
    untamed = {name: value for name, value in os.environ.items() if not name.startswith("OPENCV_")}
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, env=untamed
    )

    assert "is away" in done.stderr
    assert "***@127.0.0.1:9" in done.stdout
    assert "hunter2" not in done.stdout + done.stderr
    assert ("Connection refused" in done.stderr) is not quiet
