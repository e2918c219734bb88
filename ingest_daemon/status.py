"""What the daemon says of itself: its health and its state as documents. How they are served is `surface`'s."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

from contracts.base import Contract, PrivacyMode
from contracts.places import Camera
from contracts.reports import ComponentHealth, Readiness
from contracts.workers import CameraHealth
from footfall.vision.pipeline import VisionPipeline
from ingest_daemon.outbox.sender import Sender
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.sources.base import Source, away
from ingest_daemon.tally import Tally

STALE_SECONDS = 30.0
"""A live source that gave no frame for this long is not working, whatever its connection says."""


class DeadLetterReport(Contract):
    event_id: UUID
    revision: int
    status: int
    reason: str
    set_aside_at: datetime


class OutboxReport(Contract):
    pending: int
    pending_bytes: int
    oldest_seconds: float | None
    dropped: int
    dead: int
    dead_letters: tuple[DeadLetterReport, ...]


class StatusReport(Contract):
    """`GET /v1/status`. No image, no template, no credential. `trouble`: why the camera does not see, in words."""

    worker: str
    version: str
    camera_id: UUID
    camera_name: str | None
    privacy_mode: PrivacyMode | None
    enabled: bool | None
    source: str
    connected: bool
    fps: float | None
    trouble: str | None
    last_frame_at: datetime | None
    live_tracks: int
    uptime_seconds: float
    counts: dict[str, int]
    outbox: OutboxReport
    sending_trouble: str | None
    detector: str | None
    embedder: str | None
    backend: str | None


class DaemonState:
    """The daemon's parts as they come up, and what is known of them now. Thread-safe: parts are set once each, the
    rest are single values."""

    def __init__(
        self,
        *,
        worker: str,
        version: str,
        camera_id: UUID,
        source: Source,
        outbox: Outbox,
        tally: Tally,
        health: Callable[[], CameraHealth] | None = None,
    ) -> None:
        """`health`: how the camera is, once it is watched."""
        self._health = health
        self.worker = worker
        self.version = version
        self.camera_id = camera_id
        self.source = source
        self.outbox = outbox
        self.tally = tally
        self.camera: Camera | None = None
        self.vision: VisionPipeline | None = None
        self.sender: Sender | None = None
        self.live_tracks = 0
        self._started = time.monotonic()
        self._lock = Lock()
        self._last_frame: tuple[float, datetime] | None = None

    def frame_analysed(self, captured_at: datetime) -> None:
        with self._lock:
            self._last_frame = (time.monotonic(), captured_at)

    def readiness(self) -> Readiness:
        """Ready when frames of this camera are being analysed and can be kept. An API that is away is shown but is no
        reason not to be ready: working through that is what the outbox is for."""
        trouble = self._sending_trouble()
        needed = (
            ComponentHealth(
                name="camera",
                healthy=self.camera is not None and self.camera.enabled,
                detail="configuration not known yet"
                if self.camera is None
                else ("enabled" if self.camera.enabled else "disabled"),
            ),
            ComponentHealth(
                name="vision",
                healthy=self.vision is not None,
                detail="loading" if self.vision is None else self.vision.embedder.backend,
            ),
            self._source_health(),
        )
        api = ComponentHealth(name="api", healthy=trouble is None, detail=trouble or "takes events")
        return Readiness(ready=all(one.healthy for one in needed), version=self.version, components=(*needed, api))

    def report(self) -> StatusReport:
        state = self.outbox.state()
        camera, vision = self.camera, self.vision
        health = self._health() if self._health else None
        with self._lock:
            last = self._last_frame
        return StatusReport(
            worker=self.worker,
            version=self.version,
            camera_id=self.camera_id,
            camera_name=camera.name if camera else None,
            privacy_mode=camera.privacy_mode if camera else None,
            enabled=camera.enabled if camera else None,
            source=self.source.name,
            connected=self.source.connected,
            fps=health.fps if health else None,
            trouble=health.trouble if health else None,
            last_frame_at=last[1] if last else None,
            live_tracks=self.live_tracks,
            uptime_seconds=round(time.monotonic() - self._started, 1),
            counts={count.value: value for count, value in self.tally.snapshot().items()},
            outbox=OutboxReport(
                pending=state.pending,
                pending_bytes=state.pending_bytes,
                oldest_seconds=state.oldest_seconds,
                dropped=state.dropped,
                dead=state.dead,
                dead_letters=tuple(
                    DeadLetterReport(
                        event_id=letter.event_id,
                        revision=letter.revision,
                        status=letter.status,
                        reason=letter.reason,
                        set_aside_at=datetime.fromtimestamp(letter.set_aside_at, UTC),
                    )
                    for letter in self.outbox.dead_letters()
                ),
            ),
            sending_trouble=self._sending_trouble(),
            detector=vision.detector.name if vision else None,
            embedder=vision.embedder.model_version if vision else None,
            backend=vision.embedder.backend if vision else None,
        )

    def _sending_trouble(self) -> str | None:
        return self.sender.state().last_error if self.sender else None

    def _source_health(self) -> ComponentHealth:
        with self._lock:
            last = self._last_frame
        if not self.source.connected:
            return ComponentHealth(name="source", healthy=False, detail=away(self.source))
        if self.source.live and (last is None or time.monotonic() - last[0] > STALE_SECONDS):
            return ComponentHealth(name="source", healthy=False, detail=f"{self.source.name} gives no frames")
        return ComponentHealth(name="source", healthy=True, detail=self.source.name)


class DaemonReport(Contract):
    """`GET /v1/status` of a daemon with several cameras."""

    cameras: tuple[StatusReport, ...]


class DaemonStates:
    """All cameras of a daemon, as one state to its surface."""

    def __init__(self, states: Sequence[DaemonState]) -> None:
        self.states = tuple(states)

    def readiness(self) -> Readiness:
        """Ready when every camera is. With several of them a component is named for its camera."""
        if len(self.states) == 1:
            return self.states[0].readiness()
        each = [(str(state.camera_id), state.readiness()) for state in self.states]
        return Readiness(
            ready=all(one.ready for _, one in each),
            version=self.states[0].version,
            components=tuple(
                part.model_copy(update={"name": f"{camera}/{part.name}"})
                for camera, one in each
                for part in one.components
            ),
        )

    def report(self) -> StatusReport | DaemonReport:
        """Of one camera its own report, as ever."""
        reports = tuple(state.report() for state in self.states)
        return reports[0] if len(reports) == 1 else DaemonReport(cameras=reports)
