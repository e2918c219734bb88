"""A camera that gives pictures and sees nothing: its daemon says so, once, in the log and in its status."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import httpx
import numpy as np
import pytest

from cli.stack.ports import free_ports
from footfall.settings import load_settings
from ingest_daemon.daemon import run_cameras
from ingest_daemon.playing import Run
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, ApiServer
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

SECRET = "a secret of this host alone"


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.05)


def test_a_camera_whose_picture_is_black_says_so_until_it_sees_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    [port] = free_ports(1)
    door, stop = MjpegCamera([np.zeros((240, 240, 3), np.uint8)], fps=10), Event()
    how = Run(realtime=False, started_at=None, until_end=True)

    def trouble() -> str | None:
        answer = httpx.get(f"http://127.0.0.1:{port}/v1/status", headers={"Authorization": f"Bearer {SECRET}"})
        found = answer.json()["trouble"]
        assert found is None or isinstance(found, str)
        return found

    with ApiServer().serving() as api, ThreadPoolExecutor(1) as pool:
        settings = load_settings(
            home=tmp_path,
            offline=True,
            api={"url": api.url},
            ingest={"api_key": API_KEY, "port": port, "surface_secret": SECRET},
        )
        with door.serving():
            running = pool.submit(run_cameras, settings, {CAMERA_ID: door.url}, how, stop=stop)
            try:
                eventually(lambda: "the picture is black" in caplog.text or running.done())
                assert trouble() == "the picture is black"
            except BaseException:
                stop.set()
                raise
        door.pictures = [portrait(1)]
        with door.serving():
            try:
                eventually(lambda: "sees again" in caplog.text or running.done())
                assert trouble() is None
            finally:
                stop.set()
                running.result(60)

    assert caplog.text.count("the picture is black") == 1
    assert caplog.text.count("sees again") == 1
    assert "hunter2" not in caplog.text
