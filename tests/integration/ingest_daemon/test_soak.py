"""A daemon that runs on and on: an hour of a camera compressed, and a camera that hangs up hundreds of times."""

from __future__ import annotations

import argparse
from random import Random
from threading import Event

import psutil
import pytest

from benchmarks import soak
from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

pytestmark = pytest.mark.e2e

CONNECTIONS = 200


def test_an_hour_leaves_memory_descriptors_and_threads_as_they_were() -> None:
    figures = soak.run(argparse.Namespace(hours=1.0))

    assert figures["events"] == 2 * 900
    assert figures["flat"], soak.lines(figures)


def test_a_camera_that_hangs_up_again_and_again_leaves_no_descriptor_and_no_thread() -> None:
    tally, stop, process = Tally(), Event(), psutil.Process()
    with MjpegCamera([portrait(1)], fps=500, frames_each=8).serving() as door:
        source = LiveSource(
            "the door",
            lambda: stream_capture(door.url),
            detect_every_seconds=0.0,
            tally=tally,
            backoff=BackoffPolicy(first_seconds=0.001, longest_seconds=0.01),
            random=Random(1),
        )
        before = soak.sampled(process)
        for _ in source.frames(stop):
            if tally[Count.SOURCE_LOST] == 20:
                before = soak.sampled(process)
            if tally[Count.SOURCE_LOST] >= CONNECTIONS:
                stop.set()
        after = soak.sampled(process)

    assert tally[Count.SOURCE_LOST] >= CONNECTIONS
    assert after.descriptors <= before.descriptors + 2
    assert after.threads <= before.threads + 2
