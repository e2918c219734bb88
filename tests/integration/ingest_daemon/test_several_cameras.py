"""Several cameras in one daemon, on the real API: each counted for itself, and one that is away holds up no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from uuid import UUID, uuid4

import pytest

from client.api import FootfallClient
from contracts.places import Camera
from footfall.settings import Settings, load_settings
from ingest_daemon.daemon import run_cameras
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.playing import Run
from ingest_daemon.simulation import SimulationPlan, simulate
from tests.integration.ingest_daemon.conftest import CameraHost
from tests.unit.ingest_daemon.api_server import API_KEY, ApiServer, camera
from tests.unit.ingest_daemon.films import portrait, visits_film
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

HOW = Run(realtime=False, started_at=None, until_end=True)


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


class AnyCamera(ApiServer):
    """Knows every camera under the id that it is asked for."""

    def camera_at(self, path: str) -> Camera | None:
        folder, _, name = path.rpartition("/")
        return camera(camera_id=UUID(name)) if folder == "/v1/cameras" else None


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with AnyCamera().serving() as server:
        yield server


@pytest.fixture
def settings(api: ApiServer, tmp_path: Path) -> Settings:
    return load_settings(home=tmp_path / "home", offline=True, api={"url": api.url}, ingest={"api_key": API_KEY})


def test_each_camera_s_people_are_its_own(api: ApiServer, settings: Settings, tmp_path: Path) -> None:
    first, second = uuid4(), uuid4()
    sources = {
        first: str(visits_film(tmp_path / "first.avi", 1, None, 2, None)),
        second: str(visits_film(tmp_path / "second.avi", 3, None)),
    }

    one, two = run_cameras(settings, sources, HOW)

    assert (one.camera_id, one.events, one.undelivered) == (first, 2, 0)
    assert (two.camera_id, two.events, two.undelivered) == (second, 1, 0)
    assert {item.event.camera_id for item in api.received} == {first, second}


def test_a_camera_that_is_away_holds_up_no_other(api: ApiServer, settings: Settings) -> None:
    away, there = uuid4(), uuid4()
    stop = Event()
    with MjpegCamera([portrait(1)], fps=20).serving() as live, ThreadPoolExecutor(1) as pool:
        sources = {away: "rtsp://operator:secret@127.0.0.1:9/live", there: live.url}
        running = pool.submit(run_cameras, settings, sources, HOW, stop=stop)
        try:
            eventually(lambda: any(item.event.camera_id == there for item in api.received) or running.done())
        finally:
            stop.set()
        lost, seen = running.result(60)

    assert lost.frames == 0
    assert lost.drops["frames"] == 0
    assert seen.events == 1
    assert "secret" not in lost.model_dump_json()


def test_each_camera_has_an_outbox_of_its_own(settings: Settings, tmp_path: Path) -> None:
    cameras = {uuid4(): str(visits_film(tmp_path / f"{number}.avi", number + 1, None)) for number in range(2)}

    run_cameras(settings, cameras, HOW)

    for camera_id in cameras:
        outbox = Outbox.open(settings.outbox_path(camera_id), max_bytes=1_000_000)
        assert outbox.state().pending == 0
        outbox.close()


def test_synthetic_cameras_load_the_real_api_and_a_second_time_add_nothing(host: CameraHost) -> None:
    key = host.settings.ingest.api_key
    assert key is not None
    plan = SimulationPlan(events_per_camera=12, people=3, rate=None, seed=5)
    with FootfallClient(host.settings.api_url, api_key=key.get_secret_value()) as client:
        cameras = [client.camera(host.camera_id)]
        first = simulate(client, cameras, "w", plan, Event())
        again = simulate(client, cameras, "w", plan, Event())

    assert (first.sent, first.duplicates, first.refused, first.gave_up) == (12, 0, 0, 0)
    assert (again.sent, again.duplicates, again.refused) == (12, 12, 0)
    people = {visit.person_id for visit in host.admin.visits(limit=100).items}
    assert 1 <= len(people) <= 3
