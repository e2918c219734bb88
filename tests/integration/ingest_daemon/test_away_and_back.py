"""The daemon when the API is away, changes its mind, or something within breaks; against a server that plays along."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Event

import httpx
import pytest
from pydantic import SecretStr

from footfall.errors import (
    ConfigurationError,
    ModelVersionMismatchError,
    NotAVideoError,
    ServiceUnavailableError,
)
from footfall.settings import Settings, load_settings
from ingest_daemon import daemon, unit
from ingest_daemon.daemon import run
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.playing import Progress
from ingest_daemon.sources import live
from ingest_daemon.sources.base import Frame
from ingest_daemon.sources.files import VideoFile
from ingest_daemon.summary import IngestSummary
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, ApiServer, Refusal, camera
from tests.unit.ingest_daemon.films import portrait, visits_film
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

STARTED = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def api() -> ApiServer:
    api = ApiServer()
    with api.serving():
        pass  # it has an address now, and is away until a test serves it
    return api


@pytest.fixture
def settings(api: ApiServer, tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", offline=True, api={"url": api.url}, ingest={"api_key": API_KEY})


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return visits_film(tmp_path / "film.avi", 1, None, 2, None)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(daemon, "PATIENCE_SECONDS", 0.6)
    monkeypatch.setattr(daemon, "STOP_DRAIN_SECONDS", 0.6)


def play(settings: Settings, source: object, **changed: object) -> IngestSummary:
    arguments: dict[str, object] = {"realtime": False, "started_at": STARTED, "until_end": True, **changed}
    return run(settings, source=str(source), camera_id=CAMERA_ID, **arguments)  # type: ignore[arg-type]  # a test's freedom


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_without_the_api_a_known_camera_goes_on_and_everything_arrives_later(
    api: ApiServer, settings: Settings, film: Path
) -> None:
    with api.serving():
        play(settings, film)
    sent = len(api.received)

    away = play(settings, film, started_at=STARTED.replace(day=5))
    with api.serving():
        later = play(settings, film, started_at=STARTED.replace(day=6))

    assert sent == 4
    assert (away.undelivered, away.events) == (4, 0)
    assert away.trouble
    assert (later.undelivered, later.events) == (0, 2)
    days = [one.event.track.started_at.day for one in api.received]
    assert days == [4] * 4 + [5] * 4 + [6] * 4


def test_without_the_api_an_unknown_camera_cannot_be_played(settings: Settings, film: Path) -> None:
    with pytest.raises(ServiceUnavailableError, match="cannot be had"):
        play(settings, film)


def test_events_carry_face_and_picture_and_both_revisions(api: ApiServer, settings: Settings, film: Path) -> None:
    with api.serving():
        play(settings, film)

    assert [one.event.revision for one in api.received] == [0, 1, 0, 1]
    assert all(one.event.embedding is not None for one in api.received)
    assert all(one.image is not None and one.image[:2] == b"\xff\xd8" for one in api.received)
    assert len(api.event_ids) == 2


def test_a_refused_event_is_reported_and_the_rest_goes_on(api: ApiServer, settings: Settings, film: Path) -> None:
    api.refusals.append(Refusal(422, "event-rejected"))

    with api.serving():
        summary = play(settings, film)

    assert (summary.set_aside, len(api.received)) == (1, 3)


def test_a_full_outbox_is_reported(api: ApiServer, settings: Settings, film: Path) -> None:
    with api.serving():
        play(settings, film)
    small = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"outbox_max_bytes": 15_000})})

    away = play(small, film, started_at=STARTED.replace(day=5))

    assert away.drops["events"] == 4 - away.undelivered > 0
    assert away.dropped == away.drops["events"]


def test_a_changed_privacy_mode_reaches_the_camera_while_it_runs(
    api: ApiServer, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unit, "REFRESH_SECONDS", 0.1)
    film = visits_film(tmp_path / "long.avi", 1, None, 2, None)

    def forbid(progress: Progress) -> None:
        if progress.events_sent >= 1:
            api.camera = camera(privacy_mode="count_only")

    with api.serving():
        play(settings, film, realtime=True, started_at=None, on_progress=forbid)

    by_person = [[one for one in api.received if one.event.event_id == event_id] for event_id in dict.fromkeys(
        one.event.event_id for one in api.received
    )]  # fmt: skip
    assert len(by_person) == 2
    assert by_person[0][0].event.embedding is not None
    assert all(one.event.embedding is None and one.image is None for one in by_person[1])


def test_a_camera_that_is_disabled_is_not_watched(api: ApiServer, settings: Settings, film: Path) -> None:
    api.camera = camera(enabled=False)

    with api.serving():
        summary = play(settings, film)

    assert (summary.frames_analysed, summary.events) == (0, 0)
    assert summary.drops["frames"] == 80


def test_another_model_version_than_the_server_s_is_refused(api: ApiServer, settings: Settings, film: Path) -> None:
    api.camera = camera(version="arcface-mbf-512-v1")

    with api.serving(), pytest.raises(ModelVersionMismatchError, match="arcface-mbf-512-v1"):
        play(settings, film)


def test_who_only_counts_needs_no_common_model(api: ApiServer, settings: Settings, film: Path) -> None:
    api.camera = camera(version="arcface-mbf-512-v1", privacy_mode="count_only")

    with api.serving():
        assert play(settings, film).events == 2


def test_without_a_key_nothing_starts(settings: Settings, film: Path) -> None:
    keyless = settings.model_copy(update={"ingest": settings.ingest.model_copy(update={"api_key": None})})

    with pytest.raises(ConfigurationError, match="no API key"):
        play(keyless, film)


def test_two_workers_for_one_camera_on_one_machine_do_not_run(api: ApiServer, settings: Settings, film: Path) -> None:
    other = Outbox.open(settings.outbox_path(CAMERA_ID), max_bytes=1_000_000)

    with api.serving(), pytest.raises(ConfigurationError, match="Another worker"):
        play(settings, film)

    other.close()


def test_a_source_that_breaks_ends_the_run_with_its_error_and_what_was_seen_is_sent(
    api: ApiServer, settings: Settings, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = VideoFile.frames

    def breaking(self: VideoFile, stop: Event) -> Iterator[Frame]:
        for frame in read(self, stop):
            if frame.index == 30:
                raise NotAVideoError("the cable is out")
            yield frame

    monkeypatch.setattr(VideoFile, "frames", breaking)

    with api.serving(), pytest.raises(NotAVideoError, match="the cable is out"):
        play(settings, film)

    assert [one.event.revision for one in api.received] == [0, 1]


def test_a_live_camera_runs_until_stopped_and_drains(api: ApiServer, settings: Settings) -> None:
    stop = Event()
    with api.serving(), MjpegCamera([portrait(1)], fps=20).serving() as door, ThreadPoolExecutor(1) as pool:
        running = pool.submit(play, settings, door.url, started_at=None, stop=stop)
        try:
            eventually(lambda: len(api.received) == 1)
        finally:
            stop.set()
        summary = running.result(30)

    assert [one.event.revision for one in api.received] == [0, 1]
    assert summary.undelivered == 0
    assert abs((summary.decisions[0].started_at - datetime.now(UTC)).total_seconds()) < 60
    assert "hunter2" not in summary.model_dump_json()


def test_a_camera_that_hangs_does_not_keep_what_was_seen_from_being_sent(
    api: ApiServer, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "READ_TIMEOUT_MS", 120_000)
    stop = Event()
    silent = MjpegCamera([portrait(1)], fps=20, silent_after=40)
    with api.serving(), silent.serving(), ThreadPoolExecutor(1) as pool:
        running = pool.submit(play, settings, silent.url, started_at=None, stop=stop)
        try:
            eventually(lambda: len(api.received) == 1 and silent.fell_silent.is_set())
            stop.set()
            eventually(lambda: len(api.received) == 2)
            hanging = not running.done()
        finally:
            stop.set()
            silent.hang_up.set()
        running.result(60)

    assert hanging
    assert [one.event.revision for one in api.received] == [0, 1]


def test_the_status_is_served_meanwhile_and_after_a_file_has_ended(
    api: ApiServer, settings: Settings, film: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stop = Event()
    caplog.set_level("INFO", logger="ingest_daemon.attendance")
    secret = "a secret of this host"
    settings = settings.model_copy(
        update={"ingest": settings.ingest.model_copy(update={"surface_secret": SecretStr(secret)})}
    )
    with api.serving(), ThreadPoolExecutor(1) as pool:
        running = pool.submit(play, settings, film, until_end=False, stop=stop)
        try:
            eventually(lambda: len(api.received) == 4)
            url = next(record.args[0] for record in caplog.records if "Status is served" in record.msg)  # type: ignore[index]  # a tuple there
            authorised = {"Authorization": f"Bearer {secret}"}
            status = httpx.get(f"{url}/v1/status", headers=authorised, timeout=10).json()
            ready = httpx.get(f"{url}/readyz", timeout=10)
        finally:
            stop.set()
        running.result(30)

    assert status["counts"]["frames_read"] == 80
    assert status["camera_name"] == "Door"
    assert ready.status_code == 200


def test_who_stood_there_when_the_camera_went_away_has_left_and_comes_anew_with_it(
    api: ApiServer, settings: Settings
) -> None:
    """Nobody knows who was there meanwhile: an hour without a camera is no hour before it."""
    door, stop = MjpegCamera([portrait(1)], fps=20), Event()
    with api.serving(), ThreadPoolExecutor(1) as pool:
        with door.serving():
            running = pool.submit(play, settings, door.url, stop=stop)
            eventually(lambda: len(api.received) == 1 or running.done())
        try:
            eventually(lambda: len(api.received) == 2 or running.done())
            while_away = [one.event.revision for one in api.received]
            with door.serving():
                eventually(lambda: len(api.received) == 3 or running.done())
        finally:
            stop.set()
            running.result(60)

    assert while_away == [0, 1]
    assert len(api.event_ids) == 2
