"""Films and folders of pictures as sources, and files that are neither."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import cv2
import numpy as np
import pytest

from footfall.errors import InputError, NotAVideoError
from footfall.settings import Settings, load_settings
from ingest_daemon.sources.base import Cadence, Frame
from ingest_daemon.sources.files import SECONDS_PER_PICTURE, PictureFolder, Playback, VideoFile
from ingest_daemon.sources.live import LiveSource
from ingest_daemon.sources.opening import open_source
from ingest_daemon.tally import Count, Tally
from tests.unit.ingest_daemon.films import portrait, visits_film, write_film

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)
EVERY_FRAME = Playback(START, realtime=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path, offline=True)


def seconds(frames: list[Frame]) -> list[float]:
    return [round((frame.captured_at - START).total_seconds(), 3) for frame in frames]


def test_every_frame_of_a_film_is_given_in_its_own_time(tmp_path: Path) -> None:
    tally = Tally()
    film = VideoFile.open(visits_film(tmp_path / "film.avi", 1, seconds_each=1.0), EVERY_FRAME, tally)

    frames = list(film.frames(Event()))

    assert seconds(frames) == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert [frame.index for frame in frames] == list(range(10))
    assert [frame.continuous for frame in frames] == [False] + [True] * 9
    assert frames[0].image.shape == (240, 240, 3)
    assert tally[Count.FRAMES_READ] == film.frames_expected == 10


def test_every_frame_of_a_film_is_given(tmp_path: Path) -> None:
    tally = Tally()
    path = visits_film(tmp_path / "film.avi", 1, seconds_each=2.0, fps=30.0)
    film = VideoFile.open(path, Playback(START, realtime=False), tally)

    frames = list(film.frames(Event()))

    assert seconds(frames) == pytest.approx([step / 30 for step in range(60)], abs=0.002)
    assert tally[Count.FRAMES_READ] == 60


def test_thinning_keeps_to_its_grid_when_the_rates_do_not_divide() -> None:
    cadence = Cadence(0.1)

    taken = [index / 25 for index in range(250) if cadence.is_due(index / 25)]

    assert len(taken) == 100


def test_thinning_recovers_from_a_clock_that_jumps() -> None:
    cadence = Cadence(0.1)

    assert [cadence.is_due(at) for at in (100.0, 100.05, 100.1, 200.0, 200.05, 50.0, 50.05, 50.1)] == [
        True, False, True, True, False, True, False, True,
    ]  # fmt: skip


def test_a_film_without_a_stated_start_has_just_ended(tmp_path: Path) -> None:
    path = visits_film(tmp_path / "film.avi", 1, seconds_each=60.0)

    film = VideoFile.open(path, Playback(None, realtime=False), Tally())

    assert film.started_at is not None
    ended = film.started_at + timedelta(seconds=60)
    assert abs(ended - datetime.now(UTC)) < timedelta(seconds=10)


def test_at_its_own_speed_a_film_starts_now_and_takes_its_time(tmp_path: Path) -> None:
    path = visits_film(tmp_path / "film.avi", 1, seconds_each=0.6)
    film = VideoFile.open(path, Playback(None, realtime=True), Tally())
    began = time.monotonic()

    frames = list(film.frames(Event()))

    assert time.monotonic() - began >= 0.5
    assert film.started_at is not None
    assert abs(film.started_at - datetime.now(UTC)) < timedelta(seconds=10)
    assert all(frame.read_at - frames[0].read_at >= 0.1 * frame.index - 0.05 for frame in frames)


def test_reading_stops_when_asked(tmp_path: Path) -> None:
    film = VideoFile.open(visits_film(tmp_path / "film.avi", 1), EVERY_FRAME, Tally())
    stop = Event()

    frames = film.frames(stop)
    next(frames)
    stop.set()

    assert list(frames) == []


def test_a_fingerprint_is_of_the_content_and_not_of_the_name(tmp_path: Path) -> None:
    one = visits_film(tmp_path / "one.avi", 1)
    other = visits_film(tmp_path / "other.avi", 2)
    copy = tmp_path / "copy.avi"
    copy.write_bytes(one.read_bytes())

    first, second, third = (VideoFile.open(path, EVERY_FRAME, Tally()).fingerprint for path in (one, copy, other))

    assert first == second != third


def test_a_film_cut_short_is_played_as_far_as_it_goes_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    whole = visits_film(tmp_path / "film.avi", 1, 2, 3)
    cut = tmp_path / "cut.avi"
    cut.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])

    frames = list(VideoFile.open(cut, EVERY_FRAME, Tally()).frames(Event()))

    assert 0 < len(frames) < 60
    assert "only" in caplog.text


def jpeg() -> bytes:
    return cv2.imencode(".jpg", portrait(1))[1].tobytes()


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.mp4", b"", "is empty"),
        ("text.mp4", b"no video at all\n" * 50, "is no video"),
        ("art.txt", b"FFmpeg plays this as ANSI art\n" * 50, "is no video"),
        ("list.m3u8", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n", "is no video"),
        ("list.ffconcat", b"ffconcat version 1.0\nfile /etc/passwd\n", "is no video"),
        ("noise.avi", np.random.default_rng(0).bytes(5000), "is no video"),
        ("photo.dat", jpeg(), "is no video"),
        ("photo.jpg", jpeg(), "is a picture"),
        ("headed.mp4", b"\0\0\0\x18ftypisom" + b"\0" * 500, "cannot be opened as video"),
        ("headed.avi", b"RIFF\0\0\0\0AVI LIST" + b"\0" * 500, "headed.avi"),
    ],
)
def test_what_is_no_video_is_refused_with_a_reason(
    tmp_path: Path, settings: Settings, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(NotAVideoError, match=message) as refusal:
        open_source(str(tmp_path / name), EVERY_FRAME, settings, Tally())

    assert refusal.value.hint


def test_a_file_that_is_not_there_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotAVideoError, match="There is no file"):
        open_source(str(tmp_path / "nothing.mp4"), EVERY_FRAME, settings, Tally())


def test_an_unknown_scheme_is_refused_without_its_password(settings: Settings) -> None:
    with pytest.raises(InputError, match="scheme") as refusal:
        open_source("gopher://admin:hunter2@cam/x", EVERY_FRAME, settings, Tally())

    assert "hunter2" not in refusal.value.message


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("rtsp://admin:hunter2@cam:554/live", "rtsp://***@cam:554/live"),
        ("RTSPS://cam/live", "RTSPS://cam/live"),
        ("http://cam/video.mjpg", "http://cam/video.mjpg"),
        ("0", "/dev/video0"),
        ("/dev/video2", "/dev/video2"),
    ],
)
def test_streams_and_devices_are_live_and_shown_without_credentials(settings: Settings, text: str, name: str) -> None:
    source = open_source(text, EVERY_FRAME, settings, Tally())

    assert isinstance(source, LiveSource)
    assert source.name == name
    assert not source.connected


def test_a_folder_is_played_in_the_order_of_its_names_each_picture_for_itself(
    tmp_path: Path, settings: Settings
) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    for name, who in (("b.png", 2), ("a.png", 1), ("c.PNG", 3)):
        (folder / name).write_bytes(cv2.imencode(".png", portrait(who))[1].tobytes())
    (folder / "broken.jpg").write_bytes(b"no picture")
    (folder / "notes.txt").write_text("not played")
    tally = Tally()

    source = open_source(str(folder), EVERY_FRAME, settings, tally)
    frames = list(source.frames(Event()))

    assert isinstance(source, PictureFolder)
    assert [np.array_equal(frame.image, portrait(who)) for frame, who in zip(frames, (1, 2, 3), strict=True)] == [
        True, True, True,
    ]  # fmt: skip
    assert seconds(frames) == [0.0, 1 * SECONDS_PER_PICTURE * 1, 3 * SECONDS_PER_PICTURE]
    assert not any(frame.continuous for frame in frames)
    assert tally[Count.FRAMES_UNREADABLE] == 1


def test_a_folder_without_pictures_is_refused(tmp_path: Path, settings: Settings) -> None:
    with pytest.raises(NotAVideoError, match="holds no pictures"):
        open_source(str(tmp_path), EVERY_FRAME, settings, Tally())


def test_frames_that_cannot_be_opened_any_more_are_an_error(tmp_path: Path) -> None:
    path = write_film(tmp_path / "film.avi", [portrait(1)] * 3)
    film = VideoFile.open(path, EVERY_FRAME, Tally())
    path.unlink()

    with pytest.raises(NotAVideoError):
        next(film.frames(Event()))
