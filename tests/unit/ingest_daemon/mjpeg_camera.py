"""A real network camera on loopback: MJPEG over HTTP, as cheap ones speak it. It can fall silent, and hang up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

import cv2

from footfall.vision.types import BgrImage

BOUNDARY = "frame"


@dataclass
class MjpegCamera:
    """Sends `pictures` over and over, `fps` a second; hangs up after `frames_each` frames of a connection (None:
    never), or falls silent after `silent_after` without hanging up. `connections` counts the clients it had."""

    pictures: list[BgrImage]
    fps: float = 25.0
    frames_each: int | None = None
    silent_after: int | None = None
    port: int = 0
    connections: int = 0
    hang_up: Event = field(default_factory=Event)
    fell_silent: Event = field(default_factory=Event)

    @property
    def url(self) -> str:
        return f"http://admin:hunter2@127.0.0.1:{self.port}/video.mjpg"

    @contextmanager
    def serving(self) -> Iterator[MjpegCamera]:
        """On while the context lasts; the next time at the same address."""
        self.hang_up.clear()
        server = _Server(("127.0.0.1", self.port), _handler(self))
        self.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield self
        finally:
            self.hang_up.set()
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hung up is no error of the camera's."""


def _handler(camera: MjpegCamera) -> type[BaseHTTPRequestHandler]:
    encoded = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in camera.pictures]

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            camera.connections += 1
            self.send_response(200)
            self.send_header("Content-Type", f"multipart/x-mixed-replace;boundary={BOUNDARY}")
            self.end_headers()
            sent = 0
            while not camera.hang_up.wait(1 / camera.fps) and sent != camera.frames_each:
                if sent == camera.silent_after:
                    camera.fell_silent.set()
                    camera.hang_up.wait()
                    return
                data = encoded[sent % len(encoded)]
                head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
                self.wfile.write(head.encode() + data + b"\r\n")
                sent += 1

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler
