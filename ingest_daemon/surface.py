"""The daemon's own HTTP surface: health, readiness, metrics, status. The documents are made in `status`.

The standard library's server on purpose: four read-only answers to a supervisor and a scraper need no framework, and
a camera host has little memory to give to one.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

from contracts.problems import Problem
from ingest_daemon.status import DaemonState

logger = logging.getLogger(__name__)

_JSON = "application/json"
Answer = tuple[HTTPStatus, str, bytes]


class Surface:
    """Serves from a thread of its own between `open` and `close`."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = Thread(target=server.serve_forever, name="surface", daemon=True, args=(0.2,))
        self._thread.start()

    @classmethod
    def open(cls, host: str, port: int, state: DaemonState, registry: CollectorRegistry) -> Surface:
        """Listens on `port`, or on a free one when that is taken: a second worker on the machine must not fail for
        want of a status page."""
        handler = _handler(routes(state, registry))
        try:
            server = _Server((host, port), handler)
        except OSError as error:
            server = _Server((host, 0), handler)
            logger.warning("Port %d cannot be had (%s); serving on %d.", port, error.strerror, server.server_port)
        return cls(server)

    @property
    def url(self) -> str:
        host = str(self._server.server_address[0])
        return f"http://{f'[{host}]' if ':' in host else host}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # a client that keeps its connection open must not hold up the end


def routes(state: DaemonState, registry: CollectorRegistry) -> dict[str, Callable[[], Answer]]:
    def ready() -> Answer:
        readiness = state.readiness()
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return status, _JSON, readiness.model_dump_json().encode()

    return {
        "/healthz": lambda: (HTTPStatus.OK, _JSON, b'{"status":"ok"}'),
        "/readyz": ready,
        "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)),
        "/v1/status": lambda: (HTTPStatus.OK, _JSON, state.report().model_dump_json().encode()),
    }


def _handler(answers: dict[str, Callable[[], Answer]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "footfall-ingest", ""
        protocol_version = "HTTP/1.1"
        timeout = 10  # seconds a connection may stay silent

        def do_GET(self) -> None:
            self._reply(body=True)

        def do_HEAD(self) -> None:
            self._reply(body=False)

        def log_message(self, format: str, *args: object) -> None:
            logger.debug(format, *args)

        def _reply(self, *, body: bool) -> None:
            path = urlsplit(self.path).path
            answer = answers.get(path)
            status, media_type, content = answer() if answer else _not_found(path)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if body:
                self.wfile.write(content)

    return Handler


def _not_found(path: str) -> Answer:
    problem = Problem(
        type="urn:footfall:problem:no-such-route",
        title="There is nothing at this address",
        status=HTTPStatus.NOT_FOUND,
        detail="This worker answers /healthz, /readyz, /metrics and /v1/status.",
        instance=path,
    )
    return HTTPStatus.NOT_FOUND, "application/problem+json", problem.model_dump_json().encode()
