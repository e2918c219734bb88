"""A live source that is read in a thread, as the daemon does it, and the frames that it gave."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import Random
from threading import Event, Thread

from ingest_daemon.backoff import BackoffPolicy
from ingest_daemon.redaction import redact_url
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.guard import StreamGuard
from ingest_daemon.sources.live import LiveSource, stream_capture
from ingest_daemon.tally import Tally


class Watching:
    """A source that is read in a thread, as the daemon does."""

    def __init__(self, url: str) -> None:
        self.tally = Tally()
        guard = StreamGuard(url, "")
        self.source = LiveSource(
            redact_url(url),
            lambda: stream_capture(guard.admitted()),
            detect_every_seconds=0.0,
            tally=self.tally,
            explain=guard.refusal,
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
            upto = len(self.frames)
            found = [frame for frame in self.frames[seen:upto] if wanted(frame)]
            if found:
                return found[0]
            seen = upto
            assert time.monotonic() < deadline, "no such frame came"
            time.sleep(0.02)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)
