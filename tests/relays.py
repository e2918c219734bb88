"""Ways to a real server that a test can spoil: a line that can be cut, and an S3 that refuses to delete. What a server
does when nothing is spoilt is its own."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

_PIECE = 65_536
_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length"}


@dataclass
class Line:
    """A TCP line to `host:port`, listening on loopback at `port_here`."""

    host: str
    port: int
    listener: socket.socket
    is_cut: bool = False
    _ends: list[socket.socket] = field(default_factory=list)

    @property
    def port_here(self) -> int:
        return int(self.listener.getsockname()[1])

    def cut(self) -> None:
        """Every connection breaks off, and new ones are closed as soon as they are made."""
        self.is_cut = True
        while self._ends:
            end = self._ends.pop()
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def mend(self) -> None:
        self.is_cut = False

    def serve(self) -> None:
        """Until the listener is closed."""
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.is_cut:
                    near.close()
                    continue
                far = socket.create_connection((self.host, self.port))
                self._ends += [near, far]
                for one, other in ((near, far), (far, near)):
                    threading.Thread(target=_carry, args=(one, other), daemon=True).start()


def _carry(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while piece := one.recv(_PIECE):
            other.sendall(piece)
    with suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def line_to(uri: str) -> Iterator[Line]:
    """`uri`: http://host:port."""
    parts = urlsplit(uri)
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(parts.hostname or "127.0.0.1", parts.port or 80, listener)
    thread = threading.Thread(target=line.serve, daemon=True)
    thread.start()
    try:
        yield line
    finally:
        line.cut()
        listener.close()


class _Undeletable(BaseHTTPRequestHandler):
    """Passes every request on as it was signed, and refuses those that delete."""

    protocol_version = "HTTP/1.1"
    upstream = ""
    refusing: threading.Event

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        deletes = self.command == "DELETE" or "delete" in parse_qs(urlsplit(self.path).query, keep_blank_values=True)
        if deletes and self.refusing.is_set():
            self._answer(403, [("Content-Type", "application/xml")], b"<Error><Code>AccessDenied</Code></Error>")
            return
        connection = HTTPConnection(self.upstream, timeout=30)
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        told = [(name, value) for name, value in answer.getheaders() if name.lower() not in _HOP_BY_HOP]
        length = answer.getheader("content-length")
        self._answer(answer.status, told, answer.read(), length=length if self.command == "HEAD" else None)
        connection.close()

    def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes, *, length: str | None = None) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", length or str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _pass_on  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextmanager
def undeletable(endpoint: str) -> Iterator[tuple[str, threading.Event]]:
    """An S3 endpoint over the one at `endpoint` (host:port) that refuses to delete while the event is set, which it is
    at first."""
    refusing = threading.Event()
    refusing.set()
    handler = type("Undeletable", (_Undeletable,), {"upstream": endpoint, "refusing": refusing})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}", refusing
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
