"""The live stream over a WebSocket: the twin of `live_sse`. A token comes in the Authorization header or in the first
message, and never in the URL, which logs and histories keep."""

from __future__ import annotations

import logging

import anyio
from pydantic import ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from api.auth import ACCESS, identify, permitted
from api.client_address import UNKNOWN, limited_as
from api.live_access import sites_shown, standing_of
from api.live_messages import SEND_SECONDS, messages
from api.state import ApiState
from contracts.live import StreamEnded, StreamHello
from footfall.errors import (
    BusyError,
    FootfallError,
    ForbiddenError,
    NotFoundError,
    TooManyRequestsError,
    UnauthenticatedError,
)

logger = logging.getLogger(__name__)

PATH = "/v1/stream/ws"
HELLO_SECONDS = 10.0
# RFC 6455, 7.4.2 leaves 4000 to 4999 to applications; these are HTTP's statuses.
CLOSE_MALFORMED, CLOSE_UNAUTHENTICATED, CLOSE_FORBIDDEN = 4400, 4401, 4403
CLOSE_NOT_FOUND, CLOSE_SLOW_HELLO, CLOSE_BUSY, CLOSE_AWAY = 4404, 4408, 4429, 4503
CLOSE_DONE, CLOSE_SLOW, CLOSE_STOPPING = 1000, 4413, 1012
_MOST_HELLO_CHARACTERS = 16_384
_CODES: tuple[tuple[type[FootfallError], int], ...] = (
    (UnauthenticatedError, CLOSE_UNAUTHENTICATED),
    (ForbiddenError, CLOSE_FORBIDDEN),
    (NotFoundError, CLOSE_NOT_FOUND),
    (BusyError, CLOSE_BUSY),
    (TooManyRequestsError, CLOSE_BUSY),
    (FootfallError, CLOSE_AWAY),
)
_ENDS = {"token-ended": CLOSE_UNAUTHENTICATED, "slow": CLOSE_SLOW, "server-stopping": CLOSE_STOPPING}


class _Refused(Exception):  # noqa: N818 - never leaves this module
    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


async def stream_socket(websocket: WebSocket) -> None:
    """The route. Every end has a close code, and a reason in words."""
    state = websocket.app.state.api
    if not isinstance(state, ApiState):
        raise TypeError("the application answers requests only between start-up and shut-down")
    await websocket.accept()
    try:
        try:
            await _serve(websocket, state, await _known(websocket, state))
        except FootfallError as error:
            code = next(code for kind, code in _CODES if isinstance(error, kind))
            raise _Refused(code, error.title) from None
    except _Refused as refused:
        await _close(websocket, refused.code, refused.reason)
    except WebSocketDisconnect:
        logger.debug("the caller of a stream has gone")


async def _known(websocket: WebSocket, state: ApiState) -> StreamHello:
    """What the caller says of themselves; counted as the requests of an address are, since no route does."""
    with state.live.knocking():
        address = limited_as(websocket.client.host if websocket.client else UNKNOWN)
        await state.limits.take(websocket.scope, "address", address)
        return await _hello(websocket)


async def _hello(websocket: WebSocket) -> StreamHello:
    scheme, _, token = websocket.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        return _read_hello({"access_token": token.strip(), **dict(websocket.query_params)})
    with anyio.move_on_after(HELLO_SECONDS):
        text = await websocket.receive_text()
        if len(text) > _MOST_HELLO_CHARACTERS:
            raise _Refused(CLOSE_MALFORMED, "The first message is too long.")
        try:
            return StreamHello.model_validate_json(text)
        except ValidationError:
            raise _Refused(CLOSE_MALFORMED, "The first message is no StreamHello.") from None
    raise _Refused(CLOSE_SLOW_HELLO, "No access token came.")


def _read_hello(fields: dict[str, str]) -> StreamHello:
    try:
        return StreamHello.model_validate_strings(fields)
    except ValidationError:
        raise _Refused(CLOSE_MALFORMED, "The stream's parameters cannot be read.") from None


async def _serve(websocket: WebSocket, state: ApiState, hello: StreamHello) -> None:
    caller = await identify(hello.access_token, state)
    await state.limits.take(websocket.scope, "read", f"{caller.tenant_id}/{caller.subject}")
    if not permitted(caller.role, ACCESS[("WEBSOCKET", PATH)]):
        raise ForbiddenError(f"The role {caller.role} may not do this.")
    standing = standing_of(state, hello.access_token)
    sites = await run_in_threadpool(sites_shown, state, caller, hello.site_id)
    async with state.live.subscription(caller.tenant_id, caller.subject, sites) as subscription:
        state.metrics.live.streams.labels("websocket").inc()
        try:
            async with anyio.create_task_group() as tasks:

                async def until_gone() -> None:
                    # A caller has nothing more to say; whatever comes is dropped.
                    while (await websocket.receive())["type"] != "websocket.disconnect":
                        pass
                    tasks.cancel_scope.cancel()

                tasks.start_soon(until_gone)
                async for message in messages(state.live, subscription, standing, after=hello.last_event_id):
                    with anyio.move_on_after(SEND_SECONDS) as patience:
                        await websocket.send_text(message.model_dump_json(exclude_none=True))
                    if patience.cancelled_caught:
                        subscription.end("slow")
                    if isinstance(message, StreamEnded):
                        state.metrics.live.ended.labels(message.reason).inc()
                        await _close(websocket, _ENDS.get(message.reason, CLOSE_DONE), message.reason)
                tasks.cancel_scope.cancel()
        finally:
            state.metrics.live.streams.labels("websocket").dec()


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    if websocket.application_state is WebSocketState.CONNECTED:
        with anyio.move_on_after(1.0):
            await websocket.close(code, reason[:120])
