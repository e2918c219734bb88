"""What an event says of itself is held against the clock and against its own frame."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.examples import FACE_EVENT
from contracts.base import FaceBox
from contracts.events import FaceDetectedV1, Track
from footfall.errors import EventFromFutureError, EventRejectedError
from footfall.event_checks import check_geometry, check_times
from footfall.settings import RecognitionSettings

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
LIMITS = RecognitionSettings()


def lasting(started_at: datetime, ended_at: datetime) -> FaceDetectedV1:
    track = Track(started_at=started_at, ended_at=ended_at, frames=3)
    return FACE_EVENT.model_copy(update={"track": track, "captured_at": ended_at})


def in_frame(box: FaceBox, landmarks: Any = None) -> FaceDetectedV1:
    changed = {"box": box} | ({} if landmarks is None else {"landmarks": landmarks})
    return FACE_EVENT.model_copy(update={"face": FACE_EVENT.face.model_copy(update=changed)})


@pytest.mark.parametrize(
    ("ends", "limits"),
    [
        (NOW + timedelta(seconds=300), LIMITS),
        (NOW - timedelta(days=730), LIMITS),
        (NOW + timedelta(seconds=600), RecognitionSettings(max_future_seconds=600)),
        (NOW - timedelta(days=4000), RecognitionSettings(max_age_days=4000)),
    ],
)
def test_a_time_within_the_limits_is_taken(ends: datetime, limits: RecognitionSettings) -> None:
    check_times(lasting(ends, ends), now=NOW, limits=limits)


def test_a_track_that_ends_more_than_five_minutes_ahead_is_refused() -> None:
    with pytest.raises(EventFromFutureError, match="301 s ahead"):
        check_times(lasting(NOW, NOW + timedelta(seconds=301)), now=NOW, limits=LIMITS)


def test_a_track_that_is_absurdly_old_is_refused() -> None:
    began = NOW - timedelta(days=730, seconds=1)
    with pytest.raises(EventRejectedError, match="more than 730 days ago"):
        check_times(lasting(began, began), now=NOW, limits=LIMITS)


def test_a_clock_that_was_never_set_is_said_to_be_so() -> None:
    began = datetime(1970, 1, 1, tzinfo=UTC)
    with pytest.raises(EventRejectedError, match="before the year 2000"):
        check_times(lasting(began, began), now=NOW, limits=LIMITS)


def test_a_track_longer_than_a_day_is_refused() -> None:
    with pytest.raises(EventRejectedError, match="longer than 24 hours"):
        check_times(lasting(NOW - timedelta(hours=25), NOW), now=NOW, limits=LIMITS)


@pytest.mark.parametrize(
    "box",
    [
        FaceBox(x=0, y=0, width=1280, height=720),
        FaceBox(x=-49, y=0, width=100, height=100),
        FaceBox(x=1229, y=669, width=100, height=100),
    ],
)
def test_a_face_at_the_edge_of_its_frame_is_taken(box: FaceBox) -> None:
    check_geometry(in_frame(box))


@pytest.mark.parametrize(
    "box",
    [
        FaceBox(x=-51, y=0, width=100, height=100),
        FaceBox(x=0, y=-51, width=100, height=100),
        FaceBox(x=1231, y=0, width=100, height=100),
        FaceBox(x=0, y=671, width=100, height=100),
        FaceBox(x=-200, y=0, width=300, height=100),
        FaceBox(x=0, y=0, width=2600, height=1400),
    ],
)
def test_a_box_outside_its_frame_is_refused(box: FaceBox) -> None:
    with pytest.raises(EventRejectedError, match="box lies outside"):
        check_geometry(in_frame(box))


@pytest.mark.parametrize("index", range(5))
@pytest.mark.parametrize("point", [(-80.0, 100.0), (100.0, -80.0), (1400.0, 100.0), (100.0, 800.0)])
def test_a_landmark_outside_its_frame_is_refused(index: int, point: tuple[float, float]) -> None:
    landmarks = [*FACE_EVENT.face.landmarks]
    landmarks[index] = point
    with pytest.raises(EventRejectedError, match=r"landmarks lie outside"):
        check_geometry(in_frame(FACE_EVENT.face.box, tuple(landmarks)))
