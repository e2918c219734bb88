"""A real HLS camera that is cut off, stalled, changed and brought back. Skipped where GStreamer is not installed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_daemon.sources import live
from ingest_daemon.tally import Count
from tests.integration.ingest_daemon.hls_camera import HlsCamera, missing
from tests.integration.ingest_daemon.watching import Watching, eventually

pytestmark = pytest.mark.e2e


@pytest.fixture
def camera(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HlsCamera]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 4_000)
    folder = tmp_path / "segments"
    folder.mkdir()
    one = HlsCamera(folder)
    one.film()
    yield one
    one.stop_filming()


def test_a_camera_that_films_no_more_is_given_up_and_found_again(camera: HlsCamera) -> None:
    eventually(lambda: camera.ready)
    with camera.serving():
        watching = Watching(camera.url)
        try:
            watching.more(lambda frame: frame.image.shape == (240, 320, 3))

            camera.stop_filming()
            eventually(lambda: not watching.source.connected)
            camera.film()

            watching.more(lambda frame: frame.image.shape == (240, 320, 3))
            assert watching.tally[Count.SOURCE_LOST] >= 1
        finally:
            watching.close()


def test_a_camera_whose_server_goes_away_is_found_again_with_another_picture(camera: HlsCamera) -> None:
    eventually(lambda: camera.ready)
    with camera.serving():
        watching = Watching(camera.url)
        watching.more(lambda frame: frame.image.shape == (240, 320, 3))
    try:
        eventually(lambda: not watching.source.connected)
        camera.film(codec="h265", width=640, height=480)
        eventually(lambda: camera.ready)
        with camera.serving():
            watching.more(lambda frame: frame.image.shape == (480, 640, 3))
    finally:
        watching.close()
