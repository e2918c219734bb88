"""An hour of a camera, compressed: whether a daemon's memory, descriptors and threads stay what they were.

People are drawn and the models stood in for, so that the hour passes as fast as the machine goes; everything else is
the daemon's own, in a process of its own, with a server that takes its events. What the models need is measured by
`ingest`.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from uuid import uuid4

import psutil

from benchmarks.commands import Figures
from benchmarks.ingest_server import EventSink
from contracts.places import Camera
from footfall.errors import ServiceUnavailableError
from footfall.vision.models.offline import MOCK_VERSIONS

MOST_GROWTH = 1.05
_SETTLED = 0.25
"""Share of the samples that a process needs to reach its working size."""
_EVERY_SECONDS = 0.25
_SEEN_SECONDS, _APART_SECONDS = 2.0, 2.0


@dataclass(frozen=True, slots=True)
class Sample:
    rss_bytes: int
    descriptors: int
    threads: int


@dataclass(frozen=True, slots=True)
class Flatness:
    """Medians of the first and of the last third of the samples, once the process had settled."""

    first: Sample
    last: Sample

    @property
    def growth(self) -> float:
        return self.last.rss_bytes / self.first.rss_bytes

    @property
    def flat(self) -> bool:
        return (
            self.growth <= MOST_GROWTH
            and self.last.descriptors <= self.first.descriptors
            and self.last.threads <= self.first.threads
        )


def flatness(samples: Sequence[Sample]) -> Flatness:
    """Raises ServiceUnavailableError where there are too few to say anything."""
    settled = samples[int(len(samples) * _SETTLED) :]
    third = len(settled) // 3
    if third < 3:
        raise ServiceUnavailableError("The process ended too soon to be measured.", hint="Ask for more hours.")
    return Flatness(_median(settled[:third]), _median(settled[-third:]))


def sampled(process: psutil.Process) -> Sample:
    with process.oneshot():
        return Sample(process.memory_info().rss, process.num_fds(), process.num_threads())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=float, default=1.0, help="of the camera, at ten frames a second (default 1)")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises ServiceUnavailableError where the daemon fails."""
    media_seconds = arguments.hours * 3600
    people = max(1, round(media_seconds / (_SEEN_SECONDS + _APART_SECONDS)))
    sink = _OfflineSink(uuid4())
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="footfall-soak-") as home, sink.serving():
        samples = _played(sink, f"synthetic:{people}?seen={_SEEN_SECONDS}&apart={_APART_SECONDS}", Path(home))
    found = flatness(samples)
    return {
        "hours": arguments.hours,
        "people": people,
        "events": len(sink.events),
        "wall_seconds": round(time.monotonic() - began, 1),
        "samples": len(samples),
        "rss_mb_first": round(found.first.rss_bytes / 1e6, 1),
        "rss_mb_last": round(found.last.rss_bytes / 1e6, 1),
        "rss_growth": round(found.growth, 4),
        "descriptors_first": found.first.descriptors,
        "descriptors_last": found.last.descriptors,
        "threads_first": found.first.threads,
        "threads_last": found.last.threads,
        "flat": found.flat,
    }


def lines(figures: Figures) -> list[str]:
    return [
        f"{figures['hours']} h of a camera in {figures['wall_seconds']} s: {figures['people']} people, "
        f"{figures['events']} events.",
        f"Memory {figures['rss_mb_first']} MB, at the end {figures['rss_mb_last']} MB "
        f"(factor {figures['rss_growth']}); descriptors {figures['descriptors_first']} and "
        f"{figures['descriptors_last']}, threads {figures['threads_first']} and {figures['threads_last']}: "
        f"{'flat' if figures['flat'] else 'NOT flat'}.",
    ]


class _OfflineSink(EventSink):
    def camera(self) -> Camera:
        return super().camera().model_copy(update={"model_version": MOCK_VERSIONS[0]})


def _played(sink: EventSink, source: str, home: Path) -> list[Sample]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    environment = {
        **clean,
        "FOOTFALL_HOME": str(home),
        "FOOTFALL_OFFLINE": "1",
        "FOOTFALL_API__URL": sink.url,
        "FOOTFALL_INGEST__API_KEY": "ffk_0123456789abcdef_0123456789abcdef_a-benchmark-opens-nothing",
    }
    command = [sys.executable, "-m", "cli", "ingest", "--camera", str(sink.camera_id), "--source", source]
    samples: list[Sample] = []
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        try:
            watched = psutil.Process(process.pid)
            while process.poll() is None:
                time.sleep(_EVERY_SECONDS)
                if sink.events and process.poll() is None:
                    samples.append(sampled(watched))
        except psutil.Error:  # it ended between two looks
            process.wait()
        finally:
            process.kill()
            process.wait()
    if process.returncode:
        told = (home / "log").read_text(errors="replace")[-500:]
        raise ServiceUnavailableError(f"The daemon ended with {process.returncode}.", hint=told)
    return samples


def _median(samples: Sequence[Sample]) -> Sample:
    return Sample(
        round(median(one.rss_bytes for one in samples)),
        round(median(one.descriptors for one in samples)),
        round(median(one.threads for one in samples)),
    )
