"""A real HTTP server that speaks the routes of API v1 which a worker uses, and misbehaves when it is told to."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

from contracts.base import PrivacyMode
from contracts.events import FaceDetectedV1
from contracts.people import Decision, EventReceipt
from contracts.places import Camera

API_KEY = "ffk_0123456789abcdef_0123456789abcdef_secret-of-the-tests"
CAMERA_ID = UUID("11111111-2222-4333-8444-555555555555")


def camera(
    *,
    camera_id: UUID = CAMERA_ID,
    privacy_mode: PrivacyMode = "identify",
    enabled: bool = True,
    version: str = "mock-1",
) -> Camera:
    return Camera(
        site_id=uuid4(),
        name="Door",
        camera_id=camera_id,
        enabled=enabled,
        privacy_mode=privacy_mode,
        model_version=version,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@dataclass(frozen=True)
class Refusal:
    """An answer that is no success. `slug` None: not Footfall's, but some proxy's page."""

    status: int
    slug: str | None = "internal-error"
    headers: dict[str, str] = field(default_factory=dict)


WRONG_KEY = Refusal(401, "unauthenticated")


@dataclass(frozen=True)
class Received:
    event: FaceDetectedV1
    image: bytes | None


@dataclass
class ApiServer:
    """`refusals` are given to the next events, first come first served; then events are taken again. `camera` None:
    the API knows no such camera. `sign_in_refusal`: what signing in ends in."""

    camera: Camera | None = field(default_factory=camera)
    sign_in_refusal: Refusal | None = None
    refusals: deque[Refusal] = field(default_factory=deque)
    received: list[Received] = field(default_factory=list)
    attempts: int = 0
    sign_ins: int = 0
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def event_ids(self) -> set[UUID]:
        return {one.event.event_id for one in self.received}

    @contextmanager
    def serving(self) -> Iterator[ApiServer]:
        """Up while the context lasts; the next time on the same port."""
        server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def camera_at(self, path: str) -> Camera | None:
        """What a GET of `path` is answered with; None: not found."""
        known = self.camera
        return known if known is not None and path == f"/v1/cameras/{known.camera_id}" else None

    def take(self, event: FaceDetectedV1, image: bytes | None) -> EventReceipt:
        repeated = any(
            one.event.event_id == event.event_id and one.event.revision >= event.revision for one in self.received
        )
        self.received.append(Received(event, image))
        return EventReceipt(
            event_id=event.event_id,
            revision=event.revision,
            duplicate=repeated,
            decision=Decision(
                kind="counted" if event.embedding is None else "new_customer",
                reason="the test server decides so",
                person_kind=None if event.embedding is None else "customer",
                person_id=None if event.embedding is None else uuid4(),
                threshold_low=0.3,
                threshold_high=0.5,
                threshold_source="tests",
            ),
            committed_at=datetime.now(UTC),
        )


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True


def _handler(api: ApiServer) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # a connection each: none outlives the server that is said to be away

        def do_GET(self) -> None:
            known = api.camera_at(self.path)
            if known is None:
                self._refuse(Refusal(404, "not-found"))
            else:
                self._answer(200, known.model_dump_json())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with lock:
                if self.path == "/v1/auth/token":
                    self._sign_in(json.loads(body))
                else:
                    self._event(body)

        def _sign_in(self, grant: dict[str, str]) -> None:
            api.sign_ins += 1
            refusal = api.sign_in_refusal or (None if grant.get("api_key") == API_KEY else WRONG_KEY)
            if refusal is not None:
                self._refuse(refusal)
                return
            token = {"access_token": "t", "expires_in": 900, "tenant_id": str(uuid4()), "tenant_name": "T"}
            self._answer(200, json.dumps({**token, "role": "worker"}))

        def _event(self, body: bytes) -> None:
            api.attempts += 1
            assert self.headers["Authorization"] == "Bearer t"
            if api.refusals:
                self._refuse(api.refusals.popleft())
                return
            parts = _parts(self.headers["Content-Type"], body)
            receipt = api.take(FaceDetectedV1.model_validate_json(parts["event"]), parts.get("image"))
            self._answer(200, receipt.model_dump_json())

        def _refuse(self, refusal: Refusal) -> None:
            if refusal.slug is None:
                self._answer(refusal.status, "<html>Bad gateway</html>", "text/html", refusal.headers)
                return
            problem = {
                "type": f"urn:footfall:problem:{refusal.slug}",
                "title": "Refused",
                "status": refusal.status,
                "detail": f"the test server says {refusal.slug}",
            }
            self._answer(refusal.status, json.dumps(problem), "application/problem+json", refusal.headers)

        def _answer(
            self,
            status: int,
            body: str,
            media_type: str = "application/json",
            headers: dict[str, str] | None = None,
        ) -> None:
            content = body.encode()
            self.send_response(status)
            for name, value in {"Content-Type": media_type, **(headers or {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


def _parts(content_type: str, body: bytes) -> dict[str, bytes]:
    message = BytesParser(policy=HTTP).parsebytes(f"Content-Type: {content_type}\r\n\r\n".encode() + body)
    found: dict[str, bytes] = {}
    for part in message.iter_parts():
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        found[str(part.get_param("name", header="content-disposition"))] = content
    return found
