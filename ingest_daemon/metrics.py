"""The daemon's counts as Prometheus metrics, in a registry of their own. Counting is `tally`'s, serving `surface`'s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from uuid import UUID

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ingest_daemon.health import CameraHealthNow, HealthMonitor
from ingest_daemon.status import DaemonState
from ingest_daemon.tally import DESCRIPTIONS, Count

PREFIX = "footfall_ingest"
_LABELS = ("camera",)
_LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 120.0)


_LATENCY = (f"{PREFIX}_event_latency_seconds", "From the frame that made an event due to the server's acknowledgement.")
_REFUSED = (
    f"{PREFIX}_surface_callers_refused",
    "Connections to the daemon's own surface that were closed at once: too many were open.",
)
_GAUGES = {
    "outbox_pending_events": "Events that wait for the server.",
    "outbox_pending_bytes": "Bytes of the events that wait.",
    "outbox_oldest_seconds": "Age of the event that has waited longest.",
    "outbox_dead_letters": "Events that the server refused for good.",
    "source_connected": "1 while the source gives frames.",
    "live_tracks": "Faces followed now.",
    "source_fps": "Frames a second that were taken from the source, over the last ten seconds.",
    "source_last_frame_age_seconds": "Since the newest frame was read.",
    "source_sharpness": "Variance of the Laplacian of the small grey picture.",
    "source_brightness": "Mean brightness of the picture, 0 to 255.",
    "source_blurred": "1 while the picture has lost most of its usual detail.",
    "source_occluded": "1 while the picture is black or shows one surface alone.",
    "source_frozen": "1 while the picture has repeated itself to the pixel for half a minute.",
    "source_clock_jumps": "Times that the clock was set while frames came.",
}


def described_metrics() -> list[Metric]:
    """Every family that a daemon serves, without values: for the documentation."""
    return [
        *map(_counter, DESCRIPTIONS),
        *map(_gauge, _GAUGES),
        Metric(*_LATENCY, "histogram"),
        CounterMetricFamily(*_REFUSED),
    ]


def callers_refused(registry: CollectorRegistry) -> Counter:
    """For the surface, which answers so many at a time."""
    return Counter(*_REFUSED, registry=registry)


def _counter(count: Count) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}_{count.value}", DESCRIPTIONS[count], labels=_LABELS)


def _gauge(name: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", _GAUGES[name], labels=_LABELS)


class DaemonMetrics:
    """The registry that /metrics shows. `camera` labels everything with the camera's id; no label names a person."""

    def __init__(self, states: Sequence[DaemonState], health: Mapping[UUID, HealthMonitor]) -> None:
        """`health`: of the cameras that are watched; one that is not in it shows nothing of its picture."""
        self.registry = CollectorRegistry()
        self.registry.register(_StateCollector(states, health))
        self._latency = Histogram(*_LATENCY, labelnames=_LABELS, buckets=_LATENCY_BUCKETS, registry=self.registry)
        for state in states:
            self._latency.labels(str(state.camera_id))

    def observe_latency(self, camera_id: UUID, seconds: float) -> None:
        self._latency.labels(str(camera_id)).observe(seconds)


class _StateCollector(Collector):
    """Reads the states when it is asked, so that nothing is counted in two places."""

    def __init__(self, states: Sequence[DaemonState], health: Mapping[UUID, HealthMonitor]) -> None:
        self._states = states
        self._health = health

    def collect(self) -> Iterator[Metric]:
        counts = [([str(state.camera_id)], state.tally.snapshot()) for state in self._states]
        for count in Count:
            counter = _counter(count)
            for labels, values in counts:
                counter.add_metric(labels, values[count])
            yield counter
        values_by_camera = [([str(state.camera_id)], self._gauges(state)) for state in self._states]
        for name in _GAUGES:
            gauge = _gauge(name)
            for labels, gauges in values_by_camera:
                if (value := gauges.get(name)) is not None:
                    gauge.add_metric(labels, value)
            yield gauge

    def _gauges(self, state: DaemonState) -> dict[str, float | None]:
        outbox = state.outbox.state()
        monitor = self._health.get(state.camera_id)
        seen = monitor.now() if monitor else CameraHealthNow()
        looked_at = seen.last_frame_at is not None
        return {
            "outbox_pending_events": outbox.pending,
            "outbox_pending_bytes": outbox.pending_bytes,
            "outbox_oldest_seconds": outbox.oldest_seconds or 0.0,
            "outbox_dead_letters": outbox.dead,
            "source_connected": float(state.source.connected),
            "live_tracks": state.live_tracks,
            "source_fps": seen.frames_per_second,
            "source_last_frame_age_seconds": seen.last_frame_age_seconds,
            "source_sharpness": seen.sharpness,
            "source_brightness": seen.brightness,
            "source_blurred": float(seen.blurred) if looked_at else None,
            "source_occluded": float(seen.occluded) if looked_at else None,
            "source_frozen": float(seen.frozen) if looked_at else None,
            "source_clock_jumps": seen.clock_jumps,
        }
