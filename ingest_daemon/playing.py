"""How a run of the daemon is asked for and how it tells of itself meanwhile: values. Running is `daemon`'s."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run stands, all cameras together. `frames_expected` is None where a source does not say."""

    frames: int
    frames_expected: int | None
    seconds: float
    faces: int
    live_tracks: int
    events_sent: int
    events_pending: int
    connected: bool


@dataclass(frozen=True, slots=True)
class Run:
    """How the sources are played. With `until_end` a run ends when they have, and their events are with the server;
    without it goes on serving its status and sending."""

    realtime: bool
    started_at: datetime | None
    until_end: bool
