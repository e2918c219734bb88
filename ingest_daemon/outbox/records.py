"""What the outbox hands out: frozen values. How they are kept is `store`'s."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from contracts.events import FaceDetectedV1


@dataclass(frozen=True, slots=True, eq=False)
class Pending:
    """An event that waits. `run`: the process that queued it; `read_at` is of that process's monotonic clock.
    `attempts`: failed ones so far."""

    seq: int
    event: FaceDetectedV1
    image: bytes | None
    run: str
    read_at: float
    attempts: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """An event that the server refused for good, and why."""

    event_id: UUID
    revision: int
    camera_id: UUID
    status: int
    reason: str
    set_aside_at: float


@dataclass(frozen=True, slots=True)
class OutboxState:
    """`pending_bytes`: of events and images. `dropped`: ever, for lack of room. `oldest_seconds`: age of the event
    that has waited longest, by the wall clock."""

    pending: int
    pending_bytes: int
    dead: int
    dropped: int
    oldest_seconds: float | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of an event that was put: whether it is on the disk, and how many older ones made room for it."""

    stored: bool
    dropped: int
