"""A real HTTP server on loopback that answers from a script and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def token(self) -> str | None:
        return self.headers.get("authorization", "").removeprefix("Bearer ") or None


@dataclass(frozen=True)
class Reply:
    status: int = 200
    body: bytes = b"{}"
    content_type: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)


def as_json(document: object, status: int = 200, content_type: str = "application/json", **headers: str) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(status, json.dumps(document).encode(), content_type, named)


class FakeServer:
    """`answers` decides; the default hands out tokens `token-1`, `token-2` ... and 404s everything else."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.connections: set[tuple[str, int]] = set()
        self.answers: Callable[[Asked], Reply] = lambda _: Reply(404)
        self.expires_in_seconds = 900
        self.tokens_issued = 0
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("content-length") or 0)
                asked = Asked(
                    self.command,
                    self.path,
                    {name.lower(): value for name, value in self.headers.items()},
                    self.rfile.read(length),
                )
                reply = outer._reply(asked, (str(self.client_address[0]), int(self.client_address[1])))
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("content-type", reply.content_type)
                self.send_header("content-length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body)

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the base class looks for these names

            def log_message(self, format: str, *args: Any) -> None:
                """Keeps the tests' output clean."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def calls(self, path: str) -> list[Asked]:
        return [asked for asked in self.asked if asked.path.partition("?")[0] == path]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _reply(self, asked: Asked, peer: tuple[str, int]) -> Reply:
        with self._lock:
            self.asked.append(asked)
            self.connections.add(peer)
            if asked.path != "/v1/auth/token":
                return self.answers(asked)
            self.tokens_issued += 1
            number = self.tokens_issued
        return as_json(
            {
                "access_token": f"token-{number}",
                "token_type": "Bearer",
                "expires_in": self.expires_in_seconds,
                "tenant_id": "00000000-0000-4000-8000-000000000001",
                "tenant_name": "Acme",
                "role": "worker",
            }
        )
