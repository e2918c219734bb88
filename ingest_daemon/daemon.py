"""`run`: the daemon's cameras and what they share put together, started, watched and ended. What one camera does is
`unit`'s."""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from datetime import datetime
from threading import Event
from uuid import UUID, uuid4

from client.api import FootfallClient
from contracts.commands import Forget, ForgetResult
from contracts.places import Camera
from contracts.workers import OutboxHealth
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from footfall.vision.pipeline import VisionPipeline, open_vision
from ingest_daemon.assembly import tuning_of
from ingest_daemon.attendance import attended
from ingest_daemon.budget import CpuBudget
from ingest_daemon.chores import Chores
from ingest_daemon.forgetting import forget, forget_left_behind
from ingest_daemon.metrics import DaemonMetrics
from ingest_daemon.models import OpeningModels, opening_models
from ingest_daemon.operated import OperatedCamera, Tuning
from ingest_daemon.outbox.sender import Delivery
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.playing import Progress, Run
from ingest_daemon.sources.files import Playback
from ingest_daemon.sources.live import READ_TIMEOUT_MS
from ingest_daemon.sources.opencv import tame_opencv
from ingest_daemon.sources.opening import open_source
from ingest_daemon.staff_gallery import StaffRoster
from ingest_daemon.status import DaemonStates
from ingest_daemon.summary import Deliveries, IngestSummary, summarise
from ingest_daemon.supervision import Supervision
from ingest_daemon.tally import Count, Tally
from ingest_daemon.unit import CameraUnit, Shared, outbox_health, progress_of

logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 30.0
"""A finite run gives up on an API that takes nothing for this long; what waits stays in the outbox."""
STOP_DRAIN_SECONDS = 8.0
"""A service manager that asked for the end kills after a while."""
PARTING_SECONDS = READ_TIMEOUT_MS / 1000 + 1
"""For cameras' drivers to give up what they wait for. A reader that hangs for longer is left behind."""
_TICK_SECONDS = 0.25
HANGING_SECONDS = 30.0
"""A camera whose frames are not looked at for this long is no longer watched: the service manager is told nothing."""
_API_TIMEOUT_SECONDS = 10.0
_THREADS_PER_CAMERA = 3


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
    """`run_cameras` for one."""
    how = Run(realtime=realtime, started_at=started_at, until_end=until_end)
    [summary] = run_cameras(settings, {camera_id: source}, how, stop=stop, on_progress=on_progress)
    return summary


def run_cameras(
    settings: Settings,
    sources: Mapping[UUID, str],
    how: Run,
    *,
    stop: Event | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> list[IngestSummary]:
    """Watches a source for each camera until `stop` is set or, with `until_end`, all of them have ended; a summary for
    each. One camera that is away, hangs or shows nothing holds up no other.

    Raises NotAVideoError or InputError for a source that cannot be used, ConfigurationError, ServiceUnavailableError
    when finite sources are to be played and a camera's configuration cannot be had, and the errors of
    `CameraConfig.at_start` and `open_vision`. A server that goes away later raises nothing: see
    `IngestSummary.undelivered`.
    """
    if settings.ingest.api_key is None:
        raise ConfigurationError(
            "The worker has no API key.",
            hint="Register this host (footfall worker register), or make a key with the worker role and set "
            "FOOTFALL_INGEST__API_KEY.",
        )
    tame_opencv()
    playback = Playback(how.started_at, how.realtime)
    key = settings.ingest.api_key.get_secret_value()
    with ExitStack() as closing:
        models = closing.enter_context(opening_models(lambda: open_vision(settings), settings.vision))
        client = closing.enter_context(FootfallClient(settings.api_url, api_key=key, timeout=_API_TIMEOUT_SECONDS))
        daemon = Daemon(settings, client, models)
        for camera_id, source in sources.items():
            tally = Tally()
            opened = open_source(source, playback, settings, tally)
            outbox = Outbox.open(settings.outbox_path(camera_id), max_bytes=settings.ingest.outbox_max_bytes)
            closing.callback(outbox.close)
            daemon.add(CameraUnit(camera_id, opened, outbox, tally, daemon.shared))
        return daemon.run(stop or Event(), until_end=how.until_end and not daemon.live, on_progress=on_progress)


class Daemon:
    """One run, and what `operated.Operated` asks for. `add` the cameras, then `run` once."""

    def __init__(self, settings: Settings, client: FootfallClient, models: OpeningModels) -> None:
        self._settings = settings
        self._models = models
        self._units: list[CameraUnit] = []
        self._deliveries: dict[UUID, Deliveries] = {}
        self._tuning = tuning_of(settings)
        self._budget = CpuBudget(settings.ingest.cpu_limit_cores)
        self._vision: VisionPipeline | None = None
        self._supervision: Supervision | None = None
        self._metrics: DaemonMetrics | None = None
        self._began = time.monotonic()
        self.shared = Shared(
            settings=settings,
            client=client,
            budget=self._budget,
            run=uuid4().hex,
            delivered=self._delivered,
            tuning=lambda: self._tuning,
            roster=StaffRoster(client, settings.home / "ingest" / "staff-gallery"),
        )
        self._chores = Chores(self._units, self.shared)

    def add(self, unit: CameraUnit) -> None:
        self._units.append(unit)
        self._deliveries[unit.camera_id] = Deliveries()

    @property
    def live(self) -> bool:
        """Whether some camera never ends by itself."""
        return any(unit.source.live for unit in self._units)

    @property
    def cameras(self) -> Sequence[OperatedCamera]:
        return self._units

    @property
    def vision(self) -> VisionPipeline | None:
        return self._vision

    def outbox_health(self) -> OutboxHealth:
        return outbox_health(self._units)

    def tune(self, tuning: Tuning) -> tuple[str, ...]:
        """Follows `tuning` from the next frame on; nothing of it needs a restart."""
        self._tuning = tuning
        self._budget.limit(tuning.cpu_limit_cores)
        for unit in self._units:
            unit.retune()
        return ()

    def reload_gallery(self) -> tuple[int, bool]:
        """Raises ApiError when the gallery cannot be had."""
        changed = self.shared.roster.fetch()
        return self.shared.roster.templates, changed

    def forget(self, order: Forget) -> ForgetResult:
        """Of every outbox on this host, those of cameras that are watched no more included."""
        done = forget(order, [(unit.camera_id, unit.outbox) for unit in self._units], self.shared.roster)
        dropped, stripped = forget_left_behind(
            order,
            self._settings.home / "ingest",
            [unit.camera_id for unit in self._units],
            max_bytes=self._settings.ingest.outbox_max_bytes,
        )
        return done.model_copy(update={"dropped": done.dropped + dropped, "stripped": done.stripped + stripped})

    def run(
        self, stop: Event, *, until_end: bool, on_progress: Callable[[Progress], None] | None
    ) -> list[IngestSummary]:
        states = DaemonStates([unit.state for unit in self._units])
        self._metrics = DaemonMetrics(states.states, {unit.camera_id: unit.monitor for unit in self._units})
        seconds = 0.0
        with attended(
            self._settings,
            self.shared.client,
            self,
            state=states,
            registry=self._metrics.registry,
            lives=lambda: not any(unit.hangs(HANGING_SECONDS) for unit in self._units),
        ) as self._supervision:
            cameras = self._configured(stop, patience_seconds=PATIENCE_SECONDS if until_end else None)
            if cameras is not None:
                self.shared.roster.begin(counts_only=all(one.privacy_mode == "count_only" for one in cameras))
                self._vision = self._models.ready_for(cameras)
                seconds = self._work(cameras, stop, until_end=until_end, on_progress=on_progress)
            return [summarise(unit.state, self._deliveries[unit.camera_id], seconds) for unit in self._units]

    def _configured(self, stop: Event, *, patience_seconds: float | None) -> list[Camera] | None:
        cameras: list[Camera] = []
        for unit in self._units:
            camera = unit.config.at_start(stop, patience_seconds=patience_seconds)
            if camera is None:
                return None
            unit.state.camera = camera
            cameras.append(camera)
        return cameras

    def _work(
        self,
        cameras: Sequence[Camera],
        stop: Event,
        *,
        until_end: bool,
        on_progress: Callable[[Progress], None] | None,
    ) -> float:
        """Runs the cameras; answers for how long frames were analysed, in seconds."""
        if self._vision is None:
            raise AssertionError("cameras are watched with the models loaded")
        self._began = time.monotonic()
        workers = 1 + _THREADS_PER_CAMERA * len(self._units)
        with _unsearched_memory(), ThreadPoolExecutor(max_workers=workers, thread_name_prefix="ingest") as pool:
            try:
                for unit, camera in zip(self._units, cameras, strict=True):
                    unit.begin(camera, self._vision, pool)
                self._supervise(lambda one: one.ready(f"watching {len(self._units)} cameras"))
                while not stop.is_set() and self._any_analysing() and not self._any_failed():
                    self._tick(pool, on_progress)
                for unit in self._units:
                    unit.end()
                while self._any_analysing():
                    time.sleep(_TICK_SECONDS / 10)
                analysed_for = time.monotonic() - self._began
                while not (until_end or stop.is_set() or self._any_failed()):
                    self._tick(pool, on_progress)
                for unit in self._units:
                    unit.drain()
                self._drain(stop, on_progress)
            finally:
                for unit in self._units:
                    unit.halt()
                self._part()
        for unit in self._units:
            unit.finish()
        return analysed_for

    def _part(self) -> None:
        until = time.monotonic() + PARTING_SECONDS
        for unit in self._units:
            unit.part(max(0.0, until - time.monotonic()))

    def _any_analysing(self) -> bool:
        return any(unit.analysing for unit in self._units)

    def _any_failed(self) -> bool:
        return any(unit.failed for unit in self._units)

    def _tick(self, pool: ThreadPoolExecutor, on_progress: Callable[[Progress], None] | None) -> None:
        running = [thread for unit in self._units for thread in unit.threads if not thread.done()]
        wait(running, timeout=_TICK_SECONDS, return_when=FIRST_EXCEPTION)
        self._supervise(Supervision.tick)
        self._chores.do(pool)
        self._tell(on_progress)

    def _supervise(self, say: Callable[[Supervision], None]) -> None:
        if self._supervision is not None:
            say(self._supervision)

    def _drain(self, stop: Event, on_progress: Callable[[Progress], None] | None) -> None:
        """Waits for the outboxes to empty: for as long as events are taken, or briefly when the end was asked for."""
        sent, sent_at, stopped_at = self._total(Count.EVENTS_SENT), time.monotonic(), None
        while sending := [unit.threads[1] for unit in self._units if unit.sending]:
            wait(sending, timeout=_TICK_SECONDS)
            self._supervise(Supervision.tick)
            self._tell(on_progress)
            now = time.monotonic()
            if self._total(Count.EVENTS_SENT) != sent:
                sent, sent_at = self._total(Count.EVENTS_SENT), now
            if stop.is_set():
                stopped_at = stopped_at or now
                if now - stopped_at > STOP_DRAIN_SECONDS:
                    return
            elif now - sent_at > PATIENCE_SECONDS:
                return

    def _delivered(self, delivery: Delivery) -> None:
        # What an earlier run with other cameras left in an outbox is none of this run's.
        if (told := self._deliveries.get(delivery.event.camera_id)) is not None:
            told.note(delivery)
        if delivery.latency_seconds is not None and self._metrics is not None:
            self._metrics.observe_latency(delivery.event.camera_id, delivery.latency_seconds)

    def _total(self, count: Count) -> int:
        return sum(unit.tally[count] for unit in self._units)

    def _tell(self, on_progress: Callable[[Progress], None] | None) -> None:
        if on_progress is None:
            return
        on_progress(progress_of(self._units, time.monotonic() - self._began))


@contextmanager
def _unsearched_memory() -> Iterator[None]:
    """Spares Python's collector the 95,000 objects that are here already and stay for as long as cameras are watched:
    to search them all takes it some 80 ms, in which no frame is looked at."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
