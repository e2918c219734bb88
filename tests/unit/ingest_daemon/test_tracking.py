"""Which detection continues which track, by geometry."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.vision.types import Box
from ingest_daemon.tracking import (
    Motion,
    affinity,
    associate,
    centre_distance,
    followed,
    intersection_over_union,
    predicted,
)

sides = st.floats(8, 400)
places = st.floats(-500, 2000)
boxes = st.builds(Box, places, places, sides, sides)


def at(x: float, y: float = 0.0, side: float = 100.0) -> Box:
    return Box(x, y, side, side)


def test_overlap_of_boxes_is_their_shared_part_of_both() -> None:
    assert intersection_over_union(at(0), at(0)) == 1.0
    assert intersection_over_union(at(0), at(50)) == pytest.approx(50 / 150)
    assert intersection_over_union(at(0), at(100)) == 0.0
    assert intersection_over_union(at(0), at(0, 200)) == 0.0


@given(boxes, boxes)
def test_overlap_is_symmetric_and_within_its_bounds(first: Box, second: Box) -> None:
    overlap = intersection_over_union(first, second)

    assert overlap == pytest.approx(intersection_over_union(second, first))
    assert 0.0 <= overlap <= 1.0 + 1e-9


def test_distance_is_counted_in_faces() -> None:
    assert centre_distance(at(0), at(250)) == 2.5
    assert centre_distance(at(0, side=10), at(25, side=10)) == 2.5


def test_a_walking_face_is_expected_further_on_and_a_lost_one_stops() -> None:
    walking = followed(followed(Motion(at(0), 0.0), at(10), 0.1), at(20), 0.2)

    assert predicted(walking, 0.3).x > 25
    assert predicted(walking, 5.0).x == pytest.approx(predicted(walking, 0.7).x)


def test_a_second_look_at_the_same_moment_moves_the_box_but_makes_no_speed() -> None:
    motion = followed(Motion(at(0), 1.0), at(30), 1.0)

    assert motion.box == at(30)
    assert (motion.velocity_x, motion.velocity_y) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("box", "seconds", "why"),
    [
        (at(0, side=260), 0.1, "a face does not more than double"),
        (at(0, side=40), 0.1, "nor shrink to less than half"),
        (at(450), 0.1, "nor jump by over a face in a tenth of a second"),
        (at(900), 60.0, "nor come back anywhere after a minute"),
    ],
)
def test_what_cannot_be_the_same_face_has_no_affinity(box: Box, seconds: float, why: str) -> None:
    assert affinity(Motion(at(0), 0.0), box, seconds) is None, why


def test_the_reach_grows_with_the_time_out_of_sight() -> None:
    lost = Motion(at(0), 0.0)

    assert affinity(lost, at(250), 0.1) is None
    assert affinity(lost, at(250), 1.0) is not None


def test_a_fast_walker_is_firmly_followed_although_the_boxes_do_not_touch() -> None:
    motion = Motion(at(0), 0.0)
    for step in range(1, 6):
        motion = followed(motion, at(110.0 * step), step / 10)

    [pair] = associate([motion], [at(660)], 0.6).pairs

    assert intersection_over_union(motion.box, at(660)) == 0.0
    assert pair.firm


def test_two_people_side_by_side_keep_their_own_boxes() -> None:
    motions = [Motion(at(0), 0.0), Motion(at(150), 0.0)]

    found = associate(motions, [at(160), at(5)], 0.1)

    assert [(pair.track, pair.face) for pair in found.pairs] == [(0, 1), (1, 0)]
    assert found.free_tracks == found.free_faces == ()


def test_a_newcomer_and_a_leaver_are_left_over() -> None:
    found = associate([Motion(at(0), 0.0), Motion(at(1000), 0.0)], [at(0), at(500)], 0.1)

    assert [(pair.track, pair.face) for pair in found.pairs] == [(0, 0)]
    assert found.free_tracks == (1,)
    assert found.free_faces == (1,)


def test_a_track_that_lost_its_place_takes_no_face_by_place() -> None:
    found = associate([None, Motion(at(300), 0.0)], [at(0)], 0.1)

    assert found.pairs == ()
    assert found.free_tracks == (0, 1)


@given(st.lists(st.builds(Motion, boxes, st.floats(0, 1)), max_size=8), st.lists(boxes, max_size=8))
def test_everything_is_paired_once_or_left_over(motions: list[Motion], faces: list[Box]) -> None:
    found = associate(motions, faces, 1.1)

    tracks = [pair.track for pair in found.pairs] + list(found.free_tracks)
    taken = [pair.face for pair in found.pairs] + list(found.free_faces)
    assert sorted(tracks) == list(range(len(motions)))
    assert sorted(taken) == list(range(len(faces)))
    assert found == associate(motions, faces, 1.1)
