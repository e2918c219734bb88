"""Listeners of the live stream, in threads of their own: what they heard, and waiting for more."""

from __future__ import annotations

import json
import queue
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from tests.integration.api.harness import Json

PATIENCE_SECONDS = 30.0


@dataclass
class Listener:
    """`heard`: every message so far. The last one is of type `closed`, with the close code of a WebSocket."""

    heard: list[Json] = field(default_factory=list)
    _coming: queue.Queue[Json] = field(default_factory=queue.Queue)

    def take(self, message: Json) -> None:
        self._coming.put(message)

    def until(self, wanted: str) -> Json:
        """The next message of that type or kind; whatever came before it is in `heard`."""
        while True:
            message = self._coming.get(timeout=PATIENCE_SECONDS)
            self.heard.append(message)
            if wanted in {message["type"], message.get("kind")}:
                return message

    def kinds(self) -> list[str]:
        return [message["kind"] for message in self.heard if message["type"] == "event"]

    def ids(self) -> list[int]:
        return [message["id"] for message in self.heard if message["type"] == "event"]


@contextmanager
def listening(url: str, token: str, *, after: int | None = None, **params: str) -> Iterator[Listener]:
    """Over Server-Sent Events, from the moment at which the stream is open."""
    headers = {"Authorization": f"Bearer {token}"}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    listener = Listener()
    with (
        httpx.Client(timeout=httpx.Timeout(PATIENCE_SECONDS)) as http,
        http.stream("GET", f"{url}/v1/stream", headers=headers, params=params) as answer,
    ):
        assert answer.status_code == 200, answer.read()
        assert answer.headers["content-type"].startswith("text/event-stream")
        thread = threading.Thread(target=_read, args=(answer, listener))
        thread.start()
        listener.until("opened")
        try:
            yield listener
        finally:
            answer.extensions["network_stream"].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            thread.join()


def _read(answer: httpx.Response, listener: Listener) -> None:
    frame: dict[str, str] = {}
    try:
        for line in answer.iter_lines():
            if line:
                name, _, value = line.partition(": ")
                frame[name] = value
                continue
            if "data" in frame:
                message: Json = json.loads(frame["data"])
                assert frame["event"] == message.get("kind", message["type"])
                assert message["type"] != "event" or frame["id"] == str(message["id"])
                listener.take(message)
            elif frame:
                listener.take({"type": "ping"})
            frame = {}
    except httpx.HTTPError:
        pass
    listener.take({"type": "closed"})


@contextmanager
def socket_listening(url: str, hello: Json | None = None, **options: Any) -> Iterator[Listener]:
    """Over a WebSocket. `hello`: the first message; None where a header says it all."""
    listener = Listener()
    address = f"{url.replace('http', 'ws', 1)}/v1/stream/ws"
    with connect(address, open_timeout=PATIENCE_SECONDS, **options) as connection:
        if hello is not None:
            connection.send(json.dumps(hello))
        thread = threading.Thread(target=_receive, args=(connection, listener))
        thread.start()
        try:
            yield listener
        finally:
            connection.close()
            thread.join()


def _receive(connection: ClientConnection, listener: Listener) -> None:
    try:
        for text in connection:
            listener.take(json.loads(text))
    except ConnectionClosed:
        pass
    listener.take({"type": "closed", "code": connection.close_code, "reason": connection.close_reason})
