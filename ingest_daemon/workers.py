"""The two threads between a source and the outbox: capturing and analysing. The daemon starts and ends them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from threading import Event, Lock

from contracts.places import Camera
from ingest_daemon.handover import Handover
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.pipeline import CameraPipeline, Outgoing
from ingest_daemon.sources.base import Source
from ingest_daemon.status import DaemonState
from ingest_daemon.tally import Count, Tally

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2


def capture(source: Source, handover: Handover, stop: Event, tally: Tally) -> None:
    """Reads the source to its end, or until `stop` is set, and hands its frames over."""
    try:
        for frame in source.frames(stop):
            tally.add(Count.FRAMES_DROPPED, handover.put(frame, stop))
    finally:
        handover.close()


class Analyst:
    """Analyses frames and queues what becomes due. `configure` may be called from any thread; `work` runs in one."""

    def __init__(
        self,
        pipeline: CameraPipeline,
        outbox: Outbox,
        *,
        run: str,
        state: DaemonState,
        queued: Callable[[], None],
    ) -> None:
        self._pipeline = pipeline
        self._outbox = outbox
        self._run = run
        self._state = state
        self._tally = state.tally
        self._queued = queued
        self._lock = Lock()
        self._enabled = True
        self._last_read_at = 0.0

    def configure(self, camera: Camera) -> None:
        """Follows the camera's configuration from the next frame on."""
        with self._lock:
            matching = camera.privacy_mode != "count_only"
            self._pipeline.set_matching(matching)
            if not matching:
                stripped = self._outbox.strip_faces(camera.camera_id)
                if stripped:
                    logger.warning("The tenant only counts now; %d waiting events lost their faces.", stripped)
            if self._enabled and not camera.enabled:
                logger.warning("The camera is disabled; its frames are dropped.")
                self._queue(self._pipeline.finish(self._last_read_at))
            self._enabled = camera.enabled
            self._state.camera = camera

    def work(self, handover: Handover) -> None:
        """Until the handover is drained; then ends every track and queues the last events."""
        while not handover.drained:
            frame = handover.get(_POLL_SECONDS)
            if frame is None:
                continue
            with self._lock:
                if not self._enabled:
                    self._tally.add(Count.FRAMES_DROPPED)
                    continue
                self._last_read_at = frame.read_at
                self._queue(self._pipeline.process(frame))
                self._state.frame_analysed(frame.captured_at)
                self._state.live_tracks = self._pipeline.live_tracks
        with self._lock:
            self._queue(self._pipeline.finish(self._last_read_at))
            self._state.live_tracks = 0

    def _queue(self, due: Sequence[Outgoing]) -> None:
        for outgoing in due:
            taken = self._outbox.put(outgoing.event, outgoing.image, run=self._run, read_at=outgoing.read_at)
            self._tally.add(Count.EVENTS_QUEUED if taken.stored else Count.EVENTS_DROPPED)
            if taken.dropped:
                self._tally.add(Count.EVENTS_DROPPED, taken.dropped)
                logger.error("The outbox is full; its %d oldest events were dropped.", taken.dropped)
        if due:
            self._queued()
