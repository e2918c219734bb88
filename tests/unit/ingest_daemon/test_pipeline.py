"""One camera's frames in, its events out: what the daemon makes of people who come, stay, cross and go."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from datetime import timedelta
from uuid import UUID

import cv2
import numpy as np

from contracts.events import Pipeline
from footfall.vision.types import Float32Array
from ingest_daemon.continuity import LikenessPolicy
from ingest_daemon.events import Lineage, replayable_ids
from ingest_daemon.pipeline import CameraPipeline, Outgoing
from ingest_daemon.sources.base import Frame
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracks import TrackPolicy
from tests.unit.ingest_daemon.stage import START, Actor, frame, stage_vision

CAMERA_ID = UUID(int=7)


class Camera:
    """A pipeline with what it counted and embedded."""

    def __init__(self, *, matching: bool = True) -> None:
        vision, self.embedder = stage_vision()
        self.tally = Tally()
        self.pipeline = CameraPipeline(
            vision,
            lineage=Lineage(CAMERA_ID, "w", "mock-1", Pipeline(detector="stage", embedder="mock-1", backend="mock")),
            event_ids=replayable_ids(CAMERA_ID, "film"),
            track_policy=TrackPolicy(sure_after=timedelta(seconds=1), lost_after=timedelta(seconds=1.5)),
            likeness_policy=LikenessPolicy(agree_at=0.342, same_at=0.487, matching=matching),
            tally=self.tally,
        )

    def watch(self, frames: Iterable[Frame]) -> list[Outgoing]:
        out = [outgoing for one in frames for outgoing in self.pipeline.process(one)]
        return out + self.pipeline.finish(read_at=999.0)


def film(seconds: float, *scenes: tuple[float, float, Sequence[Actor]], start: float = 0.0) -> list[Frame]:
    """Ten frames a second; every scene's actors stand in the picture from its first to its last second."""
    moments = [start + tenths / 10 for tenths in range(round(seconds * 10))]
    return [
        frame([actor for since, until, cast in scenes if since <= at < until for actor in cast], at) for at in moments
    ]


def template(outgoing: Outgoing) -> Float32Array:
    assert outgoing.event.embedding is not None
    return np.frombuffer(base64.b64decode(outgoing.event.embedding.vector), "<f4")


def revisions(out: Sequence[Outgoing]) -> list[tuple[UUID, int]]:
    return [(one.event.event_id, one.event.revision) for one in out]


def span(outgoing: Outgoing) -> tuple[float, float]:
    """Seconds of the film, to the hundredth."""
    track = outgoing.event.track
    return round((track.started_at - START).total_seconds(), 2), round((track.ended_at - START).total_seconds(), 2)


def test_a_person_gives_one_event_when_sure_and_again_with_the_whole_span_when_gone() -> None:
    camera = Camera()

    out = camera.watch(film(6, (0, 3, [Actor(1, 200)])))

    (first, zero), (second, one) = revisions(out)
    assert first == second
    assert (zero, one) == (0, 1)
    assert span(out[0]) == (0.0, 1.0)
    assert span(out[1]) == (0.0, 2.9)
    assert 2 <= out[1].event.track.frames < 30, "a face that stands still is not looked at in every frame"


def test_the_event_leaves_with_the_frame_that_made_the_track_sure() -> None:
    camera = Camera()
    frames = film(3, (0, 3, [Actor(1, 200)]))

    due_at = [one.read_at for one in frames for _ in camera.pipeline.process(one)]

    assert due_at == [1.0]
    assert [outgoing.read_at for outgoing in camera.pipeline.finish(read_at=5.0)] == [5.0]


def test_standing_for_long_makes_no_more_events() -> None:
    camera = Camera()

    out = camera.watch(film(60, (0, 60, [Actor(1, 200)])))

    assert [revision for _, revision in revisions(out)] == [0, 1]


def test_who_leaves_before_being_sure_is_told_of_once() -> None:
    out = Camera().watch(film(4, (0, 0.6, [Actor(1, 200)])))

    assert [revision for _, revision in revisions(out)] == [1]
    assert out[0].event.embedding is not None


def test_a_flicker_is_dropped_and_counted() -> None:
    camera = Camera()

    assert camera.watch(film(4, (1, 1.1, [Actor(1, 200)]))) == []
    assert camera.tally[Count.TRACKS_TOO_SHORT] == 1


def test_a_face_that_cannot_be_matched_is_counted_after_a_longer_look_without_template_or_picture() -> None:
    seen = Camera().watch(film(4, (0, 2, [Actor(1, 200, turned=True)])))
    glimpsed = Camera().watch(film(4, (0, 0.3, [Actor(1, 200, turned=True)])))

    assert [(one.event.revision, one.event.embedding, one.image) for one in seen] == [(1, None, None)]
    assert glimpsed == []


def test_specks_are_not_counted_however_long_they_stay() -> None:
    assert Camera().watch(film(5, (0, 5, [Actor(1, 200, side=9, turned=True)]))) == []


def test_what_is_only_faintly_a_face_needs_a_longer_look() -> None:
    glimpsed = Camera().watch(film(4, (0, 0.3, [Actor(1, 200, score=74)])))
    seen = Camera().watch(film(4, (0, 0.6, [Actor(1, 200, score=74)])))
    too_faint = Camera().watch(film(4, (0, 3, [Actor(1, 200, score=66)])))

    assert glimpsed == too_faint == []
    assert len(seen) == 1
    assert seen[0].event.embedding is not None


def test_an_empty_scene_gives_nothing_and_embeds_nothing() -> None:
    camera = Camera()

    assert camera.watch(film(5)) == []
    assert camera.embedder.batches == []


def test_two_people_together_get_their_own_events_and_templates() -> None:
    out = Camera().watch(film(5, (0, 3, [Actor(1, 100), Actor(2, 400)])))

    last = [one for one in out if one.event.revision == 1]
    assert len(out) == 4
    assert float(template(last[0]) @ template(last[1])) < 0.3


def test_only_a_handful_of_looks_is_embedded() -> None:
    camera = Camera()

    camera.watch(film(30, (0, 30, [Actor(1, 200)])))

    assert sum(camera.embedder.batches) <= 12
    assert camera.tally[Count.FACES_EMBEDDED] == sum(camera.embedder.batches)


def test_people_who_become_sure_together_are_embedded_in_one_batch() -> None:
    camera = Camera()
    for one in film(1.1, (0, 2, [Actor(1, 50), Actor(2, 250), Actor(3, 450)])):
        camera.pipeline.process(one)

    assert len(camera.embedder.batches) == 1


def test_the_sharpest_look_is_sent_with_its_picture() -> None:
    blurred = [frame([Actor(1, 200, blur=3)], tenths / 10) for tenths in range(5)]
    sharp = [frame([Actor(1, 200)], 0.5)]
    blurred_again = [frame([Actor(1, 200, blur=3)], tenths / 10) for tenths in range(6, 10)]

    [only] = Camera().watch([*blurred, *sharp, *blurred_again])

    assert only.event.captured_at == START + timedelta(seconds=0.5)
    assert only.image is not None
    picture = cv2.imdecode(np.frombuffer(only.image, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape[:2] == (144, 144)


def test_a_face_hidden_for_a_moment_is_the_same_sighting() -> None:
    out = Camera().watch(film(6, (0, 2, [Actor(1, 200)]), (3, 5, [Actor(1, 210)])))

    assert len({event_id for event_id, _ in revisions(out)}) == 1


def test_the_next_person_through_the_door_is_another_sighting() -> None:
    """The first has left and somebody else stands on the same spot, all within the time a face may be hidden."""
    out = Camera().watch(film(6, (0, 2, [Actor(1, 200)]), (3, 5, [Actor(2, 200)])))

    last = [one for one in out if one.event.revision == 1]
    assert [span(one) for one in last] == [(0.0, 1.9), (3.0, 4.9)]
    assert float(template(last[0]) @ template(last[1])) < 0.3


def test_somebody_who_takes_another_s_place_without_a_gap_is_noticed() -> None:
    camera = Camera()

    out = camera.watch(film(6, (0, 2, [Actor(1, 200)]), (2, 5, [Actor(2, 205)])))

    last = [one for one in out if one.event.revision == 1]
    assert len(last) == 2
    assert span(last[0]) == (0.0, 1.9)
    assert span(last[1]) == (2.1, 4.9)
    assert float(template(last[0]) @ template(last[1])) < 0.3
    assert camera.tally[Count.TRACKS_SPLIT] == 1


def test_two_people_who_swap_places_keep_their_sightings() -> None:
    apart, swapped = [Actor(1, 100), Actor(2, 400)], [Actor(2, 100), Actor(1, 400)]
    camera = Camera()

    out = camera.watch(film(8, (0, 3, apart), (3, 6, swapped)))

    assert len({event_id for event_id, _ in revisions(out)}) == 2
    assert camera.tally[Count.TRACKS_RELINKED] == 2


def test_after_a_cut_the_same_spot_shows_somebody_else() -> None:
    before = [frame([Actor(1, 200)], tenths / 10, background=40) for tenths in range(20)]
    after = [frame([Actor(2, 200)], tenths / 10, background=160) for tenths in range(20, 40)]

    out = Camera().watch([*before, *after])

    assert [span(one) for one in out if one.event.revision == 1] == [(0.0, 1.9), (2.0, 3.9)]


def test_after_a_cut_a_turned_face_is_not_taken_for_the_one_before() -> None:
    before = [frame([Actor(1, 200)], tenths / 10, background=40) for tenths in range(20)]
    after = [frame([Actor(2, 200, turned=True)], tenths / 10, background=160) for tenths in range(20, 40)]

    out = Camera().watch([*before, *after])

    assert len({event_id for event_id, _ in revisions(out)}) == 2


def test_a_person_who_looks_away_meanwhile_stays_the_same_sighting() -> None:
    camera = Camera()

    out = camera.watch(film(8, (0, 2, [Actor(1, 200)]), (2, 4, [Actor(1, 200, turned=True)]), (4, 6, [Actor(1, 200)])))

    assert len({event_id for event_id, _ in revisions(out)}) == 1
    assert span(out[-1]) == (0.0, 5.9)


def test_a_stranger_who_turns_away_where_somebody_stood_is_counted_apart() -> None:
    """After the gap nothing can be compared, so the second is followed in doubt at first, and then as another."""
    out = Camera().watch(film(6, (0, 2, [Actor(1, 200)]), (2.8, 5, [Actor(2, 200, turned=True)])))

    last = [one for one in out if one.event.revision == 1]
    assert [span(one) for one in last] == [(0.0, 1.9), (3.6, 4.9)]
    assert last[1].event.embedding is None


def test_pictures_that_follow_nothing_are_compared_every_time() -> None:
    """As in a folder of photographs, where everybody stands in the middle."""
    frames = [frame([Actor(who, 200)], float(second), continuous=False) for second, who in enumerate([1, 1, 2, 2, 1])]

    out = Camera().watch(frames)

    last = [one for one in out if one.event.revision == 1]
    assert len(last) == 2
    assert abs(float(template(last[0]) @ template(last[1]))) < 0.3


def test_a_clock_that_was_set_back_ends_what_was_going_on() -> None:
    camera = Camera()

    out = camera.watch(film(2, (0, 9, [Actor(1, 200)])) + film(2, (-60, 0, [Actor(1, 200)]), start=-50))

    spans = [span(one) for one in out if one.event.revision == 1]
    assert spans == [(0.0, 1.9), (-50.0, -48.1)]


def test_a_tenant_that_only_counts_gets_no_template_and_no_picture_and_nothing_is_embedded() -> None:
    camera = Camera(matching=False)

    out = camera.watch(film(6, (0, 3, [Actor(1, 100), Actor(2, 400)])))

    assert len(out) == 4
    assert all(one.event.embedding is None and one.image is None for one in out)
    assert camera.embedder.batches == []


def test_a_tenant_that_starts_to_count_only_gets_nothing_of_the_faces_in_view() -> None:
    camera = Camera()
    frames = film(6, (0, 3, [Actor(1, 200)]))
    announced = [outgoing for one in frames[:15] for outgoing in camera.pipeline.process(one)]

    camera.pipeline.set_mode("count_only")
    ended = camera.watch(frames[15:])

    assert announced[0].event.embedding is not None
    assert [(one.event.revision, one.event.embedding, one.image) for one in ended] == [(1, None, None)]


def test_the_same_film_gives_the_same_events() -> None:
    scenes = ((0.0, 3.0, [Actor(1, 100), Actor(2, 400)]), (5.0, 7.0, [Actor(3, 300)]))

    first, second = Camera().watch(film(9, *scenes)), Camera().watch(film(9, *scenes))

    assert [one.event for one in first] == [one.event for one in second]
    assert len({one.event.event_id for one in first}) == 3


def test_another_film_or_camera_gives_other_events() -> None:
    one = replayable_ids(CAMERA_ID, "film")(START, 0)

    assert one == replayable_ids(CAMERA_ID, "film")(START, 0)
    others = {
        replayable_ids(CAMERA_ID, "other film")(START, 0),
        replayable_ids(UUID(int=8), "film")(START, 0),
        replayable_ids(CAMERA_ID, "film")(START + timedelta(seconds=1), 0),
        replayable_ids(CAMERA_ID, "film")(START, 1),
    }
    assert len(others | {one}) == 5
