"""What /metrics shows. Labels come from closed sets (routes, methods, statuses, decisions): no id, tenant or path."""

from __future__ import annotations

from typing import get_args

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from api.live_metrics import LiveMetrics
from contracts.events import FaceDetectedV1
from contracts.people import DecisionKind, EventReceipt, RecheckVerdict

METRICS_MEDIA_TYPE = CONTENT_TYPE_PLAIN_0_0_4

_ENDLESS = frozenset({"/v1/stream"})
"""Routes whose answers last for minutes because they are meant to."""
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_REQUEST_BUCKETS_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
# A worker that was cut off sends its outbox hours later; that tail is worth telling from a slow minute.
_DELAY_BUCKETS_SECONDS = (0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 3600, 86_400)

_ALARMS: frozenset[RecheckVerdict] = frozenset({"disagrees", "no_face"})


class Metrics:
    """The instruments of one application, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._requests = Counter(
            "footfall_http_requests_total", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self._request_seconds = Histogram(
            "footfall_http_request_seconds",
            "Time from a request's first byte to its answer's last.",
            ["method", "route"],
            buckets=_REQUEST_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self._events = Counter(
            "footfall_face_events_total",
            "Face events recorded, by what was made of the face; repeated ones do not count.",
            ["decision"],
            registry=self.registry,
        )
        self._repeated_events = Counter(
            "footfall_face_events_repeated_total", "Face events received again.", registry=self.registry
        )
        self._event_alarms = Counter(
            "footfall_face_event_alarms_total",
            "Face events whose template the server's own look at the picture contradicted.",
            ["verdict"],
            registry=self.registry,
        )
        self._event_delay_seconds = Histogram(
            "footfall_face_event_delay_seconds",
            "Time from a face's best shot to its committed event.",
            buckets=_DELAY_BUCKETS_SECONDS,
            registry=self.registry,
        )
        self.lane_requests = Gauge(
            "footfall_lane_requests",
            "Requests in a bounded lane, waiting ones included.",
            ["lane"],
            registry=self.registry,
        )
        self.rate_limited = Counter(
            "footfall_rate_limited_total",
            "Requests refused for coming too often, by the limit; `failures`: sign-ins after others that failed.",
            ["limit"],
            registry=self.registry,
        )
        self.rate_limit_failures = Counter(
            "footfall_rate_limit_store_failures_total",
            "Times that the store of rate limits did not answer, so that nobody was counted.",
            registry=self.registry,
        )
        self.lane_refused = Counter(
            "footfall_lane_refused_total",
            "Requests turned away because a lane was full.",
            ["lane"],
            registry=self.registry,
        )
        self.upload_bytes = Gauge(
            "footfall_upload_bytes", "Memory set aside for bodies under way.", registry=self.registry
        )
        self.uploads_refused = Counter(
            "footfall_uploads_refused_total",
            "Uploads turned away because there was no memory for them.",
            registry=self.registry,
        )
        self.live = LiveMetrics(self.registry)
        for decision in get_args(DecisionKind):
            self._events.labels(decision)
        for verdict in _ALARMS:
            self._event_alarms.labels(verdict)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """`route` is the template, as in /v1/sites/{site_id}, or `unmatched`."""
        known = method if method in _METHODS else "other"
        self._requests.labels(known, route, str(status)).inc()
        if route not in _ENDLESS:
            self._request_seconds.labels(known, route).observe(seconds)

    def observe_event(self, event: FaceDetectedV1, receipt: EventReceipt) -> None:
        if receipt.duplicate:
            self._repeated_events.inc()
            return
        self._events.labels(receipt.decision.kind).inc()
        if receipt.recheck in _ALARMS:
            self._event_alarms.labels(receipt.recheck).inc()
        self._event_delay_seconds.observe(max(0.0, (receipt.committed_at - event.captured_at).total_seconds()))

    def render(self) -> bytes:
        return generate_latest(self.registry)
