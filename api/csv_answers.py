"""Answers in CSV: when a caller wants one, and one that is made while it is sent. What stands in it is
`footfall.exports`'."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Generator
from contextlib import AsyncExitStack
from typing import Any

import anyio
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

logger = logging.getLogger(__name__)

MEDIA_TYPE = "text/csv"
CSV_TYPE = f"{MEDIA_TYPE}; charset=utf-8; header=present"

CSV_CONTENT: dict[str, Any] = {MEDIA_TYPE: {"schema": {"type": "string"}}}
"""For the OpenAPI document, beside or in place of JSON."""


def wants_csv(request: Request) -> bool:
    """Whether `format` says so or, without it, the Accept header ranks text/csv over JSON, which is the answer to
    everything else."""
    asked = request.query_params.get("format")
    if asked is not None:
        return asked == "csv"
    ranks = {"text/csv": 0.0, "application/json": 0.0}
    for part in request.headers.get("accept", "").split(","):
        media_type, *parameters = (piece.strip().lower() for piece in part.split(";"))
        for name in ranks:
            if media_type == name:
                ranks[name] = _quality(parameters)
    return ranks["text/csv"] > ranks["application/json"]


def attachment(filename: str) -> dict[str, str]:
    """`filename` is of the code, and plain."""
    return {"Content-Disposition": f'attachment; filename="{filename}"', "Vary": "Accept"}


def csv_answer(content: bytes, filename: str) -> Response:
    return Response(content, media_type=CSV_TYPE, headers=attachment(filename))


class CsvStream(StreamingResponse):
    """Pieces that a generator makes in threads, each when the caller has taken the one before. However the answer ends,
    by the caller's leaving too, the generator is closed, which gives back what it holds, and `held` after it."""

    def __init__(
        self,
        first: bytes,
        rest: Generator[bytes],
        *,
        filename: str,
        within_seconds: float,
        held: AsyncExitStack,
    ) -> None:
        super().__init__(self._pieces(first), media_type=CSV_TYPE, headers=attachment(filename))
        self._rest = rest
        self._within_seconds = within_seconds
        self._held = held

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            with anyio.fail_after(self._within_seconds):
                await super().__call__(scope, receive, send)
        except TimeoutError:
            # The answer has begun: breaking it off is the one way to say that it is not whole.
            logger.warning("an export was not taken within %g s", self._within_seconds)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                await to_thread.run_sync(self._rest.close)
                await self._held.aclose()

    async def _pieces(self, first: bytes) -> AsyncIterator[bytes]:
        yield first
        while (piece := await to_thread.run_sync(next, self._rest, None)) is not None:
            yield piece


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(1.0, max(0.0, float(value)))
            except ValueError:
                return 0.0
    return 1.0
