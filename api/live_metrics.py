"""Instruments of the live stream, of heartbeats and of commands. Labels come from closed sets."""

from __future__ import annotations

from typing import get_args

from prometheus_client import CollectorRegistry, Counter, Gauge

from contracts.commands import CommandKind
from contracts.live import StreamEnd


class LiveMetrics:
    """Part of `api.metrics.Metrics`, in its registry."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.streams = Gauge("footfall_streams", "Open live streams.", ["transport"], registry=registry)
        self.ended = Counter(
            "footfall_streams_ended_total",
            "Live streams that the server ended; callers that left do not count.",
            ["reason"],
            registry=registry,
        )
        self.events = Counter(
            "footfall_stream_events_total", "Events of tenants that somebody listens to.", registry=registry
        )
        self.connected = Gauge(
            "footfall_stream_connected", "1 while the process hears of new events.", registry=registry
        )
        self.heartbeats = Counter("footfall_worker_heartbeats_total", "Heartbeats of workers.", registry=registry)
        self.commands = Counter(
            "footfall_worker_commands_total",
            "Commands that workers reported on.",
            ["kind", "state"],
            registry=registry,
        )
        for transport in ("sse", "websocket"):
            self.streams.labels(transport)
        for reason in get_args(StreamEnd):
            self.ended.labels(reason)
        for kind in get_args(CommandKind):
            for state in ("succeeded", "failed"):
                self.commands.labels(kind, state)
