"""A server that takes face events as the API does and keeps them in memory: for measuring the daemon alone."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.parser import BytesParser
from email.policy import HTTP
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import UUID, uuid4

import numpy as np

from contracts.access import TokenResponse
from contracts.events import FaceDetectedV1
from contracts.people import Decision, EventReceipt
from contracts.places import Camera
from footfall.vision.models.manifest import EMBEDDER
from footfall.vision.types import Float32Array


class EventSink:
    """Serves one camera while `serving` lasts, in a thread of its own."""

    def __init__(self, camera_id: UUID) -> None:
        self.camera_id = camera_id
        self.events: list[FaceDetectedV1] = []
        self._port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @contextmanager
    def serving(self) -> Iterator[None]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        server.daemon_threads = True
        self._port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def templates(self) -> Float32Array:
        """(n, 512) float32 of the last revisions' templates, one for each event that has one."""
        last = {event.event_id: event for event in sorted(self.events, key=lambda one: one.revision)}
        vectors = [
            np.frombuffer(base64.b64decode(event.embedding.vector), "<f4")
            for event in last.values()
            if event.embedding is not None
        ]
        return np.stack(vectors).astype(np.float32) if vectors else np.zeros((0, 512), np.float32)

    def camera(self) -> Camera:
        return Camera(
            site_id=uuid4(),
            name="benchmark",
            camera_id=self.camera_id,
            enabled=True,
            privacy_mode="identify",
            model_version=EMBEDDER.version,
            created_at=datetime.now(UTC),
        )

    def take(self, event: FaceDetectedV1) -> EventReceipt:
        self.events.append(event)
        return EventReceipt(
            event_id=event.event_id,
            revision=event.revision,
            duplicate=False,
            decision=Decision(
                kind="counted",
                reason="a benchmark decides nothing",
                threshold_low=0.3,
                threshold_high=0.5,
                threshold_source="benchmark",
            ),
            committed_at=datetime.now(UTC),
        )


def _handler(sink: EventSink) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path == f"/v1/cameras/{sink.camera_id}":
                self._answer(200, sink.camera().model_dump_json())
            else:
                self._answer(404, "{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/v1/auth/token":
                granted = TokenResponse(
                    access_token="a-benchmark",  # noqa: S106 - opens nothing
                    expires_in=3600,
                    tenant_id=uuid4(),
                    tenant_name="benchmark",
                    role="worker",
                )
                self._answer(200, granted.model_dump_json())
                return
            message = BytesParser(policy=HTTP).parsebytes(
                b"Content-Type: " + self.headers["Content-Type"].encode() + b"\r\n\r\n" + body
            )
            for part in message.iter_parts():
                content = part.get_payload(decode=True)
                if part.get_param("name", header="content-disposition") == "event" and isinstance(content, bytes):
                    self._answer(200, sink.take(FaceDetectedV1.model_validate_json(content)).model_dump_json())
                    return
            self._answer(400, "{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the daemon counts."""

        def _answer(self, status: int, text: str) -> None:
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler
