"""HTTP by hand, for requests that a well-behaved client cannot leave unfinished."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

import httpx

from tests.integration.api.harness import Caller

PART_HEAD = b"--x\r\nContent-Disposition: form-data; name=image; filename=a\r\n\r\n"
"""Begins a multipart body with the boundary x."""


class RawCaller:
    """Speaks HTTP by hand, to leave requests unfinished."""

    def __init__(self, http: httpx.Client) -> None:
        address = urlsplit(str(http.base_url))
        assert address.hostname is not None
        assert address.port is not None
        self._socket = socket.create_connection((address.hostname, address.port), timeout=10)

    def __enter__(self) -> RawCaller:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def send(self, data: bytes) -> None:
        self._socket.sendall(data)

    def status(self) -> int:
        received = b""
        while b"\r\n" not in received:
            received += self._socket.recv(4096)
        return int(received.split(b" ", 2)[1])


def head(caller: Caller, path: str, *more: str) -> bytes:
    """Request line and headers of a POST."""
    lines = [f"POST {path} HTTP/1.1", "Host: api", f"Authorization: Bearer {caller.token}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"
