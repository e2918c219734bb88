"""A camera's health: what it sees, and what it says when it no longer sees."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import cv2
import numpy as np
import pytest

from footfall.vision.types import BgrImage
from ingest_daemon.health import CameraHealthNow, HealthMonitor
from ingest_daemon.sources.base import Frame

START = datetime(2026, 5, 4, 9, 0, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What the monotonic clock says."""
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def watched(
    clock: list[float], pictures: list[BgrImage], *, monitor: HealthMonitor | None = None, shift: float = 0.0
) -> HealthMonitor:
    """A picture a second."""
    monitor = monitor or HealthMonitor()
    for picture in pictures:
        clock[0] += 1.0
        at = START + timedelta(seconds=clock[0] + shift)
        monitor.seen(Frame(picture, at, index=0, read_at=clock[0], continuous=True))
    return monitor


def scenes(count: int, *, blur: float = 0.0, seed: int = 1) -> list[BgrImage]:
    """One scene with fresh noise in each picture."""
    rng = np.random.default_rng(seed)
    still = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)
    if blur:
        still = np.asarray(cv2.GaussianBlur(still, (0, 0), blur), dtype=np.uint8)
    return [np.clip(still + rng.normal(0, 1, still.shape), 0, 255).astype(np.uint8) for _ in range(count)]


def test_a_camera_that_sees_has_no_trouble_and_a_rate(clock: list[float]) -> None:
    seen = watched(clock, scenes(40)).now()

    assert seen.trouble is None
    assert seen.frames_per_second == pytest.approx(1.0, abs=0.15)
    assert (seen.width_px, seen.height_px) == (320, 240)


def test_nothing_is_said_of_a_camera_that_never_gave_a_frame() -> None:
    assert HealthMonitor().now() == CameraHealthNow()


def test_a_picture_that_repeats_itself_for_half_a_minute_is_frozen(clock: list[float]) -> None:
    [one] = scenes(1)

    assert not watched(clock, [one] * 20).now().frozen
    monitor = watched(clock, [one] * 40)
    assert monitor.now().trouble == "the picture is frozen"
    assert not watched(clock, scenes(2, seed=9), monitor=monitor).now().frozen


def test_a_black_picture_is_told_from_a_covered_lens(clock: list[float]) -> None:
    rng = np.random.default_rng(2)
    black = [rng.integers(0, 8, (240, 320, 3), dtype=np.uint8) for _ in range(3)]
    hand = [rng.integers(90, 100, (240, 320, 3), dtype=np.uint8) for _ in range(3)]

    assert watched(clock, black).now().trouble == "the picture is black"
    assert watched(clock, hand).now().trouble == "something covers the lens"


def test_a_focus_that_moved_is_noticed(clock: list[float]) -> None:
    monitor = watched(clock, scenes(60))

    blurred = watched(clock, scenes(5, blur=1.5), monitor=monitor).now()

    assert blurred.trouble == "the picture has lost its detail"
    assert blurred.sharpness is not None


def test_a_camera_that_fell_silent_says_for_how_long(clock: list[float]) -> None:
    monitor = watched(clock, scenes(5))
    clock[0] += 12

    assert monitor.now().trouble == "no frame for 12 s"


def test_a_clock_that_was_set_is_counted(clock: list[float]) -> None:
    monitor = watched(clock, scenes(3))

    watched(clock, scenes(3), monitor=monitor, shift=3600)

    assert monitor.now().clock_jumps == 1
