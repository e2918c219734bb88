"""Asking an ASGI application without a server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp


def ask(app: ASGIApp, method: str, path: str, **request: Any) -> httpx.Response:
    """One request. An error that the application lets through is answered as the server's outermost layer does it."""

    async def asked() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
            return await client.request(method, path, **request)

    return anyio.run(asked)


async def streamed(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    """A body without a stated length."""
    for chunk in chunks:
        yield chunk
