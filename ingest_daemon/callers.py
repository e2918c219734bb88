"""The server under the daemon's surface: so many callers at a time. What they are answered is `surface`'s."""

from __future__ import annotations

import logging
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import socket
from threading import BoundedSemaphore

from prometheus_client import Counter

logger = logging.getLogger(__name__)

MOST_CALLERS = 32
"""Connections answered at a time: a camera host has few threads and little memory to give to whoever reaches it."""
_Request = socket | tuple[bytes, socket]


class CallersServer(ThreadingHTTPServer):
    """A thread for each caller, of whom `refused` counts those over MOST_CALLERS."""

    # Who comes while as many are taken or refused. With the standard library's five the kernel turns the next away, who
    # tries again a second later.
    request_queue_size = 2 * MOST_CALLERS
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open must not hold up the end

    def __init__(self, address: tuple[str, int], handler: type[BaseHTTPRequestHandler], refused: Counter) -> None:
        self._free = BoundedSemaphore(MOST_CALLERS)
        self._refused = refused
        super().__init__(address, handler)

    def process_request(self, request: _Request, client_address: object) -> None:
        if not self._free.acquire(blocking=False):
            self._refused.inc()
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread could be started
            self._free.release()
            raise

    def process_request_thread(self, request: _Request, client_address: object) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._free.release()

    def handle_error(self, _request: object, _client_address: object) -> None:
        # A handshake that failed, a caller that left: the standard library would print a traceback.
        logger.debug("a caller of the surface failed")
