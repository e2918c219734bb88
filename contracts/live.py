"""API v1: messages of the live stream. They carry ids and kinds; who it is, and pictures, are asked for elsewhere."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, PersonKind

LiveKind = Literal[
    "visit.new", "visit.changed", "visit.removed", "visits.many",
    "camera.new", "camera.changed", "camera.removed", "camera.online", "camera.offline",
    "worker.changed", "worker.online", "worker.offline", "worker.removed",
    "command.changed",
]  # fmt: skip
StreamEnd = Literal["slow", "token-ended", "server-stopping", "protocol"]


class LiveEvent(Contract):
    """`id` grows by one with every event of the tenant, in the order in which they were committed; a caller who may
    see some sites alone sees some ids alone."""

    type: Literal["event"] = "event"
    id: int = Field(ge=1)
    kind: LiveKind
    at: AwareDatetime
    subject_id: UUID | None = Field(
        default=None, description="The visit, camera, worker or command. Null: many visits."
    )
    site_ids: tuple[UUID, ...] | None = None
    person_kind: PersonKind | None = None
    state: str | None = Field(default=None, max_length=64, description="Of a command.")


class StreamOpened(Contract):
    """The first message. Events after `position` follow."""

    type: Literal["opened"] = "opened"
    position: int = Field(ge=0)


class StreamGap(Contract):
    """Events between `after` and `position` are gone: read what you show anew. The stream goes on after `position`."""

    type: Literal["gap"] = "gap"
    after: int
    position: int


class StreamEnded(Contract):
    """The last message, where there is still time for one."""

    type: Literal["ended"] = "ended"
    reason: StreamEnd


class StreamPing(Contract):
    type: Literal["ping"] = "ping"


StreamMessage = Annotated[StreamOpened | LiveEvent | StreamGap | StreamEnded | StreamPing, Field(discriminator="type")]


class StreamHello(Contract):
    """What a WebSocket caller without an Authorization header says first."""

    access_token: str = Field(min_length=20, max_length=8192, repr=False)
    last_event_id: int | None = Field(default=None, ge=0)
    site_id: UUID | None = None
