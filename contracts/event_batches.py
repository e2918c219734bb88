"""API v1: many face events in one request, and alarms about single ones. The event itself is in `contracts.events`."""

from __future__ import annotations

from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Contract, Cosine
from contracts.people import DecisionKind, EventReceipt, RecheckVerdict
from contracts.problems import Problem

MAX_BATCH_EVENTS = 100
MAX_BATCH_BYTES = 1_000_000
"""Of the events alone, pictures aside: a hundred with a template each take less than half of it."""


class EventBatchItem(Contract):
    """What became of one event of a batch: exactly one of `receipt` and `problem`."""

    index: int = Field(ge=0, description="The event's place in the batch, from 0.")
    event_id: UUID | None = Field(default=None, description="None where the event could not be read so far.")
    receipt: EventReceipt | None = None
    problem: Problem | None = Field(
        default=None, description="Why it was refused. One with status 408, 429 or 503 is worth sending again."
    )

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        if (self.receipt is None) == (self.problem is None):
            raise ValueError("an item has a receipt or a problem")
        return self


class EventBatchReceipt(Contract):
    """The answer to a batch, which may have been taken in part: look at every item. They stand in the batch's order."""

    items: tuple[EventBatchItem, ...]
    recorded: int = Field(ge=0)
    duplicates: int = Field(ge=0, description="Events that were recorded before; not among `recorded`.")
    refused: int = Field(ge=0)


class EventAlarm(Contract):
    """A face event whose template the server's own look at its picture contradicted: a worker is broken or lies."""

    event_id: UUID
    verdict: RecheckVerdict
    cosine: Cosine | None = Field(default=None, description="Of the two templates; none where no face was found.")
    site_id: UUID
    camera_id: UUID
    worker: str
    captured_at: AwareDatetime
    committed_at: AwareDatetime
    decision: DecisionKind = Field(description="What was made of the face in the picture.")


class EventAlarmPage(Contract):
    items: tuple[EventAlarm, ...]
    next_cursor: str | None = None
