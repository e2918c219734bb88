"""The live stream's heart: one reader per tenant, woken by Postgres, and a bounded queue per listener. How messages
reach a caller (Server-Sent Events, WebSocket) is in `live_sse` and `live_socket`."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import TypeVar
from uuid import UUID

import anyio
from anyio import CapacityLimiter, to_thread
from anyio.abc import TaskGroup
from sqlalchemy import Engine

from api.live_metrics import LiveMetrics
from contracts.base import TenantId
from contracts.live import LiveEvent, StreamEnd
from footfall import live, workers
from footfall.errors import BusyError, FootfallError
from footfall.stores.postgres.notices import Hearer

logger = logging.getLogger(__name__)

QUEUE_EVENTS = 500
"""What may wait for one caller. Whoever is further behind is dropped, and reads on from the table when it returns."""
WATCH_SECONDS = 2.0
_RETRY_SECONDS = 1.0
_Result = TypeVar("_Result")
_Value = TypeVar("_Value")


class Subscription:
    """One caller's place in a tenant's stream. Belongs to the event loop."""

    def __init__(self, tenant_id: TenantId, subject: str, sites: frozenset[UUID] | None, position: int) -> None:
        self.tenant_id = tenant_id
        self.subject = subject
        self.sites = sites
        self.position = position
        """Where the queue begins: what came before is read from the table."""
        self.ended: StreamEnd | None = None
        self._queue: deque[LiveEvent] = deque()
        self._ready = asyncio.Event()

    def offer(self, event: LiveEvent) -> None:
        if self.ended is not None or not live.visible(event, self.sites):
            return
        if len(self._queue) >= QUEUE_EVENTS:
            self.end("slow")
            return
        self._queue.append(event)
        self._ready.set()

    def end(self, reason: StreamEnd) -> None:
        """What still waits is given up: it would come late, and the next stream begins with it."""
        if self.ended is None:
            self.ended = reason
            self._queue.clear()
            self._ready.set()

    async def wait(self, seconds: float) -> list[LiveEvent]:
        """What has come; empty after `seconds` without anything, and when the stream has ended."""
        with anyio.move_on_after(max(0.0, seconds)):
            await self._ready.wait()
        self._ready.clear()
        taken = list(self._queue)
        self._queue.clear()
        return taken


class _Channel:
    """A tenant that somebody in this process listens to."""

    def __init__(self, tenant_id: TenantId, position: int) -> None:
        self.tenant_id = tenant_id
        self.position = position
        self.subscriptions: set[Subscription] = set()
        self.news = asyncio.Event()
        self.scope = anyio.CancelScope()


class LiveHub:
    """Runs between the application's start and its end. All but `watch` belong to the event loop."""

    def __init__(
        self,
        engine: Engine,
        metrics: LiveMetrics,
        *,
        at_most: int,
        per_tenant: int,
        per_caller: int,
    ) -> None:
        self._engine = engine
        self._metrics = metrics
        self._at_most = at_most
        self._per_tenant = per_tenant
        self._per_caller = per_caller
        self._channels: dict[TenantId, _Channel] = {}
        self._named: dict[str, _Channel] = {}
        self._opening = asyncio.Lock()
        self._callers: Counter[tuple[TenantId, str]] = Counter()
        self._knocking = 0
        self._watched: set[TenantId] = set()
        self._tasks: TaskGroup | None = None
        # Of its own: the pool that answers requests may be full of them.
        self._limiter = CapacityLimiter(4)
        self._closing = False

    def hearer(self) -> Hearer:
        """What wakes this up; of the running event loop. To be heard from the process's start to its end."""
        loop = asyncio.get_running_loop()
        return Hearer(
            live.CHANNEL,
            on_notice=lambda payload: _on(loop, self._heard, payload),
            on_heard=lambda: _on(loop, self._connected, True),
            on_lost=lambda: _on(loop, self._connected, False),
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            self._tasks = tasks
            tasks.start_soon(self._watch)
            try:
                yield
            finally:
                self.close()
                tasks.cancel_scope.cancel()

    def close(self) -> None:
        """Ends every stream, so that a server that is stopping need not wait for them."""
        self._closing = True
        for channel in self._channels.values():
            for subscription in channel.subscriptions:
                subscription.end("server-stopping")

    def watch(self, tenant_id: TenantId) -> None:
        """Has the tenant's workers watched by this process from now on. Thread-safe."""
        self._watched.add(tenant_id)

    @contextmanager
    def knocking(self) -> Iterator[None]:
        """A connection whose caller is not known yet. Raises BusyError for one more than streams there may be."""
        if self._closing or self._knocking >= self._at_most:
            raise BusyError("Too many streams are being opened.", hint="Come back in a moment.")
        self._knocking += 1
        try:
            yield
        finally:
            self._knocking -= 1

    @asynccontextmanager
    async def subscription(
        self, tenant_id: TenantId, subject: str, sites: frozenset[UUID] | None
    ) -> AsyncIterator[Subscription]:
        """A place in the tenant's stream. Raises BusyError when the caller, the tenant or the server has as many as
        there may be, PostgresUnavailableError."""
        caller = (tenant_id, subject)
        of_tenant = sum(count for (theirs, _), count in self._callers.items() if theirs == tenant_id)
        if (
            self._closing
            or self._callers.total() >= self._at_most
            or of_tenant >= self._per_tenant
            or self._callers[caller] >= self._per_caller
        ):
            raise BusyError("Too many streams are open.", hint="Close one, or share one among your programs.")
        self._callers[caller] += 1
        try:
            self._watched.add(tenant_id)
            async with self._opening:
                channel = self._channels.get(tenant_id) or await self._open(tenant_id)
                subscription = Subscription(tenant_id, subject, sites, channel.position)
                channel.subscriptions.add(subscription)
            try:
                yield subscription
            finally:
                channel.subscriptions.discard(subscription)
                if not channel.subscriptions and self._channels.get(tenant_id) is channel:
                    del self._channels[tenant_id], self._named[str(tenant_id)]
                    channel.scope.cancel()
        finally:
            self._callers[caller] -= 1
            if not self._callers[caller]:
                del self._callers[caller]

    async def replay(self, subscription: Subscription, after: int) -> AsyncIterator[list[LiveEvent]]:
        """What was committed after `after` and before the subscription's queue begins, a page at a time."""
        position = after
        while position < subscription.position:
            page = await self._run(partial(live.read_after, self._engine, subscription.tenant_id, position))
            page = [event for event in page if event.id <= subscription.position]
            if not page:
                return
            position = page[-1].id
            yield [event for event in page if live.visible(event, subscription.sites)]

    async def span(self, tenant_id: TenantId) -> live.Span:
        return await self._run(partial(live.kept_span, self._engine, tenant_id))

    async def _open(self, tenant_id: TenantId) -> _Channel:
        if self._tasks is None:
            raise TypeError("the hub serves streams only while it is running")
        span = await self.span(tenant_id)
        channel = self._channels[tenant_id] = self._named[str(tenant_id)] = _Channel(tenant_id, span.head)
        # Between the question and here a notification may have been for nobody.
        channel.news.set()
        self._tasks.start_soon(self._pump, channel)
        return channel

    async def _pump(self, channel: _Channel) -> None:
        with channel.scope:
            while True:
                await channel.news.wait()
                channel.news.clear()
                try:
                    await self._read_up(channel)
                except FootfallError as error:
                    logger.warning("The stream cannot be read: %s", error.message)
                    await anyio.sleep(_RETRY_SECONDS)
                    channel.news.set()

    async def _read_up(self, channel: _Channel) -> None:
        while True:
            page = await self._run(partial(live.read_after, self._engine, channel.tenant_id, channel.position))
            for event in page:
                for subscription in channel.subscriptions:
                    subscription.offer(event)
                channel.position = event.id
            self._metrics.events.inc(len(page))
            if len(page) < live.PAGE_EVENTS:
                return

    async def _watch(self) -> None:
        while True:
            for tenant_id in tuple(self._watched):
                try:
                    await self._run(partial(workers.announce_overdue, self._engine, tenant_id))
                except FootfallError as error:
                    logger.warning("Workers cannot be watched: %s", error.message)
                    break
            await anyio.sleep(WATCH_SECONDS)

    def _heard(self, payload: str) -> None:
        # Every role of the database may send on the channel; what names no tenant that is listened to is nothing.
        channel = self._named.get(payload)
        if channel is not None:
            channel.news.set()

    def _connected(self, is_so: bool) -> None:
        self._metrics.connected.set(is_so)
        if is_so:
            for channel in self._channels.values():
                channel.news.set()

    async def _run(self, call: partial[_Result]) -> _Result:
        return await to_thread.run_sync(call, limiter=self._limiter)


def _on(loop: asyncio.AbstractEventLoop, call: Callable[[_Value], None], value: _Value) -> None:
    """From the listening thread; a loop that has ended meanwhile needs to hear nothing."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call, value)
