"""One side of the ingest benchmark in a process of its own: CPU seconds by what they were spent on. Comparing the
sides is `ingest`'s.

CPU is of the whole process with all its threads, from the first frame on: loading models is neither side's work. Parts
are what the calling thread spent. Threads that are not Python's are the inference runtime's, since the decoder has
none of its own: what they spend is embedding.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from pathlib import Path
from threading import Event
from typing import ParamSpec, TypeVar
from uuid import UUID

import cv2
import numpy as np

from footfall.settings import load_settings
from footfall.vision import pipeline as vision_module
from footfall.vision.align import align
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import Float32Array
from ingest_daemon import daemon
from ingest_daemon.pipeline import CameraPipeline, Outgoing
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.files import VideoFile
from ingest_daemon.sources.opencv import tame_opencv

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")


class Clocks:
    """CPU seconds by part."""

    def __init__(self) -> None:
        self.parts = {"decode": 0.0, "detect": 0.0, "align": 0.0, "embed": 0.0}
        self.first_frame: tuple[float, float] | None = None
        """Process CPU seconds and wall time when the first frame was about to be processed."""
        self._runtime_before = 0.0
        self._pythons: set[int | None] = set()

    def timed(self, part: str, call: Callable[Arguments, Answer]) -> Callable[Arguments, Answer]:
        @wraps(call)
        def measured(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Answer:
            began = time.thread_time()
            try:
                return call(*args, **kwargs)
            finally:
                self.parts[part] += time.thread_time() - began

        return measured

    def watch(self, vision: VisionPipeline) -> None:
        """Measures detection, alignment and embedding from now on."""
        detector, embedder = vision.detector, vision.embedder
        setattr(detector, "detect", self.timed("detect", detector.detect))  # noqa: B010 - of this one object
        setattr(embedder, "embed", self.timed("embed", embedder.embed))  # noqa: B010
        setattr(vision_module, "align", self.timed("align", align))  # noqa: B010

    def begin(self) -> None:
        """Called with every frame; the first one counts."""
        if self.first_frame is None:
            self._runtime_before = self._runtime_seconds()
            self.first_frame = (time.process_time(), time.time())

    def report(self) -> dict[str, float]:
        ended = time.process_time()
        began = self.first_frame[0] if self.first_frame else ended
        self.parts["embed"] += self._runtime_seconds() - self._runtime_before
        return {**self.parts, "cpu": ended - began, "rss_mb": _peak_mb()}

    def _runtime_seconds(self) -> float:
        """CPU seconds of the threads that are not Python's, nor ever were: one that has just ended is still listed."""
        self._pythons |= {thread.native_id for thread in threading.enumerate()}
        total = 0.0
        for task in Path("/proc/self/task").iterdir():
            if int(task.name) not in self._pythons:
                try:
                    fields = (task / "schedstat").read_text(encoding="ascii").split()
                except FileNotFoundError:  # it ended meanwhile
                    continue
                total += int(fields[0]) / 1e9
        return total


def naive(video: Path, vectors: Path) -> dict[str, float]:
    """Decode, detect and embed every face of every frame; the vectors over the quality floor are written down."""
    tame_opencv()
    vision = open_vision(load_settings())
    clocks = Clocks()
    clocks.watch(vision)
    capture = cv2.VideoCapture(str(video), cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
    read = clocks.timed("decode", capture.read)
    found: list[Float32Array] = []
    clocks.begin()
    while True:
        readable, image = read()
        if not readable:
            break
        picture = np.asarray(image, dtype=np.uint8)
        found += [face.vector for face in vision.analyse(picture) if face.vector is not None]
    figures = clocks.report()
    np.save(vectors, np.stack(found) if found else np.zeros((0, 512), np.float32))
    return figures


def watched(video: Path, camera_id: UUID, started_at: float) -> dict[str, float]:
    """The daemon as it is, playing the clip as fast as it goes against the API that the environment names."""
    clocks = Clocks()
    _measure_daemon(clocks)
    daemon.run(load_settings(), source=str(video), camera_id=camera_id, realtime=False, started_at=None, until_end=True)
    cold = (clocks.first_frame[1] if clocks.first_frame else time.time()) - started_at
    return {**clocks.report(), "cold_start_s": cold}


def _measure_daemon(clocks: Clocks) -> None:
    """The daemon is measured as it is delivered: its own functions, each with a clock around it."""
    frames, process, open_models = VideoFile.frames, CameraPipeline.process, open_vision

    def timed_frames(self: VideoFile, stop: Event) -> Iterator[Frame]:
        given = frames(self, stop)
        following = clocks.timed("decode", lambda: next(given, None))
        while (frame := following()) is not None:
            yield frame

    def noted(self: CameraPipeline, frame: Frame) -> list[Outgoing]:
        clocks.begin()
        return process(self, frame)

    def opening(*args: object) -> VisionPipeline:
        vision = open_models(*args)  # type: ignore[arg-type]  # whatever the daemon gives
        clocks.watch(vision)
        return vision

    setattr(VideoFile, "frames", timed_frames)  # noqa: B010
    setattr(CameraPipeline, "process", noted)  # noqa: B010
    setattr(daemon, "open_vision", opening)  # noqa: B010


def main(argv: Sequence[str] | None = None) -> int:
    began = time.time() - time.monotonic() + _process_started()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest_child")
    parser.add_argument("side", choices=("naive", "daemon"))
    parser.add_argument("--video", type=Path, required=True)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--camera", type=UUID)
    arguments = parser.parse_args(argv)
    if arguments.side == "naive":
        figures = naive(arguments.video, arguments.vectors)
    else:
        figures = watched(arguments.video, arguments.camera, began)
    print(json.dumps(figures))
    return 0


def _peak_mb() -> float:
    """Most resident memory of this process, in MB; getrusage would tell of the parent's, from before exec."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def _process_started() -> float:
    """When this process began, imports and all, in seconds of the monotonic clock (Linux)."""
    fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return int(fields[19]) / 100


if __name__ == "__main__":
    sys.exit(main())
