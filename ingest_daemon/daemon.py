"""`run`: the parts of the daemon put together, started, watched and ended. What each does is in its own module."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from threading import Event
from uuid import UUID, uuid4

from client.api import FootfallClient
from client.errors import ApiError
from contracts.places import Camera
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline, open_vision
from ingest_daemon.assembly import assemble, check_model_version
from ingest_daemon.camera_config import CameraConfig
from ingest_daemon.handover import Handover
from ingest_daemon.metrics import DaemonMetrics
from ingest_daemon.outbox.sender import Delivery, Sender
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.sources.base import Source
from ingest_daemon.sources.files import Playback
from ingest_daemon.sources.opencv import tame_opencv
from ingest_daemon.sources.opening import open_source
from ingest_daemon.status import DaemonState
from ingest_daemon.summary import Deliveries, IngestSummary, summarise
from ingest_daemon.surface import Surface
from ingest_daemon.tally import Count, Tally
from ingest_daemon.workers import Analyst, capture

logger = logging.getLogger(__name__)

REFRESH_SECONDS = 60.0
"""How soon a changed privacy mode or a disabled camera is noticed."""
PATIENCE_SECONDS = 30.0
"""A finite run gives up on an API that takes nothing for this long; what waits stays in the outbox."""
STOP_DRAIN_SECONDS = 8.0
"""A service manager that asked for the end kills after a while."""
_TICK_SECONDS = 0.25
_API_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands. `frames_expected` is None where the source does not say."""

    frames: int
    frames_expected: int | None
    seconds: float
    faces: int
    live_tracks: int
    events_sent: int
    events_pending: int
    connected: bool


def run(
    settings: Settings,
    *,
    source: str,
    camera_id: UUID,
    realtime: bool,
    started_at: datetime | None,
    until_end: bool,
    stop: Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> IngestSummary:
    """Watches `source` as camera `camera_id`, until `stop` is set or, with `until_end`, a finite source has ended and
    its events are with the server. Without `until_end` it goes on serving its status and sending after the end.

    Raises NotAVideoError or InputError for a source that cannot be used, ConfigurationError, ServiceUnavailableError
    when a finite source is to be played and the camera's configuration cannot be had, and the errors of
    `CameraConfig.at_start` and `open_vision`. A server that goes away later raises nothing: see
    `IngestSummary.undelivered`.
    """
    if settings.ingest.api_key is None:
        raise ConfigurationError(
            "The worker has no API key.", hint="Make one with the worker role and set FOOTFALL_INGEST__API_KEY."
        )
    tame_opencv()
    stop = stop or Event()
    tally = Tally()
    playback = Playback(started_at, realtime, settings.ingest.detect_every_seconds)
    opened = open_source(source, playback, settings, tally)
    outbox = Outbox.open(settings.outbox_path(camera_id), max_bytes=settings.ingest.outbox_max_bytes)
    key = settings.ingest.api_key.get_secret_value()
    try:
        with FootfallClient(settings.api_url, api_key=key, timeout=_API_TIMEOUT_SECONDS) as client:
            daemon = _Daemon(
                settings=settings, camera_id=camera_id, source=opened, outbox=outbox, client=client, tally=tally
            )
            return daemon.run(stop, until_end=until_end and not opened.live, on_progress=on_progress)
    finally:
        outbox.close()


class _Daemon:
    """One run. Made of parts that are open already; `run` is called once."""

    def __init__(
        self,
        *,
        settings: Settings,
        camera_id: UUID,
        source: Source,
        outbox: Outbox,
        client: FootfallClient,
        tally: Tally,
    ) -> None:
        self._settings = settings
        self._camera_id = camera_id
        self._source = source
        self._outbox = outbox
        self._client = client
        self._tally = tally
        self._id = uuid4().hex
        self._deliveries = Deliveries()
        self._state = DaemonState(
            worker=settings.ingest.worker,
            version=version("footfall"),
            camera_id=camera_id,
            source=source,
            outbox=outbox,
            tally=tally,
        )
        self._metrics = DaemonMetrics(self._state)
        self._config = CameraConfig(client, camera_id, settings.home / "ingest" / f"camera-{camera_id}.json")
        self._began = time.monotonic()

    def run(self, stop: Event, *, until_end: bool, on_progress: Callable[[Progress], None] | None) -> IngestSummary:
        surface = Surface.open(
            self._settings.ingest.host, self._settings.ingest.port, self._state, self._metrics.registry
        )
        logger.info("Status is served on %s.", surface.url)
        try:
            camera = self._config.at_start(stop, patience_seconds=PATIENCE_SECONDS if until_end else None)
            if camera is None:
                return summarise(self._state, self._deliveries, 0.0)
            self._state.camera = camera
            vision = open_vision(self._settings)
            self._state.vision = vision
            check_model_version(camera, vision)
            seconds = self._work(camera, vision, stop, until_end=until_end, on_progress=on_progress)
            return summarise(self._state, self._deliveries, seconds)
        finally:
            surface.close()

    def _work(
        self,
        camera: Camera,
        vision: VisionPipeline,
        stop: Event,
        *,
        until_end: bool,
        on_progress: Callable[[Progress], None] | None,
    ) -> float:
        """Runs the threads; answers for how long frames were analysed, in seconds."""
        sender = Sender(self._outbox, self._client, run=self._id, tally=self._tally, delivered=self._delivered)
        self._state.sender = sender
        pipeline = assemble(camera, vision, self._source, self._settings, self._tally)
        analyst = Analyst(pipeline, self._outbox, run=self._id, state=self._state, queued=sender.wake)
        analyst.configure(camera)
        handover = Handover(newest_only=self._source.live)
        ending = Event()
        self._began = time.monotonic()
        with ThreadPoolExecutor(max_workers=4, thread_name_prefix="ingest") as pool:
            capturing = pool.submit(capture, self._source, handover, ending, self._tally)
            analysing = pool.submit(analyst.work, handover)
            sending = pool.submit(sender.work)
            refresher = _Refresher(pool, self._config, analyst)
            try:
                while not (stop.is_set() or analysing.done() or sending.done()):
                    wait((analysing, sending), timeout=_TICK_SECONDS, return_when=FIRST_EXCEPTION)
                    refresher.tick()
                    self._tell(on_progress)
                ending.set()
                # A camera that hangs holds its thread for seconds more; what was seen is not kept waiting for it.
                handover.close()
                wait((analysing,))
                analysed_for = time.monotonic() - self._began
                failed = any(one.done() and one.exception() for one in (capturing, analysing, sending))
                while not (until_end or failed or stop.wait(_TICK_SECONDS) or sending.done()):
                    refresher.tick()
                sender.finish()
                self._drain(sending, stop, on_progress)
            finally:
                ending.set()
                sender.halt()
        for thread in (capturing, analysing, sending):
            thread.result()
        return analysed_for

    def _drain(self, sending: Future[None], stop: Event, on_progress: Callable[[Progress], None] | None) -> None:
        """Waits for the outbox to empty: for as long as events are taken, or briefly when the end was asked for."""
        sent, sent_at, stopped_at = self._tally[Count.EVENTS_SENT], time.monotonic(), None
        while not sending.done():
            wait((sending,), timeout=_TICK_SECONDS)
            self._tell(on_progress)
            now = time.monotonic()
            if self._tally[Count.EVENTS_SENT] != sent:
                sent, sent_at = self._tally[Count.EVENTS_SENT], now
            if stop.is_set():
                stopped_at = stopped_at or now
                if now - stopped_at > STOP_DRAIN_SECONDS:
                    return
            elif now - sent_at > PATIENCE_SECONDS:
                return

    def _delivered(self, delivery: Delivery) -> None:
        self._deliveries.note(delivery)
        if delivery.latency_seconds is not None:
            self._metrics.observe_latency(delivery.latency_seconds)

    def _tell(self, on_progress: Callable[[Progress], None] | None) -> None:
        if on_progress is None:
            return
        on_progress(
            Progress(
                frames=self._tally[Count.FRAMES_READ],
                frames_expected=self._source.frames_expected,
                seconds=time.monotonic() - self._began,
                faces=self._tally[Count.FACES_DETECTED],
                live_tracks=self._state.live_tracks,
                events_sent=self._tally[Count.EVENTS_SENT],
                events_pending=self._outbox.state().pending,
                connected=self._source.connected,
            )
        )


class _Refresher:
    """Asks for the camera's configuration again from time to time, in the background."""

    def __init__(self, pool: ThreadPoolExecutor, config: CameraConfig, analyst: Analyst) -> None:
        self._pool = pool
        self._config = config
        self._analyst = analyst
        self._due_at = time.monotonic() + REFRESH_SECONDS
        self._running: Future[None] | None = None

    def tick(self) -> None:
        if self._running is not None and self._running.done():
            self._running.result()
            self._running = None
        if self._running is None and time.monotonic() >= self._due_at:
            self._due_at = time.monotonic() + REFRESH_SECONDS
            self._running = self._pool.submit(self._refresh)

    def _refresh(self) -> None:
        try:
            self._analyst.configure(self._config.fetch())
        except ApiError as error:
            # The sender says so loudly enough when the API is away.
            logger.debug("The camera's configuration could not be refreshed: %s", error)
