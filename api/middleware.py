"""What happens to every request before and after its route: id, headers, metrics, size. Pure ASGI, no buffering."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.client_address import UNKNOWN, TrustedProxies
from api.headers import REQUEST_ID_HEADER, REQUEST_ID_KEY, STANDARD_HEADERS
from api.metrics import Metrics
from api.problems import MALFORMED, TOO_LARGE, problem_response
from api.rate_limits import RATE_KEY, Rate
from footfall.origin import Origin, coming_from

logger = logging.getLogger(__name__)

_REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_HEADERS = 100
MAX_HEADER_BYTES = 32_768
"""Of all headers together. The parser of HTTP has no such bound of its own."""
MAX_PLAIN_BYTES = 262_144
"""Bodies that are no uploads are small; this leaves every JSON body of the API ample room."""


class RequestFrame:
    """Gives the request an id, the answer its standard headers, the audit log where it comes from, and the metrics
    their due."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        metrics: Metrics,
        proxies: TrustedProxies | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._proxies = proxies or TrustedProxies("")
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        address = self._proxies.client_of(scope)
        scope["client"] = (address, 0)
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
            return
        offered = Headers(scope=scope).get(REQUEST_ID_HEADER, "")
        request_id = offered if _REQUEST_ID_FORM.fullmatch(offered) else uuid4().hex
        scope[REQUEST_ID_KEY] = request_id
        status = 500  # what the server answers when nothing below does
        started = self._clock()

        async def send_framed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(raw=message["headers"])
                headers[REQUEST_ID_HEADER] = request_id
                rate = scope.get(RATE_KEY)
                for name, value in rate.headers().items() if isinstance(rate, Rate) else ():
                    headers[name] = value
                for name, value in STANDARD_HEADERS.items():
                    headers.setdefault(name, value)
                message["headers"] = headers.raw
            await send(message)

        origin = Origin(client_address=None if address == UNKNOWN else address, request_id=request_id)
        try:
            with coming_from(origin):
                await self._app(scope, receive, send_framed)
        finally:
            seconds = self._clock() - started
            route = getattr(scope.get("route"), "path", "unmatched")
            self._metrics.observe_request(scope["method"], route, status, seconds)
            logger.info(
                "%s %s -> %s in %.0f ms, request %s", scope["method"], route, status, seconds * 1000, request_id
            )


class BodyLimit:
    """Refuses bodies over a limit: by their stated length before a byte is read, and otherwise at the first byte too
    many. Uploads (multipart) have a limit of their own."""

    def __init__(self, app: ASGIApp, *, max_upload_bytes: int, max_plain_bytes: int = MAX_PLAIN_BYTES) -> None:
        self._app = app
        self._max_upload_bytes = max_upload_bytes
        self._max_plain_bytes = max_plain_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        told = scope["headers"]
        if len(told) > MAX_HEADERS or sum(len(name) + len(value) for name, value in told) > MAX_HEADER_BYTES:
            detail = f"The request has more than {MAX_HEADERS} headers, or more than {MAX_HEADER_BYTES} bytes of them."
            await problem_response(scope, MALFORMED, detail)(scope, receive, send)
            return
        headers = Headers(scope=scope)
        upload = headers.get("content-type", "").lower().startswith("multipart/")
        limit_bytes = self._max_upload_bytes if upload else self._max_plain_bytes
        detail = f"The body is larger than {limit_bytes} bytes, which is the most that is taken."
        stated = headers.get("content-length", "")
        if stated.isdecimal() and int(stated) > limit_bytes:
            await problem_response(scope, TOO_LARGE, detail)(scope, receive, send)
            return
        taken_bytes = 0

        async def receive_counted() -> Message:
            nonlocal taken_bytes
            message = await receive()
            if message["type"] == "http.request":
                taken_bytes += len(message.get("body", b""))
                if taken_bytes > limit_bytes:
                    # FastAPI lets this one exception through while it reads a body.
                    raise HTTPException(TOO_LARGE.status, detail)
            return message

        await self._app(scope, receive_counted, send)
