"""The daemon's own HTTP surface: health, readiness and metrics for everybody; status, snapshots and commands for those
whom the gate lets in. The documents are made in `status`, pictures in `snapshot`, commands carried out in `commands`.

The standard library's server on purpose: a handful of answers to a supervisor, a scraper and the API need no framework,
and a camera host has little memory to give to one.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from threading import Thread
from typing import Protocol
from urllib.parse import urlsplit
from uuid import UUID

from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from pydantic import BaseModel, ValidationError

from contracts.commands import CommandOrder
from contracts.problems import Problem
from contracts.reports import Readiness
from footfall.errors import ConfigurationError, FootfallError
from ingest_daemon.callers import CallersServer
from ingest_daemon.metrics import callers_refused
from ingest_daemon.operated import Operated
from ingest_daemon.snapshot import safe_picture
from ingest_daemon.surface_access import Gate

logger = logging.getLogger(__name__)

_JSON = "application/json"
_PROBLEM = "application/problem+json"
_MOST_ORDER_BYTES = 16_384
_LONGEST_LENGTH = 10
_SNAPSHOT_PARTS = ("v1", "cameras", "snapshot")


class Reporting(Protocol):
    """What the daemon says of itself."""

    def readiness(self) -> Readiness: ...

    def report(self) -> BaseModel: ...


@dataclass(frozen=True, slots=True)
class Guarded:
    """What only those get whom `gate` lets in. `accept`: takes a command; None on a host that has not registered."""

    gate: Gate
    daemon: Operated
    accept: Callable[[CommandOrder], bool] | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    status: HTTPStatus
    media_type: str
    content: bytes


def tls_context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    """With `client_ca`, callers must show a certificate of it. Raises ConfigurationError."""
    try:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)
        if client_ca is not None:
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"The surface's certificates cannot be used: {error.strerror or type(error).__name__}.",
            hint="FOOTFALL_INGEST__TLS_CERTIFICATE, __TLS_KEY and __TLS_CLIENT_CA are PEM files.",
        ) from error
    return context


class Surface:
    """Serves from a thread of its own between `open` and `close`."""

    def __init__(self, server: CallersServer, *, tls: bool) -> None:
        self._server = server
        self._scheme = "https" if tls else "http"
        self._thread = Thread(target=server.serve_forever, name="surface", daemon=True, args=(0.2,))
        self._thread.start()

    @classmethod
    def open(
        cls,
        host: str,
        port: int,
        state: Reporting,
        registry: CollectorRegistry,
        *,
        guarded: Guarded | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> Surface:
        """Listens on `port`, or on a free one when that is taken: a second worker on the machine must not fail for
        want of a status page. Without `guarded` nobody is let in."""
        handler, refused = _handler(state, registry, guarded), callers_refused(registry)
        try:
            server = CallersServer((host, port), handler, refused)
        except OSError as error:
            server = CallersServer((host, 0), handler, refused)
            logger.warning("Port %d cannot be had (%s); serving on %d.", port, error.strerror, server.server_port)
        if tls is not None:
            # The handshake is left to the thread that answers: one that dawdles must hold up nobody else.
            server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
        return cls(server, tls=tls is not None)

    @property
    def url(self) -> str:
        host = str(self._server.server_address[0])
        return f"{self._scheme}://{f'[{host}]' if ':' in host else host}:{self._server.server_port}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def _handler(state: Reporting, registry: CollectorRegistry, guarded: Guarded | None) -> type[BaseHTTPRequestHandler]:
    def ready() -> Answer:
        readiness = state.readiness()
        status = HTTPStatus.OK if readiness.ready else HTTPStatus.SERVICE_UNAVAILABLE
        return Answer(status, _JSON, readiness.model_dump_json().encode())

    public: dict[str, Callable[[], Answer]] = {
        "/healthz": lambda: Answer(HTTPStatus.OK, _JSON, b'{"status":"ok"}'),
        "/readyz": ready,
        "/metrics": lambda: Answer(HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)),
    }

    class Handler(BaseHTTPRequestHandler):
        server_version, sys_version = "footfall-ingest", ""
        protocol_version = "HTTP/1.1"
        timeout = 10  # seconds a connection may stay silent

        def do_GET(self) -> None:
            self._reply(self._read())

        def do_HEAD(self) -> None:
            self._reply(self._read(), body=False)

        def do_POST(self) -> None:
            self._reply(self._ordered())

        def log_message(self, format: str, *args: object) -> None:
            logger.debug(format, *args)

        def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:  # noqa: ARG002
            """What the standard library refuses by itself, without its page."""
            self.close_connection = True
            self.request_version = self.protocol_version  # what it takes for HTTP/0.9 would get no head
            self._reply(_problem(HTTPStatus(code), "invalid-request", message or HTTPStatus(code).phrase, ""))

        def _read(self) -> Answer:
            path = _path_of(self.path)
            if path in public:
                return public[path]()
            camera_id = _snapshot_of(path)
            if path != "/v1/status" and camera_id is None:
                return _not_found(path)
            allowed = self._let_in()
            if allowed is None:
                return _unauthenticated(path)
            if camera_id is None:
                return Answer(HTTPStatus.OK, _JSON, state.report().model_dump_json().encode())
            return _snapshot(path, allowed, camera_id)

        def _ordered(self) -> Answer:
            path = _path_of(self.path)
            length = self.headers.get("Content-Length", "")
            refused = _refused_length(length, path)
            if refused is not None:
                self.close_connection = True  # what was not read would be taken for the next request
                return refused
            body = self.rfile.read(int(length))
            if path != "/v1/commands":
                return _not_found(path)
            allowed = self._let_in()
            if allowed is None:
                return _unauthenticated(path)
            if allowed.accept is None:
                return _problem(HTTPStatus.CONFLICT, "conflict", "This host has not registered as a worker.", path)
            try:
                order = CommandOrder.model_validate_json(body)
            except ValidationError:
                return _problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid-request", "This is no command.", path)
            new = allowed.accept(order)
            return Answer(HTTPStatus.ACCEPTED, _JSON, b'{"new":true}' if new else b'{"new":false}')

        def _let_in(self) -> Guarded | None:
            if guarded is not None and guarded.gate.lets_in(self.headers.get("Authorization")):
                return guarded
            return None

        def _reply(self, answer: Answer, *, body: bool = True) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.media_type)
            self.send_header("Content-Length", str(len(answer.content)))
            self.send_header("Cache-Control", "no-store")
            self.send_header("X-Content-Type-Options", "nosniff")
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self.send_header("WWW-Authenticate", "Bearer")
            self.end_headers()
            if body:
                self.wfile.write(answer.content)

    return Handler


def _refused_length(length: str, path: str) -> Answer | None:
    """By the value of the Content-Length header."""
    if not length.isdecimal():
        return _problem(HTTPStatus.LENGTH_REQUIRED, "invalid-request", "Say how long the body is.", path)
    if len(length) > _LONGEST_LENGTH or int(length) > _MOST_ORDER_BYTES:
        return _problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request-too-large", "The body is too large.", path)
    return None


def _path_of(target: str) -> str:
    """Empty, which is no route, for a target that is no address."""
    try:
        return urlsplit(target).path
    except ValueError:
        return ""


def _snapshot_of(path: str) -> UUID | None:
    parts = path.strip("/").split("/")
    if len(parts) == 4 and (parts[0], parts[1], parts[3]) == _SNAPSHOT_PARTS:
        try:
            return UUID(parts[2])
        except ValueError:
            return None
    return None


def _snapshot(path: str, guarded: Guarded, camera_id: UUID) -> Answer:
    camera = next((one for one in guarded.daemon.cameras if one.camera_id == camera_id), None)
    if camera is None:
        return _problem(HTTPStatus.NOT_FOUND, "not-found", "This worker does not watch that camera.", path)
    picture = camera.picture()
    if picture is None:
        return _problem(HTTPStatus.CONFLICT, "conflict", "The camera is stopped, or has given no picture yet.", path)
    vision = guarded.daemon.vision
    try:
        safe = safe_picture(picture, None if vision is None else vision.detector, camera.privacy_mode)
    except FootfallError as error:
        return _problem(HTTPStatus.CONFLICT, error.slug, error.message, path)
    return Answer(HTTPStatus.OK, "image/jpeg", safe.jpeg)


def _not_found(path: str) -> Answer:
    return _problem(
        HTTPStatus.NOT_FOUND,
        "no-such-route",
        "This worker answers /healthz, /readyz, /metrics, /v1/status, /v1/cameras/{id}/snapshot and /v1/commands.",
        path,
    )


def _unauthenticated(path: str) -> Answer:
    return _problem(
        HTTPStatus.UNAUTHORIZED,
        "unauthenticated",
        "This needs the server's token, or the host's own secret (FOOTFALL_INGEST__SURFACE_SECRET).",
        path,
    )


def _problem(status: HTTPStatus, slug: str, detail: str, path: str) -> Answer:
    problem = Problem(
        type=f"urn:footfall:problem:{slug}",
        title=status.phrase,
        status=status,
        detail=detail,
        instance=path,
    )
    return Answer(status, _PROBLEM, problem.model_dump_json().encode())
