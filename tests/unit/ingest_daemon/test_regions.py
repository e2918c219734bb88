"""Parts of a picture: as small as what they must show allows, whole where that costs no more, and no face cut."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from footfall.vision.types import BgrImage, Box, DetectedFace, Float32Array
from ingest_daemon.finding import faces_in
from ingest_daemon.regions import Region, Scene, around, merged, of_cells, widened

SCENE = Scene(640, 360, 1.0)


def test_a_face_is_looked_for_with_its_surroundings_and_no_finer_than_needed() -> None:
    small = around(Box(300, 100, 40, 50), SCENE)
    large = around(Box(100, 50, 224, 224), SCENE)

    assert small.left < 300
    assert small.right > 340
    assert small.scale == 1.0
    assert large.scale == 0.5
    assert small.cost < 0.1 * SCENE.whole.cost


def test_a_region_never_leaves_the_frame() -> None:
    for box in (Box(-30, -30, 60, 60), Box(630, 350, 60, 60), Box(-500, -500, 10, 10)):
        region = around(box, SCENE)
        assert 0 <= region.left < region.right <= 640
        assert 0 <= region.top < region.bottom <= 360


def test_two_that_nearly_cover_each_other_become_one_and_two_apart_stay_two() -> None:
    near = [Region(0, 0, 100, 100, 1.0), Region(10, 10, 110, 110, 1.0)]
    apart = [Region(0, 0, 60, 60, 1.0), Region(500, 250, 560, 310, 1.0)]

    assert merged(near, SCENE) == [Region(0, 0, 110, 110, 1.0)]
    assert merged(apart, SCENE) == apart


def test_parts_that_cost_as_much_as_the_whole_become_it() -> None:
    assert merged([Region(0, 0, 640, 170, 1.0), Region(0, 190, 640, 360, 1.0)], SCENE) == [SCENE.whole]


def test_a_region_takes_in_every_face_that_it_touches_and_no_other() -> None:
    region = Region(0, 0, 100, 100, 1.0)

    wide = widened(region, [Box(90, 90, 50, 50), Box(500, 300, 50, 50)], SCENE)

    assert (wide.left, wide.top) == (0, 0)
    assert wide.right >= 140
    assert wide.bottom >= 140
    assert wide.right < 500


def test_changed_cells_become_rectangles_around_them() -> None:
    cells = np.zeros((12, 20), dtype=np.bool_)
    cells[2:4, 3:5] = True
    cells[10, 18] = True

    first, second = of_cells(cells, 32.0, SCENE)

    assert (first.left, first.top, first.right, first.bottom) == (64, 32, 192, 160)
    assert second.right == 640
    assert second.bottom == 360


class Finder:
    """Finds the given boxes where they lie within the picture it is shown; at the edge of a part it sees half a face.
    `shown` counts pictures."""

    name = "finder"
    sees_parts = True

    def __init__(self, *boxes: Box) -> None:
        self._boxes = boxes
        self.shown: list[tuple[int, int]] = []

    def detect(self, image: BgrImage, *, long_side_px: int | None = None) -> list[DetectedFace]:
        assert long_side_px is not None
        self.shown.append(image.shape[:2])
        # The frame's pixels hold their own coordinates, so that a part knows where it was cut.
        first = [int(value) for value in image[0, 0]]
        top, left = first[0] * 2 + first[2] // 4, first[1] * 4 + first[2] % 4
        bottom, right = top + image.shape[0], left + image.shape[1]
        found: list[DetectedFace] = []
        for box in self._boxes:
            x0, y0 = max(box.x, left), max(box.y, top)
            x1, y1 = min(box.x + box.width, right), min(box.y + box.height, bottom)
            if x1 - x0 >= box.width / 2 and y1 - y0 >= box.height / 2:
                points: Float32Array = np.array([[x0 - left + 1, y0 - top + 1]] * 5, dtype=np.float32)
                found.append(DetectedFace(Box(x0 - left, y0 - top, x1 - x0, y1 - y0), points, 0.9))
        return found


def frame() -> BgrImage:
    rows, columns = np.mgrid[0:360, 0:640]
    return np.stack([rows // 2, columns // 4, rows % 2 * 4 + columns % 4], axis=2).astype(np.uint8)


def boxes(found: Sequence[DetectedFace]) -> list[Box]:
    return sorted((face.box for face in found), key=lambda box: box.x)


def test_faces_of_parts_lie_where_they_lie_in_the_frame() -> None:
    face = Box(220, 120, 40, 40)
    found, searched = faces_in(Finder(face), frame(), [Region(200, 100, 320, 220, 1.0)])

    assert boxes(found) == [face]
    assert float(found[0].landmarks[0, 0]) == 221.0
    assert searched == [Region(200, 100, 320, 220, 1.0)]


def test_a_face_that_an_edge_cuts_is_looked_at_whole() -> None:
    face = Box(300, 120, 40, 40)
    finder = Finder(face)

    found, searched = faces_in(finder, frame(), [Region(200, 100, 328, 220, 1.0)])

    assert boxes(found) == [face]
    assert len(finder.shown) == len(searched) == 2


def test_a_face_in_two_parts_is_one() -> None:
    face = Box(220, 120, 40, 40)

    found, _ = faces_in(Finder(face), frame(), [Region(200, 100, 320, 220, 1.0), Region(180, 80, 300, 200, 1.0)])

    assert boxes(found) == [face]
