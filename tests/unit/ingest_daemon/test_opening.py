"""From what stands behind --source to a source: which addresses are connected to, devices that are not there, and
people who are drawn."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from footfall.errors import InputError, RefusedAddressError
from footfall.settings import load_settings
from footfall.vision.detectors.mock import MockDetector
from ingest_daemon.sources import knocking, opening
from ingest_daemon.sources.base import Source
from ingest_daemon.sources.files import Playback
from ingest_daemon.sources.guard import StreamGuard
from ingest_daemon.sources.opening import open_source
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.films import portrait
from tests.unit.ingest_daemon.hanging_camera import HangingCamera
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

STARTED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
HOME = "10.0.0.0/8,192.168.0.0/16"


def opened(text: str, tally: Tally | None = None) -> Source:
    return open_source(text, Playback(STARTED, realtime=False), load_settings(), tally or Tally())


def leads_to(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda _host, _port: list(addresses)


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "rtsp://admin:hunter2@169.254.170.2/stream",
        "http://[fd00:ec2::254]/video",
        "http://[::ffff:169.254.169.254]/video",
        "rtsp://100.100.100.200/stream",
    ],
)
def test_an_address_where_a_cloud_serves_credentials_is_refused_before_anything_starts(url: str) -> None:
    with pytest.raises(RefusedAddressError) as refusal:
        opened(url)

    assert "hunter2" not in str(refusal.value)


@pytest.mark.parametrize(
    "url", ["rtsp:///stream", "http://:80/", "rtsp://a:b@/x", "rtsp://cam:99999/x", "rtsp://[::1/x"]
)
def test_a_url_without_a_host_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="names no host"):
        opened(url)


@pytest.mark.parametrize("address", ["169.254.169.254", "169.254.9.9", "172.16.0.1", "fe80::1"])
def test_a_name_is_asked_for_at_every_attempt_and_may_not_lead_there(address: str) -> None:
    answers = itertools.chain([["192.168.1.7"], [address], ["192.168.1.7", address]], itertools.repeat(["192.168.1.7"]))
    guard = StreamGuard("rtsp://u:p@door.local/a", HOME, resolver=lambda _host, _port: next(answers))

    assert str(guard.permitted()) == "192.168.1.7"
    for _ in range(2):
        with pytest.raises(RefusedAddressError):
            guard.permitted()
    assert str(guard.permitted()) == "192.168.1.7"


@pytest.mark.parametrize(
    ("url", "address", "connected_to"),
    [
        ("rtsp://u:p%40@door.local:8554/a?b=c", "192.168.1.7", "rtsp://u:p%40@192.168.1.7:8554/a?b=c"),
        ("rtsps://door.local/a", "fd12::7", "rtsps://[fd12::7]/a"),
        ("RTSP://127.0.0.1:8554/a", "127.0.0.1", "rtsp://127.0.0.1:8554/a"),
        ("http://u:p@door.local/v", "192.168.1.7", "http://u:p@door.local/v"),
        ("https://door.example/live.m3u8", "93.184.215.14", "https://door.example/live.m3u8"),
    ],
)
def test_rtsp_goes_to_the_very_address_that_was_checked_and_http_keeps_its_name(
    url: str, address: str, connected_to: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    knocked: list[str] = []
    monkeypatch.setattr("ingest_daemon.sources.guard.knock", lambda _endpoint, at: knocked.append(str(at)))

    assert StreamGuard(url, HOME + ",fc00::/7", resolver=leads_to(address)).admitted() == connected_to
    assert knocked == [address]


def test_a_name_that_leads_where_it_must_not_is_a_camera_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    connected: list[str] = []
    monkeypatch.setattr(opening, "stream_capture", connected.append)
    monkeypatch.setattr("footfall.addresses._look_up", leads_to("169.254.169.254"))
    stop, tally = Event(), Tally()
    source = opened("http://admin:hunter2@door.local/video", tally)
    monkeypatch.setattr(stop, "wait", lambda _seconds: stop.set())

    assert list(source.frames(stop)) == []

    assert connected == []
    assert tally[Count.SOURCE_LOST] == 1
    assert "is away" in caplog.text
    assert "not one that may be connected to" in caplog.text
    assert "hunter2" not in caplog.text


def test_a_camera_that_takes_connections_and_says_nothing_never_reaches_what_others_wait_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """OpenCV opens one stream at a time: see `knocking`."""
    monkeypatch.setattr(knocking, "KNOCK_SECONDS", 0.3)
    connected: list[str] = []
    monkeypatch.setattr(opening, "stream_capture", connected.append)
    with HangingCamera(hangs=1000).serving() as hanging:
        for scheme in ("rtsp", "http", "rtsps", "https"):
            stop = Event()
            monkeypatch.setattr(stop, "wait", lambda _seconds, stop=stop: stop.set())
            assert list(opened(f"{scheme}://u:hunter2@127.0.0.1:{hanging.port}/x").frames(stop)) == []
        assert hanging.taken == 4

    assert connected == []
    assert caplog.text.count("does not answer") == 4
    assert "hunter2" not in caplog.text


def test_a_camera_that_hung_is_watched_once_it_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(knocking, "KNOCK_SECONDS", 0.3)
    with (
        MjpegCamera([portrait(1)], fps=50).serving() as door,
        HangingCamera(hangs=2, behind=door.port).serving() as hanging,
    ):
        tally = Tally()
        frame = next(opened(f"http://127.0.0.1:{hanging.port}/v", tally).frames(Event()))

    assert frame.image.shape == (240, 240, 3)
    assert tally[Count.SOURCE_LOST] == 2


def test_a_camera_on_this_machine_is_watched() -> None:
    with MjpegCamera([portrait(1)], fps=50).serving() as door:
        stop = Event()
        frame = next(opened(door.url).frames(stop))

    assert frame.image.shape == (240, 240, 3)


@pytest.mark.parametrize("text", ["63", "/dev/video63"])
def test_a_device_that_is_not_there_is_waited_for_and_named(
    text: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING)
    stop, tally = Event(), Tally()
    source = opened(text, tally)
    waits = iter([None, None])
    monkeypatch.setattr(stop, "wait", lambda _seconds: stop.set() if next(waits, "over") == "over" else None)

    assert list(source.frames(stop)) == []

    assert (source.name, source.live, source.connected) == ("/dev/video63", True, False)
    assert tally[Count.SOURCE_LOST] == 3
    assert "Camera /dev/video63 is away (1 in a row)" in caplog.text


def test_a_device_gives_its_frames_and_holds_back_as_few_as_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    """No device can be made here: the opening path, on a capture that obeys."""
    asked: list[tuple[object, ...]] = []

    class Device:
        def __init__(self, *arguments: object) -> None:
            asked.append(arguments)

        def set(self, *arguments: object) -> None:
            asked.append(arguments)

        def isOpened(self) -> bool:  # noqa: N802 - as OpenCV's
            return True

        def grab(self) -> bool:
            return True

        def retrieve(self) -> tuple[bool, object]:
            return True, np.zeros((4, 6, 3), np.uint8)

        def release(self) -> None:
            asked.append(("released",))

    monkeypatch.setattr(cv2, "VideoCapture", Device)
    source = opened("/dev/video1")
    frames = source.frames(Event())

    assert next(frames).image.shape == (4, 6, 3)
    assert source.connected
    frames.close()  # type: ignore[attr-defined]  # a generator
    assert asked == [(1, cv2.CAP_V4L2), (cv2.CAP_PROP_BUFFERSIZE, 1), ("released",)]
    assert not source.connected


def test_a_file_whose_name_is_a_number_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("7").write_text("no video")

    with pytest.raises(InputError, match="7 is no video"):
        opened("7")


def test_drawn_people_are_seen_by_the_stand_in_each_for_as_long_as_asked() -> None:
    tally = Tally()
    source = opened("synthetic:5?people=3&abreast=2&seen=0.3&apart=0.2", tally)

    frames = list(source.frames(Event()))

    assert source.frames_expected == len(frames) == tally[Count.FRAMES_READ] == 15
    assert [len(MockDetector().detect(frame.image)) for frame in frames] == [
        2,
        2,
        2,
        0,
        0,
        2,
        2,
        2,
        0,
        0,
        1,
        1,
        1,
        0,
        0,
    ]
    assert (frames[0].captured_at, frames[-1].captured_at.microsecond) == (STARTED, 400_000)
    # 0 1 | 2 0 | 1
    first, second, third = (frames[at].image for at in (0, 5, 10))
    assert np.array_equal(first[:, :160], second[:, 160:])
    assert np.array_equal(first[:, 160:], third[:, :160])


def test_the_same_cast_is_the_same_film() -> None:
    one, again, other = opened("synthetic:3"), opened("synthetic:3"), opened("synthetic:3?seed=2")

    assert one.fingerprint == again.fingerprint != other.fingerprint
    for mine, his in zip(one.frames(Event()), again.frames(Event()), strict=True):
        assert np.array_equal(mine.image, his.image)


@pytest.mark.parametrize(
    "text",
    [
        "synthetic:",
        "synthetic:0",
        "synthetic:x",
        "synthetic:3?abreast=9",
        "synthetic:3?who=1",
        "synthetic:3?seen",
        "synthetic:3?seen=nan",
    ],
)
def test_a_cast_that_cannot_be_drawn_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="cannot be drawn"):
        opened(text)
