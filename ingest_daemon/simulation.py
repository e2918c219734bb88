"""Events of people who do not exist, for loading an API: synthetic cameras that each send as fast as they are answered,
or at a rate. No camera, no model."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import Event, Lock
from uuid import UUID, uuid5

import numpy as np

from client.api import FootfallClient
from client.errors import ApiError, ApiProblem
from contracts.base import Contract, FaceBox, FaceQualityReport
from contracts.events import DetectedFaceV1, Embedding, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.places import Camera
from footfall.vision.types import Float32Array
from ingest_daemon.backoff import BackoffPolicy, wait_seconds
from ingest_daemon.events import encoded_vector
from ingest_daemon.summary import percentile

DIMENSION = 512
LIKENESS = 0.75
"""Mean cosine between a person's template and the next look at them; genuine pairs of the embedder lie about there."""
_VISIT_SECONDS = 4.0
_MOST_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class SimulationPlan:
    """`people` per camera; `rate`: events a second of each camera, None: as fast as they are answered. The same `seed`
    gives the same people and event ids, so that a second run only repeats the first."""

    events_per_camera: int
    people: int
    rate: float | None
    seed: int


class SimulationReport(Contract):
    cameras: int
    sent: int
    duplicates: int
    refused: int
    retried: int
    gave_up: int
    seconds: float
    events_per_second: float
    latency_ms_p50: float | None
    latency_ms_p95: float | None


@dataclass(slots=True)
class _Counts:
    sent: int = 0
    duplicates: int = 0
    refused: int = 0
    retried: int = 0
    gave_up: int = 0
    latencies_ms: list[float] = field(default_factory=list)
    lock: Lock = field(default_factory=Lock)


def simulated_events(camera: Camera, worker: str, plan: SimulationPlan, ends_at: datetime) -> Iterator[FaceDetectedV1]:
    """The camera's events in their order, the last one ending at `ends_at`; without templates where the tenant only
    counts."""
    rng = np.random.default_rng([plan.seed, camera.camera_id.int % 2**32])
    people = _units(rng.normal(size=(plan.people, DIMENSION)))
    spread = (1 / LIKENESS**2 - 1) ** 0.5
    for number in range(plan.events_per_camera):
        person = people[int(rng.integers(plan.people))]
        look = _units((person + spread * _units(rng.normal(size=DIMENSION)))[None])[0]
        ended = ends_at - timedelta(seconds=_VISIT_SECONDS * (plan.events_per_camera - 1 - number))
        began = ended - timedelta(seconds=_VISIT_SECONDS / 2)
        yield FaceDetectedV1(
            event_id=uuid5(camera.camera_id, f"simulated-{plan.seed}-{number}"),
            revision=1,
            camera_id=camera.camera_id,
            worker=worker,
            captured_at=began,
            track=Track(started_at=began, ended_at=ended, frames=20),
            face=DetectedFaceV1(
                box=FaceBox(x=200, y=100, width=120, height=150),
                landmarks=((230, 160), (290, 160), (260, 190), (236, 220), (284, 220)),
                quality=FaceQualityReport(
                    score=0.8, size_px=120, sharpness=300, yaw_deg=3, roll_deg=1, detection_score=0.95
                ),
                frame=FrameSize(width=1280, height=720),
            ),
            embedding=None
            if camera.privacy_mode == "count_only"
            else Embedding(model_version=camera.model_version, vector=encoded_vector(look)),
            pipeline=Pipeline(detector="simulated", embedder=camera.model_version, backend="simulated"),
        )


def simulate(
    client: FootfallClient, cameras: Sequence[Camera], worker: str, plan: SimulationPlan, stop: Event
) -> SimulationReport:
    """Sends every camera's events, a thread each, and tells how it went. An API that is away or throttles is asked
    again, with growing waits and as it says itself; what it refuses for good is counted."""
    counts = _Counts()
    began = time.monotonic()
    ends_at = datetime.now(UTC)
    with ThreadPoolExecutor(max_workers=max(1, len(cameras)), thread_name_prefix="simulated") as pool:
        running = [pool.submit(_play, client, camera, worker, plan, ends_at, counts, stop) for camera in cameras]
        for one in running:
            one.result()
    seconds = time.monotonic() - began
    return SimulationReport(
        cameras=len(cameras),
        sent=counts.sent,
        duplicates=counts.duplicates,
        refused=counts.refused,
        retried=counts.retried,
        gave_up=counts.gave_up,
        seconds=round(seconds, 2),
        events_per_second=round(counts.sent / seconds, 1) if seconds else 0.0,
        latency_ms_p50=percentile(counts.latencies_ms, 0.5),
        latency_ms_p95=percentile(counts.latencies_ms, 0.95),
    )


def _play(  # noqa: PLR0917 - submitted to a pool
    client: FootfallClient,
    camera: Camera,
    worker: str,
    plan: SimulationPlan,
    ends_at: datetime,
    counts: _Counts,
    stop: Event,
) -> None:
    began = time.monotonic()
    for number, event in enumerate(simulated_events(camera, worker, plan, ends_at)):
        if plan.rate is not None:
            stop.wait(max(0.0, began + number / plan.rate - time.monotonic()))
        if stop.is_set():
            return
        _deliver(client, event, counts, stop)


def _deliver(client: FootfallClient, event: FaceDetectedV1, counts: _Counts, stop: Event) -> None:
    random = np.random.default_rng()
    for attempt in range(1, _MOST_ATTEMPTS + 1):
        began = time.monotonic()
        try:
            receipt = client.send_face_event(event)
        except ApiError as error:
            if isinstance(error, ApiProblem) and not error.transient:
                with counts.lock:
                    counts.refused += 1
                return
            with counts.lock:
                counts.retried += 1
            wait = wait_seconds(BackoffPolicy(longest_seconds=10.0), attempt, random)
            stop.wait(max(wait, error.retry_after_seconds or 0.0))
            continue
        with counts.lock:
            counts.sent += 1
            counts.duplicates += int(receipt.duplicate)
            counts.latencies_ms.append(round((time.monotonic() - began) * 1000, 1))
        return
    with counts.lock:
        counts.gave_up += 1


def _units(rows: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Float32Array:
    """Rows of L2 norm 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True), dtype=np.float32)


def chosen_cameras(available: Sequence[Camera], wanted: Sequence[UUID], most: int) -> list[Camera]:
    """The cameras named, or the first `most` that are switched on."""
    if wanted:
        return [camera for camera in available if camera.camera_id in wanted]
    return [camera for camera in available if camera.enabled][:most]
