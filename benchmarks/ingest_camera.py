"""Cameras for the ingest benchmark, in a process of their own: a clip's pictures as MJPEG over HTTP, as cheap cameras
give them, each when its time has come. Nothing is measured here.

A reader that is slow misses pictures: what can wait on the way is held small, so that no delay hides there.
"""

from __future__ import annotations

import argparse
import socket
import sys
import threading
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import cv2

from benchmarks.ingest_clips import WIDE_FPS, wide_pictures

BOUNDARY = "picture"
PLAYED = "played"
"""The line that says that every camera has shown the clip for as long as was asked."""
_ON_THE_WAY_BYTES = 65_536
"""Of what was sent and not read, on this side: no more than about one picture."""


class Cameras(ThreadingHTTPServer):
    """Every connection is a camera that shows `pictures` (JPEG) from the first on, over and over, for `seconds`, and
    then the last of them, which is empty, for as long as somebody looks."""

    daemon_threads = True

    def __init__(self, pictures: Sequence[bytes], *, seconds: float) -> None:
        super().__init__(("127.0.0.1", 0), _Camera)
        self.pictures = pictures
        self.seconds = seconds
        self.played = threading.Semaphore(0)

    def handle_error(self, request: object, client_address: object) -> None:
        """Who hangs up, and who knocks without asking for anything, is no error of the camera's."""


class _Camera(BaseHTTPRequestHandler):
    server: Cameras

    def do_GET(self) -> None:
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _ON_THE_WAY_BYTES)
        self.send_response(200)
        self.send_header("Content-Type", f"multipart/x-mixed-replace;boundary={BOUNDARY}")
        self.end_headers()
        began, number, told = time.monotonic(), 0, False
        while True:
            played = number / WIDE_FPS >= self.server.seconds
            if played and not told:
                told = True
                self.server.played.release()
            picture = self.server.pictures[-1 if played else number % len(self.server.pictures)]
            head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(picture)}\r\n\r\n"
            self.wfile.write(head.encode() + picture + b"\r\n")
            # Pictures whose time went by while the reader was slow are never shown.
            number = max(number + 1, int((time.monotonic() - began) * WIDE_FPS))
            time.sleep(max(0.0, began + number / WIDE_FPS - time.monotonic()))

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the daemon counts."""


def main(argv: Sequence[str] | None = None) -> int:
    """Prints the port, and PLAYED once so many cameras have shown the clip; then goes on until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest_camera")
    parser.add_argument("video", type=Path)
    parser.add_argument("--cameras", type=int, required=True)
    parser.add_argument("--seconds", type=float, required=True)
    arguments = parser.parse_args(argv)
    pictures = [cv2.imencode(".jpg", picture)[1].tobytes() for picture in wide_pictures(arguments.video)]
    with Cameras(pictures, seconds=arguments.seconds) as cameras:
        threading.Thread(target=cameras.serve_forever, daemon=True).start()
        print(cameras.server_port, flush=True)
        for _ in range(arguments.cameras):
            cameras.played.acquire()
        print(PLAYED, flush=True)
        sys.stdin.read()
    return 0


if __name__ == "__main__":
    sys.exit(main())
