"""Workers and cameras in words: what is so now, and not what a silent worker said last."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.examples_marts import MART_RESPONSES
from api.examples_workers import WORKER_RESPONSES
from contracts.commands import Command
from contracts.mart_reports import CameraHealthReport
from contracts.places import Camera
from contracts.workers import Worker
from dashboards.camera_rows import (
    ago,
    bytes_text,
    camera_days_frame,
    camera_state,
    cameras_frame,
    commands_frame,
    result_text,
    silent_cameras,
)
from tests.unit.ingest_daemon.api_server import camera

WORKER = Worker.model_validate(WORKER_RESPONSES["getWorker"].model_dump())
COMMAND = Command.model_validate(WORKER_RESPONSES["getCommand"].model_dump())
HEALTH = WORKER.cameras[0]
NOW = COMMAND.created_at
[DAY] = CameraHealthReport.model_validate(MART_RESPONSES["reportCameraHealth"].model_dump()).rows


def watched(**changed: Any) -> tuple[Camera, Worker]:
    one = camera(camera_id=WORKER.camera_ids[0])
    return one, WORKER.model_copy(update=changed)


@pytest.mark.parametrize(
    ("worker", "health", "state"),
    [
        (None, None, "No worker"),
        ({"status": "pending"}, None, "Not registered"),
        ({"status": "offline"}, {}, "Offline"),
        ({"status": "online"}, None, "Offline"),
        ({"status": "online"}, {"running": False}, "Stopped"),
        ({"status": "online"}, {"connected": False}, "Away"),
        ({"status": "online"}, {}, "Online"),
    ],
)
def test_a_camera_is_what_its_worker_says_while_that_is_heard(
    worker: dict[str, Any] | None, health: dict[str, Any] | None, state: str
) -> None:
    whose = None if worker is None else WORKER.model_copy(update=worker)
    assert camera_state(whose, None if health is None else HEALTH.model_copy(update=health)) == state


def test_a_silent_workers_last_words_are_not_shown_as_now() -> None:
    one, worker = watched(status="offline")
    row = cameras_frame([one], [worker], {one.site_id: "Main"}, NOW).iloc[0]
    assert row["State"] == "🔴 Offline"
    assert row.isna()["Frames a second"]
    assert row["Last frame"] == "0 s ago"


def test_what_needs_somebody_comes_first() -> None:
    one, worker = watched()
    lonely = camera(camera_id=uuid4())
    frame = cameras_frame([one, lonely], [worker], {}, NOW)
    assert frame["State"].tolist() == ["⚪ No worker", "🟢 Online"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s ago"), (59, "59 s ago"), (61, "1 min ago"), (7300, "2 h ago"), (200_000, "2 days ago")],
)
def test_moments_in_words(seconds: int, words: str) -> None:
    assert ago(NOW, NOW + timedelta(seconds=seconds)) == words
    assert ago(None, NOW) == "–"
    assert ago(NOW, NOW - timedelta(hours=1)) == "0 s ago", "two machines' clocks differ"


@pytest.mark.parametrize(("count", "words"), [(0, "0 B"), (999, "999 B"), (2048, "2.0 kB"), (5_100_000, "5.1 MB")])
def test_sizes_in_words(count: int, words: str) -> None:
    assert bytes_text(count) == words


def test_a_command_tells_how_far_it_came_and_what_came_of_it() -> None:
    row = commands_frame([COMMAND], {UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03"): "Door"}, NOW).iloc[0]
    assert (row["Command"], row["Camera"], row["State"]) == ("snapshot", "Door", "✅ succeeded")
    failed = COMMAND.model_copy(update={"state": "failed", "error": "no picture", "result": None})
    assert (result_text(COMMAND), result_text(failed)) == ("1280 x 720", "no picture")


def test_a_cameras_days_come_the_latest_first_with_shares_of_what_is_told() -> None:
    few = DAY.model_copy(
        update={"bucket_start": DAY.bucket_start + timedelta(days=1), "camera_name": None, "unsure_sightings": None}
    )
    frame = camera_days_frame([DAY, few])
    assert frame["Camera"].tolist() == ["a camera that is gone", "Entrance"]
    assert frame["Poor quality"].round(3).tolist() == [0.145, 0.145]
    assert frame["Unsure"].isna().tolist() == [True, False]


def test_a_camera_that_saw_nobody_while_another_of_its_site_did_is_named() -> None:
    seeing, blind = (
        camera(camera_id=one).model_copy(update={"site_id": DAY.site_id, "name": name})
        for one, name in ((DAY.camera_id, "Entrance"), (uuid4(), "Gate"))
    )
    elsewhere, off = camera(camera_id=uuid4()), blind.model_copy(update={"enabled": False})
    the_day_before = DAY.model_copy(
        update={"bucket_start": DAY.bucket_start - timedelta(days=1), "camera_id": blind.camera_id}
    )
    late = DAY.bucket_start + timedelta(days=2)
    new = blind.model_copy(update={"name": "New", "created_at": DAY.bucket_start + timedelta(hours=1)})
    assert silent_cameras([the_day_before, DAY], [seeing, blind, elsewhere, off, new], late) == ["Gate"]
    assert silent_cameras([], [seeing], late) == []


def test_a_day_that_is_not_over_makes_no_camera_silent() -> None:
    gate = camera(camera_id=uuid4()).model_copy(update={"site_id": DAY.site_id, "name": "Gate"})
    assert silent_cameras([DAY], [gate], DAY.bucket_start + timedelta(hours=9)) == []
    assert silent_cameras([DAY], [gate], DAY.bucket_start + timedelta(days=2)) == ["Gate"]
