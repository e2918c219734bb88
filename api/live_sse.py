"""A live stream as Server-Sent Events (HTML Living Standard, 9.2). What it says is in `live_messages`.

Its own response and no library's: the server must be able to give a caller up who takes nothing, with a reason.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.live_messages import SEND_SECONDS
from api.live_metrics import LiveMetrics
from contracts.live import LiveEvent, StreamEnded, StreamMessage, StreamOpened, StreamPing

MEDIA_TYPE = "text/event-stream"
_RETRY_MS = 3000


def framed(message: StreamMessage) -> bytes:
    """The message as one event of the stream. Only what can be resumed from has an id."""
    if isinstance(message, StreamPing):
        return b": ping\n\n"
    position = message.id if isinstance(message, LiveEvent) else None
    name = message.kind if isinstance(message, LiveEvent) else message.type
    lines = [f"event: {name}"]
    if isinstance(message, StreamOpened):
        lines.append(f"retry: {_RETRY_MS}")
        position = message.position
    if position is not None:
        lines.append(f"id: {position}")
    lines.append(f"data: {message.model_dump_json(exclude_none=True)}")
    return ("\n".join(lines) + "\n\n").encode()


class EventStream(Response):
    """Sends until the messages or the caller's patience end. `opened` holds the caller's place while it is sent."""

    media_type = MEDIA_TYPE

    def __init__(
        self,
        opened: AbstractAsyncContextManager[object],
        messages: Callable[[], AsyncIterator[StreamMessage]],
        metrics: LiveMetrics,
    ) -> None:
        super().__init__(headers={"X-Accel-Buffering": "no"}, media_type=MEDIA_TYPE)
        del self.headers["content-length"]
        self._opened = opened
        self._messages = messages
        self._metrics = metrics

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        self._metrics.streams.labels("sse").inc()
        try:
            async with anyio.create_task_group() as tasks:

                async def until_gone() -> None:
                    while (await receive())["type"] != "http.disconnect":
                        pass
                    tasks.cancel_scope.cancel()

                tasks.start_soon(until_gone)
                await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
                await self._send_all(send)
                tasks.cancel_scope.cancel()
        finally:
            self._metrics.streams.labels("sse").dec()
            with anyio.CancelScope(shield=True):
                await self._opened.__aexit__(None, None, None)

    async def _send_all(self, send: Send) -> None:
        async for message in self._messages():
            with anyio.move_on_after(SEND_SECONDS) as patience:
                await send({"type": "http.response.body", "body": framed(message), "more_body": True})
            if patience.cancelled_caught:
                self._metrics.ended.labels("slow").inc()
                return
            if isinstance(message, StreamEnded):
                self._metrics.ended.labels(message.reason).inc()
        await send({"type": "http.response.body", "body": b"", "more_body": False})
