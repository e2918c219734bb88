"""The two threads between a source and the outbox: capturing and analysing. The daemon starts and ends them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from threading import Event, Lock, Thread, current_thread

from contracts.places import Camera, Mask
from ingest_daemon.assembly import every_seconds, track_policy
from ingest_daemon.budget import CpuBudget
from ingest_daemon.handover import Handover
from ingest_daemon.health import HealthMonitor
from ingest_daemon.masks import masked
from ingest_daemon.operated import Tuning
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.pipeline import CameraPipeline, Outgoing
from ingest_daemon.sources.base import Frame, Source
from ingest_daemon.status import DaemonState
from ingest_daemon.tally import Count, Tally

logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
HUNG_SECONDS = 30.0
"""A call into a camera's driver that takes this long is taken for hung: timeouts of their own should have ended it."""
MOST_ABANDONED = 3
"""Hung readers of one camera that are given up at a time. A thread that waits in a driver cannot be ended from outside;
it ends by itself when its call returns."""


class Capture:
    """Reads a source in a thread of its own, so that a camera that hangs holds up nobody. What it gave last can be
    seen; masks are painted over before anybody sees anything."""

    def __init__(self, source: Source, handover: Handover, tally: Tally) -> None:
        self._source = source
        self._handover = handover
        self._tally = tally
        self._masks: tuple[Mask, ...] = ()
        self._newest: Frame | None = None
        self._reading: Thread | None = None
        self._abandoned: list[Thread] = []
        self.health = HealthMonitor()
        self.error: BaseException | None = None

    @property
    def newest(self) -> Frame | None:
        return self._newest

    @property
    def masks(self) -> tuple[Mask, ...]:
        return self._masks

    def cover(self, masks: Sequence[Mask]) -> None:
        """These regions, from the next frame on; what was seen with others is forgotten."""
        if tuple(masks) != self._masks:
            self._masks = tuple(masks)
            self._newest = None

    def forget(self) -> None:
        self._newest = None

    def start(self, stop: Event) -> None:
        """Reads in a thread until the end of the source or until `stop` is set. It does not outlive the process: a
        driver may hold it for good."""
        self._reading = Thread(target=self._work, args=(stop,), name=f"capture {self._source.name}", daemon=True)
        self._reading.start()

    def join(self, seconds: float) -> None:
        """Waits for the reader, whose `stop` is set. One that comes back from OpenCV while the interpreter ends would
        abort the process: Python ends such a thread by unwinding its stack, which C++ does not let it."""
        if self._reading is not None:
            self._reading.join(seconds)

    def replace_hung(self, stop: Event) -> None:
        """Has another thread read the source where the present one waits for an answer that does not come."""
        if self._reading is None or stop.is_set() or self._source.stuck_seconds <= HUNG_SECONDS:
            return
        self._abandoned = [thread for thread in self._abandoned if thread.is_alive()]
        if len(self._abandoned) >= MOST_ABANDONED:
            return
        self._abandoned.append(self._reading)
        self._tally.add(Count.READERS_REPLACED)
        logger.error("Reading %s hangs; another reader takes its place.", self._source.name)
        self.start(stop)

    def _work(self, stop: Event) -> None:
        try:
            for frame in self._source.frames(stop):
                shown = masked(frame, self._masks)
                self._newest = shown
                self.health.seen(shown)
                self._tally.add(Count.FRAMES_DROPPED, self._handover.put(shown, stop))
        except Exception as error:  # a thread has nobody to raise to: the daemon's own thread raises what it finds here
            if self._replaced():
                logger.debug("A reader of %s that was given up has failed: %s", self._source.name, type(error).__name__)
                return
            self.error = error
            logger.exception("Reading %s failed.", self._source.name)
        finally:
            if not self._replaced():
                self._handover.close()

    def _replaced(self) -> bool:
        return current_thread() is not self._reading


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
        times: Callable[[Camera], Tuning],
        budget: CpuBudget,
        capture: Capture,
    ) -> None:
        self._pipeline = pipeline
        self._outbox = outbox
        self._run = run
        self._state = state
        self._tally = state.tally
        self._queued = queued
        self._times = times
        self._budget = budget
        self._capture = capture
        self._switched_on = True
        self._lock = Lock()
        self.turned_at = time.monotonic()
        """When it last asked for a frame: a model that hangs shows here."""
        self._enabled = True
        self._last_read_at = 0.0
        self._lost_after_seconds = 0.0

    def configure(self, camera: Camera) -> None:
        """Follows the camera's configuration from the next frame on."""
        with self._lock:
            matching = camera.privacy_mode != "count_only"
            self._pipeline.set_mode(camera.privacy_mode)
            if not matching:
                stripped = self._outbox.strip_faces(camera.camera_id)
                if stripped:
                    logger.warning("The tenant only counts now; %d waiting events lost their faces.", stripped)
            source, times = self._state.source, self._times(camera)
            self._lost_after_seconds = times.lost_after_seconds
            self._capture.cover(camera.masks)
            self._pipeline.tune(track_policy(times, source), every_seconds(times, source))
            source.pace(times.detect_every_seconds)
            self._state.camera = camera
            self._enable(camera.enabled and self._switched_on)

    def switch(self, *, running: bool) -> None:
        """Stops or starts watching; a camera that is stopped ends its tracks and drops its frames."""
        with self._lock:
            self._switched_on = running
            self._enable(running and (self._state.camera is None or self._state.camera.enabled))

    @property
    def running(self) -> bool:
        return self._enabled

    def _enable(self, enabled: bool) -> None:
        if self._enabled and not enabled:
            logger.warning("Camera %s is stopped; its frames are dropped.", self._state.source.name)
            self._queue(self._pipeline.finish(self._last_read_at))
            self._capture.forget()
        self._enabled = enabled

    def work(self, handover: Handover, stop: Event) -> None:
        """Until the handover is drained; then ends every track and queues the last events."""
        live, source = self._state.source.live, self._state.source
        while not handover.drained:
            self.turned_at = time.monotonic()
            frame = handover.get(_POLL_SECONDS)
            if live:
                self._pipeline.spare(stretch=self._budget.stretch, scale=self._budget.scale)
            else:
                self._budget.rest(stop)
            if frame is None:
                if live:
                    self._end_what_is_lost()
                continue
            with self._lock:
                if not self._enabled:
                    self._tally.add(Count.FRAMES_DROPPED)
                    continue
                self._last_read_at = frame.read_at
                self._queue(self._pipeline.process(frame))
                self._state.frame_analysed(frame.captured_at)
                self._state.live_tracks = self._pipeline.live_tracks
                source.hurry(self._pipeline.hurries)
        with self._lock:
            self._queue(self._pipeline.finish(self._last_read_at))
            self._state.live_tracks = 0

    def _end_what_is_lost(self) -> None:
        """A camera that gives no frames sees nobody leave: whoever is followed has left when they would have."""
        now = time.monotonic()
        with self._lock:
            if self._state.live_tracks and now - self._last_read_at > self._lost_after_seconds:
                self._queue(self._pipeline.finish(now))
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
