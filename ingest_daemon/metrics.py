"""The daemon's counts as Prometheus metrics, in a registry of their own. Counting is `tally`'s, serving `surface`'s."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from ingest_daemon.status import DaemonState
from ingest_daemon.tally import DESCRIPTIONS, Count

PREFIX = "footfall_ingest"
_LABELS = ("camera",)
_LATENCY_BUCKETS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0, 120.0)


_LATENCY = (f"{PREFIX}_event_latency_seconds", "From the frame that made an event due to the server's acknowledgement.")
_GAUGES = {
    "outbox_pending_events": "Events that wait for the server.",
    "outbox_pending_bytes": "Bytes of the events that wait.",
    "outbox_oldest_seconds": "Age of the event that has waited longest.",
    "outbox_dead_letters": "Events that the server refused for good.",
    "source_connected": "1 while the source gives frames.",
    "live_tracks": "Faces followed now.",
}


def described_metrics() -> list[Metric]:
    """Every family that a daemon serves, without values: for the documentation."""
    return [*map(_counter, DESCRIPTIONS), *map(_gauge, _GAUGES), Metric(*_LATENCY, "histogram")]


def _counter(count: Count) -> CounterMetricFamily:
    return CounterMetricFamily(f"{PREFIX}_{count.value}", DESCRIPTIONS[count], labels=_LABELS)


def _gauge(name: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"{PREFIX}_{name}", _GAUGES[name], labels=_LABELS)


class DaemonMetrics:
    """The registry that /metrics shows. `camera` labels everything with the camera's id; no label names a person."""

    def __init__(self, state: DaemonState) -> None:
        self.registry = CollectorRegistry()
        self.registry.register(_StateCollector(state))
        self._latency = Histogram(
            *_LATENCY,
            labelnames=_LABELS,
            buckets=_LATENCY_BUCKETS,
            registry=self.registry,
        ).labels(str(state.camera_id))

    def observe_latency(self, seconds: float) -> None:
        self._latency.observe(seconds)


class _StateCollector(Collector):
    """Reads the state when it is asked, so that nothing is counted in two places."""

    def __init__(self, state: DaemonState) -> None:
        self._state = state

    def collect(self) -> Iterator[Metric]:
        labels = [str(self._state.camera_id)]
        for count, value in self._state.tally.snapshot().items():
            counter = _counter(count)
            counter.add_metric(labels, value)
            yield counter
        outbox = self._state.outbox.state()
        for name, gauge_value in (
            ("outbox_pending_events", outbox.pending),
            ("outbox_pending_bytes", outbox.pending_bytes),
            ("outbox_oldest_seconds", outbox.oldest_seconds or 0.0),
            ("outbox_dead_letters", outbox.dead),
            ("source_connected", float(self._state.source.connected)),
            ("live_tracks", self._state.live_tracks),
        ):
            gauge = _gauge(name)
            gauge.add_metric(labels, gauge_value)
            yield gauge
