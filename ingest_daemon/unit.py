"""One camera of a daemon with everything that is its own: source, pipeline, outbox, threads. What cameras share (the
models, the API's client, the budget) it is given; starting and ending all of them is `daemon`'s."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import version
from threading import Event
from uuid import UUID

from client.api import FootfallClient
from client.errors import ApiError
from contracts.base import PrivacyMode
from contracts.places import Camera
from contracts.workers import CameraHealth, OutboxHealth
from footfall.errors import ServiceUnavailableError
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon.assembly import assemble, check_model_version, times_of
from ingest_daemon.budget import CpuBudget
from ingest_daemon.camera_config import CameraConfig
from ingest_daemon.handover import Handover
from ingest_daemon.health import HealthMonitor
from ingest_daemon.operated import Picture, Tuning
from ingest_daemon.outbox.sender import Delivery, Sender
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.playing import Progress
from ingest_daemon.sources.base import Source, away
from ingest_daemon.staff_gallery import StaffRoster
from ingest_daemon.status import DaemonState
from ingest_daemon.tally import Count, Tally
from ingest_daemon.workers import Analyst, Capture

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 60.0
"""How soon a changed privacy mode, mask or disabled camera is noticed where no command says so."""


@dataclass(frozen=True, slots=True, eq=False)
class Shared:
    """What all cameras of a daemon use. `run`: the id of this process's run."""

    settings: Settings
    client: FootfallClient
    budget: CpuBudget
    run: str
    delivered: Callable[[Delivery], None]
    tuning: Callable[[], Tuning]
    roster: StaffRoster


class CameraUnit:
    """Made of parts that are open already; `begin` once the camera's configuration and the models are there."""

    def __init__(self, camera_id: UUID, source: Source, outbox: Outbox, tally: Tally, shared: Shared) -> None:
        self.camera_id = camera_id
        self.tally = tally
        self.outbox = outbox
        self.source = source
        self._shared = shared
        settings = shared.settings
        self.state = DaemonState(
            worker=settings.ingest.worker,
            version=version("footfall"),
            camera_id=camera_id,
            source=source,
            outbox=outbox,
            tally=tally,
            health=self.health,
        )
        self.config = CameraConfig(shared.client, camera_id, settings.home / "ingest" / f"camera-{camera_id}.json")
        self._handover = Handover(newest_only=source.live)
        self._capture = Capture(source, self._handover, tally)
        self._sender = Sender(outbox, shared.client, run=shared.run, tally=tally, delivered=shared.delivered)
        self._analyst: Analyst | None = None
        self.threads: list[Future[None]] = []
        self._ending = Event()
        self._due_at = time.monotonic() + REFRESH_SECONDS
        self._refreshing: Future[None] | None = None
        self._trouble: str | None = None

    def begin(self, camera: Camera, vision: VisionPipeline, pool: ThreadPoolExecutor) -> None:
        """Starts the threads. Raises ModelVersionMismatchError."""
        check_model_version(camera, vision)
        self.state.camera, self.state.vision, self.state.sender = camera, vision, self._sender
        self._analyst = Analyst(
            assemble(
                camera,
                vision,
                self.source,
                self._shared.settings,
                self.tally,
                staff=self._shared.roster.find,
            ),
            self.outbox,
            run=self._shared.run,
            state=self.state,
            queued=self._sender.wake,
            times=lambda one: times_of(one, self._shared.tuning()),
            budget=self._shared.budget,
            capture=self._capture,
        )
        self._analyst.configure(camera)
        self._capture.start(self._ending)
        self.threads = [
            pool.submit(self._analyst.work, self._handover, self._ending),
            pool.submit(self._sender.work),
        ]

    @property
    def analysing(self) -> bool:
        return bool(self.threads) and not self.threads[0].done()

    def hangs(self, most_seconds: float) -> bool:
        """Whether it is to look at frames and has not asked for one for that long."""
        return (
            self._analyst is not None and self.analysing and time.monotonic() - self._analyst.turned_at > most_seconds
        )

    @property
    def sending(self) -> bool:
        return bool(self.threads) and not self.threads[1].done()

    @property
    def failed(self) -> bool:
        """Whether one of the threads ended with an error, which `finish` raises."""
        return self._capture.error is not None or any(one.done() and one.exception() for one in self.threads)

    @property
    def monitor(self) -> HealthMonitor:
        return self._capture.health

    def end(self) -> None:
        """Asks for the end: no more frames. A camera that hangs holds its own thread alone; what was seen goes on."""
        self._ending.set()
        self._handover.close()

    def drain(self) -> None:
        """Lets the sender end once nothing waits."""
        self._sender.finish()

    def halt(self) -> None:
        self._ending.set()
        self._sender.halt()

    def part(self, seconds: float) -> None:
        """After `halt`: lets the reader come back from its driver, for that long."""
        self._capture.join(seconds)

    def finish(self) -> None:
        """Raises what a thread ended with."""
        for thread in self.threads:
            thread.result()
        if self._capture.error is not None:
            raise self._capture.error

    def refresh(self, pool: ThreadPoolExecutor, *, now: bool = False) -> None:
        """Looks after the camera, often: a reader that hangs is replaced, and the API asked for the configuration when
        that is due, or at once, in the background."""
        self._capture.replace_hung(self._ending)
        self._tell_trouble()
        if self._refreshing is not None and self._refreshing.done():
            self._refreshing.result()
            self._refreshing = None
        if self._refreshing is None and (now or time.monotonic() >= self._due_at):
            self._due_at = time.monotonic() + REFRESH_SECONDS
            self._refreshing = pool.submit(self._refresh)

    def _tell_trouble(self) -> None:
        """A picture that shows nothing is said once, when it begins and when it ends."""
        if not self.source.live or not self.source.connected:
            return
        trouble = self._capture.health.now().picture_trouble
        if trouble == self._trouble:
            return
        self._trouble = trouble
        if trouble is None:
            logger.info("Camera %s sees again.", self.source.name)
        else:
            logger.warning("Camera %s: %s.", self.source.name, trouble)

    def retune(self) -> None:
        """Follows the daemon's tuning as far as the camera's own record lets it."""
        if self._analyst is not None and self.state.camera is not None:
            self._analyst.configure(self.state.camera)

    def expire(self, most_seconds: float) -> None:
        """Drops what has waited for longer; the disk may refuse, and is asked again."""
        with suppress(ServiceUnavailableError):
            self.tally.add(Count.EVENTS_DROPPED, self.outbox.expire(most_seconds))

    # What `operated.OperatedCamera` asks for.

    @property
    def privacy_mode(self) -> PrivacyMode | None:
        return self.state.camera.privacy_mode if self.state.camera else None

    def picture(self) -> Picture | None:
        frame = self._capture.newest
        if frame is None or self._analyst is None or not self._analyst.running:
            return None
        return Picture(frame.image, frame.captured_at, len(self._capture.masks))

    def health(self) -> CameraHealth:
        seen = self._capture.health.now()
        known = seen.last_frame_at is not None
        return CameraHealth(
            camera_id=self.camera_id,
            running=self._analyst is not None and self._analyst.running,
            connected=self.source.connected,
            fps=min(1000.0, seen.frames_per_second),
            frames_dropped=self.tally[Count.FRAMES_DROPPED],
            last_frame_at=seen.last_frame_at,
            last_frame_age_seconds=seen.last_frame_age_seconds,
            blurred=seen.blurred if known else None,
            occluded=seen.occluded if known else None,
            trouble=seen.trouble if self.source.connected else away(self.source)[:300],
        )

    def switch(self, *, running: bool) -> None:
        if self._analyst is not None:
            self._analyst.switch(running=running)

    def _refresh(self) -> None:
        if self._analyst is None:
            return
        try:
            self._analyst.configure(self.config.fetch())
        except ApiError as error:
            # The sender says so loudly enough when the API is away.
            logger.debug("The camera's configuration could not be refreshed: %s", error)


def outbox_health(units: list[CameraUnit]) -> OutboxHealth:
    """Of all cameras' outboxes together."""
    states = [unit.outbox.state() for unit in units]
    ages = [state.oldest_seconds for state in states if state.oldest_seconds is not None]
    return OutboxHealth(
        pending=sum(state.pending for state in states),
        pending_bytes=sum(state.pending_bytes for state in states),
        oldest_seconds=max(ages, default=None),
        dropped=sum(state.dropped for state in states),
        dead=sum(state.dead for state in states),
    )


def progress_of(units: Sequence[CameraUnit], seconds: float) -> Progress:
    """Where the cameras stand together, `seconds` after the first frame."""
    expected = [unit.source.frames_expected for unit in units]
    return Progress(
        frames=sum(unit.tally[Count.FRAMES_READ] for unit in units),
        frames_expected=None if None in expected else sum(one or 0 for one in expected),
        seconds=seconds,
        faces=sum(unit.tally[Count.FACES_DETECTED] for unit in units),
        live_tracks=sum(unit.state.live_tracks for unit in units),
        events_sent=sum(unit.tally[Count.EVENTS_SENT] for unit in units),
        events_pending=sum(unit.outbox.state().pending for unit in units),
        connected=all(unit.source.connected for unit in units),
    )
