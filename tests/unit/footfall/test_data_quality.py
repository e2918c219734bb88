"""When what comes in is no longer as it used to be; each check on data that are fine and on data that are not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from footfall.data_quality import (
    TenantData,
    clocks_ahead,
    drifting_scores,
    floods,
    silent_cameras,
    unparsable_events,
)
from footfall.stores.postgres.quality import CameraHour, ScoreMoments, StoredEvent

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday
NO_SCORES = ScoreMoments(0, 0, 0)
GOOD = StoredEvent(
    NOW,
    NOW,
    NOW,
    {
        "box": {"x": 1, "y": 2, "width": 80, "height": 90},
        "quality": {
            "score": 0.7,
            "size_px": 80,
            "sharpness": 120,
            "yaw_deg": 3,
            "roll_deg": -2,
            "detection_score": 0.9,
        },
        "pipeline": {"detector": "yuface", "embedder": "arcface-mbf-512-v1", "backend": "openvino"},
    },
)


def tenant(
    hours: Sequence[CameraHour] = (),
    *,
    lately: ScoreMoments = NO_SCORES,
    before: ScoreMoments = NO_SCORES,
    events: Sequence[StoredEvent] = (),
) -> TenantData:
    return TenantData("acme", hours, lately, before, events)


def opening_hours(*, until: datetime, sightings: int = 40) -> list[CameraHour]:
    """Four weeks from nine to six on weekdays."""
    start = NOW.replace(hour=0) - timedelta(days=28)
    times = [start + timedelta(hours=hour) for hour in range(29 * 24)]
    return [
        CameraHour("Vienna", "door", at, sightings, 0)
        for at in times
        if at.isoweekday() <= 5 and 9 <= at.hour < 18 and at < until
    ]


def test_a_camera_of_a_shop_that_is_shut_on_weekends_is_not_silent_on_monday_morning() -> None:
    friday = NOW - timedelta(days=3) + timedelta(hours=8)
    assert list(silent_cameras(tenant(opening_hours(until=friday)), NOW)) == []


def test_a_camera_that_fell_silent_on_thursday_is_found_on_monday() -> None:
    [found] = silent_cameras(tenant(opening_hours(until=NOW - timedelta(days=4))), NOW + timedelta(hours=10))
    assert found.about == "camera Vienna / door"
    assert "longest pause in four weeks was 64 hours" in found.says


def test_a_new_camera_has_no_usual_pause() -> None:
    hours = opening_hours(until=NOW)[:20]
    assert list(silent_cameras(tenant(hours), NOW)) == []


@pytest.mark.parametrize(
    ("usual", "now", "floods_it"), [(40, 499, False), (40, 500, True), (200, 999, False), (200, 1000, True)]
)
def test_a_flood_is_five_times_the_most_there_was_and_five_hundred_at_least(
    usual: int, now: int, floods_it: bool
) -> None:
    hours = opening_hours(until=NOW - timedelta(days=1), sightings=usual)
    hours.append(CameraHour("Vienna", "door", NOW - timedelta(hours=2), now, 0))
    assert bool(list(floods(tenant(hours), NOW))) is floods_it


@pytest.mark.parametrize(("early", "wrong"), [(0, False), (1, False), (2, True)])
def test_a_clock_is_wrong_when_over_one_in_a_hundred_sightings_come_before_their_time(early: int, wrong: bool) -> None:
    hours = [CameraHour("Vienna", "door", NOW - timedelta(hours=1), 100, early)]
    assert bool(list(clocks_ahead(tenant(hours), NOW))) is wrong


def test_a_clock_that_was_wrong_last_week_is_right_now() -> None:
    hours = [CameraHour("Vienna", "door", NOW - timedelta(days=7), 100, 100)]
    assert list(clocks_ahead(tenant(hours), NOW)) == []


@pytest.mark.parametrize(
    ("lately", "drifted"),
    [
        (ScoreMoments(100, 0.60, 0.1), True),
        (ScoreMoments(100, 0.80, 0.1), True),
        (ScoreMoments(100, 0.66, 0.1), False),
        (ScoreMoments(29, 0.40, 0.1), False),
    ],
)
def test_scores_drift_when_their_mean_moved_beyond_chance(lately: ScoreMoments, drifted: bool) -> None:
    data = tenant(lately=lately, before=ScoreMoments(1000, 0.70, 0.1))
    assert bool(list(drifting_scores(data))) is drifted


def test_stored_events_parse() -> None:
    assert list(unparsable_events(tenant(events=[GOOD]))) == []


@pytest.mark.parametrize(
    ("broken", "about"),
    [
        (replace(GOOD, parts={**GOOD.parts, "box": {"x": 1}}), "face_events.box"),
        (replace(GOOD, parts={**GOOD.parts, "quality": None}), "face_events.quality"),
        (replace(GOOD, parts={**GOOD.parts, "pipeline": "yuface"}), "face_events.pipeline"),
        (replace(GOOD, captured_at=NOW + timedelta(seconds=1)), "face_events.times"),
    ],
)
def test_an_event_that_no_longer_parses_is_counted_by_its_part(broken: StoredEvent, about: str) -> None:
    [found] = unparsable_events(tenant(events=[GOOD, broken]))
    assert (found.about, found.says) == (about, "does not parse in 1 of 2 events")
