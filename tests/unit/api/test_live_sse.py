"""A stream's frames, and the caller who takes nothing: given up with a reason, its place made free."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID

import pytest
from prometheus_client import CollectorRegistry
from starlette.types import Message

from api import live_sse
from api.live import QUEUE_EVENTS, Subscription
from api.live_metrics import LiveMetrics
from api.live_sse import EventStream, framed
from contracts.base import TenantId
from contracts.live import LiveEvent, StreamEnded, StreamMessage, StreamOpened, StreamPing
from footfall.live import Span

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)


def event(number: int) -> LiveEvent:
    return LiveEvent(id=number, kind="visit.new", at=NOW, subject_id=UUID(int=number), site_ids=(UUID(int=9),))


def test_only_what_can_be_resumed_from_has_an_id() -> None:
    assert framed(event(7)).startswith(b"event: visit.new\nid: 7\ndata: {")
    assert b"\nid: 3\n" in framed(StreamOpened(position=3))
    assert b"id:" not in framed(StreamEnded(reason="slow"))
    assert framed(StreamPing()).startswith(b":"), "a comment, which callers skip"
    assert framed(event(7)).endswith(b"\n\n")


def test_a_caller_who_takes_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_sse, "SEND_SECONDS", 0.01)
    metrics = LiveMetrics(CollectorRegistry())
    left: list[bool] = []

    @asynccontextmanager
    async def place() -> AsyncIterator[None]:
        yield
        left.append(True)

    async def messages() -> AsyncIterator[StreamMessage]:
        for number in range(1, 1000):
            yield event(number)

    async def never() -> Message:
        await asyncio.Event().wait()
        raise AssertionError

    async def send(message: Message) -> None:
        if message["type"] == "http.response.body":
            await asyncio.Event().wait()

    async def run() -> None:
        opened = place()
        await opened.__aenter__()
        await asyncio.wait_for(EventStream(opened, messages, metrics)({"type": "http"}, never, send), 10)

    asyncio.run(run())

    assert left == [True]
    assert metrics.ended.labels("slow")._value.get() == 1
    assert metrics.streams.labels("sse")._value.get() == 0


def test_what_waits_for_a_caller_is_bounded() -> None:
    async def run() -> None:
        subscription = Subscription(TenantId(UUID(int=1)), "user:1", None, 0)
        for number in range(1, QUEUE_EVENTS + 1):
            subscription.offer(event(number))
        assert subscription.ended is None
        subscription.offer(event(QUEUE_EVENTS + 1))
        assert subscription.ended == "slow"
        assert await subscription.wait(0) == [], "what waited is given up at once"
        subscription.offer(event(QUEUE_EVENTS + 2))
        assert await subscription.wait(0) == []

    asyncio.run(run())


def test_what_is_not_the_callers_takes_no_place() -> None:
    async def run() -> None:
        elsewhere = Subscription(TenantId(UUID(int=1)), "user:1", frozenset({UUID(int=8)}), 0)
        here = Subscription(TenantId(UUID(int=1)), "user:1", frozenset({UUID(int=9)}), 0)
        for one in (elsewhere, here):
            one.offer(event(1))
            one.offer(event(2).model_copy(update={"site_ids": None}))
        assert await elsewhere.wait(0) == []
        assert [found.id for found in await here.wait(0)] == [1]

    asyncio.run(run())


@pytest.mark.parametrize(
    ("head", "oldest", "after", "whole"),
    [
        (0, None, 0, True),
        (5, 1, 0, True),
        (5, 3, 2, True),
        (5, 3, 1, False),
        (5, None, 4, False),
        (5, None, 5, True),
        (5, 1, 6, False),
    ],
)
def test_whether_what_came_after_is_still_there(head: int, oldest: int | None, after: int, whole: bool) -> None:
    assert Span(head, oldest).holds_all_after(after) is whole
