"""What a run did: its decisions and delays, collected while it runs and put together at its end. Printing is the
command line's."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Sequence
from datetime import datetime
from math import ceil
from threading import Lock
from uuid import UUID

from contracts.base import Contract, FaceBox, PersonKind, PrivacyMode
from contracts.people import DecisionKind
from ingest_daemon.outbox.sender import Delivery
from ingest_daemon.status import DaemonState
from ingest_daemon.tally import Count

_MOST_REMEMBERED = 20_000
"""A daemon that runs for years must not remember everything; no film has more faces than this."""


class DecidedEvent(Contract):
    """One event, as the server decided it. `latency_ms`: of its first revision."""

    event_id: UUID
    decision: DecisionKind
    reason: str
    person_kind: PersonKind | None
    person_id: UUID | None
    score: float | None
    margin: float | None
    visit_id: UUID | None
    latency_ms: float | None
    started_at: datetime
    ended_at: datetime
    captured_at: datetime
    box: FaceBox
    frames: int
    quality: float


class IngestSummary(Contract):
    """The report of a run. `frames`: read from the source; `fps`: of those, by the wall clock; `events`: sightings
    that the server decided; `dropped`: frames and events given up, `drops` says which; `undelivered`: events that
    wait in the outbox still, and `trouble` why."""

    source: str
    camera_id: UUID
    privacy_mode: PrivacyMode | None
    seconds: float
    frames: int
    frames_analysed: int
    frames_unreadable: int
    fps: float
    faces_detected: int
    faces_embedded: int
    tracks: int
    tracks_too_short: int
    events: int
    decisions: tuple[DecidedEvent, ...]
    dropped: int
    drops: dict[str, int]
    set_aside: int
    undelivered: int
    trouble: str | None
    latency_ms_p50: float | None
    latency_ms_p95: float | None
    detector: str | None
    embedder: str | None
    backend: str | None


def percentile(samples: Sequence[float], share: float) -> float | None:
    """The smallest sample that `share` (0..1) of all samples do not exceed (nearest rank); None of none."""
    if not samples:
        return None
    return sorted(samples)[max(0, ceil(share * len(samples)) - 1)]


class Deliveries:
    """Decisions and delays of this run's events. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._decided: OrderedDict[UUID, DecidedEvent] = OrderedDict()
        self._latencies_ms: deque[float] = deque(maxlen=_MOST_REMEMBERED)

    def note(self, delivery: Delivery) -> None:
        """Takes a delivered event in; those that an earlier process left behind are none of this run's."""
        if delivery.latency_seconds is None:
            return
        event, decision = delivery.event, delivery.receipt.decision
        latency_ms = round(delivery.latency_seconds * 1000, 1)
        with self._lock:
            earlier = self._decided.get(event.event_id)
            if earlier is None:
                self._latencies_ms.append(latency_ms)
            self._decided[event.event_id] = DecidedEvent(
                event_id=event.event_id,
                decision=decision.kind,
                reason=decision.reason,
                person_kind=decision.person_kind,
                person_id=decision.person_id,
                score=decision.score,
                margin=decision.margin,
                visit_id=delivery.receipt.visit_id,
                latency_ms=earlier.latency_ms if earlier else latency_ms,
                started_at=event.track.started_at,
                ended_at=event.track.ended_at,
                captured_at=event.captured_at,
                box=event.face.box,
                frames=event.track.frames,
                quality=event.face.quality.score,
            )
            while len(self._decided) > _MOST_REMEMBERED:
                self._decided.popitem(last=False)

    def decided(self) -> tuple[DecidedEvent, ...]:
        """In the order in which the people appeared."""
        with self._lock:
            return tuple(sorted(self._decided.values(), key=lambda event: (event.started_at, event.event_id)))

    def latency_ms(self, share: float) -> float | None:
        with self._lock:
            return percentile(self._latencies_ms, share)


def summarise(state: DaemonState, deliveries: Deliveries, seconds: float) -> IngestSummary:
    """The report of a run that analysed frames for `seconds`."""
    counts, outbox, camera, vision = (
        state.tally.snapshot(),
        state.outbox.state(),
        state.camera,
        state.vision,
    )
    decided = deliveries.decided()
    drops = {
        "frames": counts[Count.FRAMES_DROPPED],
        "events": counts[Count.EVENTS_DROPPED],
    }
    return IngestSummary(
        source=state.source.name,
        camera_id=state.camera_id,
        privacy_mode=camera.privacy_mode if camera else None,
        seconds=round(seconds, 3),
        frames=counts[Count.FRAMES_READ],
        frames_analysed=counts[Count.FRAMES_ANALYSED],
        frames_unreadable=counts[Count.FRAMES_UNREADABLE],
        fps=round(counts[Count.FRAMES_READ] / seconds, 1) if seconds else 0.0,
        faces_detected=counts[Count.FACES_DETECTED],
        faces_embedded=counts[Count.FACES_EMBEDDED],
        tracks=counts[Count.TRACKS_STARTED],
        tracks_too_short=counts[Count.TRACKS_TOO_SHORT],
        events=len(decided),
        decisions=decided,
        dropped=sum(drops.values()),
        drops=drops,
        set_aside=counts[Count.EVENTS_SET_ASIDE],
        undelivered=outbox.pending,
        trouble=state.sender.state().last_error if state.sender else None,
        latency_ms_p50=deliveries.latency_ms(0.5),
        latency_ms_p95=deliveries.latency_ms(0.95),
        detector=vision.detector.name if vision else None,
        embedder=vision.embedder.model_version if vision else None,
        backend=vision.embedder.backend if vision else None,
    )
