"""Following the live stream over Server-Sent Events: a part of `FootfallClient`. What a message means for whoever
follows is theirs."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from client.errors import ApiUnavailable
from client.transport import Parameter
from contracts.live import StreamMessage

SILENCE_SECONDS = 45.0
"""The server says something every 15 seconds; one that says nothing for three times that is gone."""
_MESSAGE: TypeAdapter[StreamMessage] = TypeAdapter(StreamMessage)


class _Streams(Protocol):
    def _lines(
        self, path: str, *, params: Mapping[str, Parameter], headers: Mapping[str, str], silence_seconds: float
    ) -> AbstractContextManager[Iterator[str]]: ...


class StreamOperations:
    """What happens, as it happens. Raises as the methods of `FootfallClient`."""

    def follow(self: _Streams, *, after: int | None = None, site_id: UUID | None = None) -> Generator[StreamMessage]:
        """Messages until the stream ends: the last one is StreamEnded, or ApiUnavailable is raised. Begin again with
        the id of the last event; `after` None: from now on. Close the iterator to leave."""
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": str(after)})
        with self._lines(
            "/v1/stream", params={"site_id": site_id}, headers=headers, silence_seconds=SILENCE_SECONDS
        ) as lines:
            for line in lines:
                name, _, value = line.partition(": ")
                if name == "data":
                    yield _message(value)


def _message(text: str) -> StreamMessage:
    try:
        return _MESSAGE.validate_json(text, extra="ignore")
    except ValidationError:
        # Not chained: pydantic's message quotes what was sent.
        raise ApiUnavailable("The stream holds a message of another kind than this client knows.") from None
