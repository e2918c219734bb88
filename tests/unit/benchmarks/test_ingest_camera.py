"""The ingest benchmark's cameras: pictures at their time, and none kept back for a slow reader."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

from benchmarks.ingest_camera import BOUNDARY, Cameras
from benchmarks.ingest_clips import EMPTY_SECONDS, WIDE, WIDE_FPS, wide_pictures
from tests.unit.ingest_daemon.films import visits_film


@contextmanager
def shown(pictures: list[bytes], seconds: float) -> Iterator[tuple[Cameras, socket.socket]]:
    """Cameras, and somebody who looks at one of them."""
    with Cameras(pictures, seconds=seconds) as cameras:
        thread = threading.Thread(target=cameras.serve_forever, args=(0.02,))
        thread.start()
        try:
            with socket.create_connection(("127.0.0.1", cameras.server_port), timeout=30) as looking:
                looking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
                looking.sendall(b"GET /video.mjpg HTTP/1.0\r\n\r\n")
                yield cameras, looking
        finally:
            cameras.shutdown()
            thread.join()


def until(looking: socket.socket, words: bytes) -> bytes:
    seen = b""
    while words not in seen:
        seen += looking.recv(1_000_000)
    return seen


def test_pictures_come_in_their_order_and_after_them_the_empty_scene() -> None:
    with shown([b"<one>", b"<two>", b"<none>"], 0.3) as (cameras, looking):
        seen = until(looking, b"<none>")
        assert cameras.played.acquire(timeout=30)
        seen += until(looking, b"<none>")

    assert seen.index(b"<one>") < seen.index(b"<two>") < seen.index(b"<none>")
    assert seen.count(b"--" + BOUNDARY.encode()) >= 4


def test_a_slow_reader_misses_pictures() -> None:
    pictures = [f"<{number:03}>".encode() + bytes(2_000_000) for number in range(100)]
    with shown(pictures, 60) as (_, looking):
        until(looking, b"<000>")
        # Nothing is read meanwhile: the first picture is stuck on its way.
        time.sleep(0.6)
        seen = until(looking, b"\r\n\r\n<") + looking.recv(4, socket.MSG_WAITALL)

    next_number = int(seen.partition(b"\r\n\r\n<")[2][:3])
    assert next_number >= 0.6 * WIDE_FPS - 1


def test_a_clip_becomes_wide_with_an_empty_scene_at_its_end(tmp_path: Path) -> None:
    pictures = wide_pictures(visits_film(tmp_path / "film.avi", 1, fps=20))

    assert len(pictures) == WIDE_FPS * (2 + EMPTY_SECONDS)
    assert all(picture.shape == (WIDE[1], WIDE[0], 3) for picture in pictures)
    assert float(np.std(pictures[-1])) == 0 < float(np.std(cv2.cvtColor(pictures[0], cv2.COLOR_BGR2GRAY)))
