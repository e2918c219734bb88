"""What counts as a change of the picture, and what is noise, light or a camera that sets its exposure."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from footfall.vision.types import BgrImage, Box
from ingest_daemon.changes import ChangeDetector, is_unchanged
from tests.unit.ingest_daemon.stage import texture

WIDTH, HEIGHT = 640, 360


def room(seed: int = 3) -> BgrImage:
    """A scene with surfaces, edges and shades."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(60, 190, (9, 16, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def filmed(scene: BgrImage, rng: np.random.Generator, *, noise: float = 3.0, light: float = 1.0) -> BgrImage:
    return np.clip(scene * light + rng.normal(0, noise, scene.shape), 0, 255).astype(np.uint8)


def with_face(scene: BgrImage, left: int, top: int, side: int) -> BgrImage:
    image = scene.copy()
    image[top : top + side, left : left + side] = cv2.resize(texture(1), (side, side))
    return image


def settled(rng: np.random.Generator, *, noise: float = 3.0) -> ChangeDetector:
    """A detector that has seen the empty room for two seconds."""
    changes = ChangeDetector()
    for tenths in range(20):
        changes.see(filmed(room(), rng, noise=noise), tenths / 10)
    return changes


def active(changes: ChangeDetector, image: BgrImage, at: float) -> int:
    return int(changes.see(image, at).cells.sum())


@pytest.mark.parametrize("noise", [0.0, 2.0, 5.0, 9.0])
def test_a_sensor_s_noise_is_no_change(noise: float) -> None:
    rng = np.random.default_rng(1)
    changes = settled(rng, noise=noise)

    assert [active(changes, filmed(room(), rng, noise=noise), 2 + tenths / 10) for tenths in range(10)] == [0] * 10


def test_light_that_changes_slowly_is_no_change() -> None:
    rng = np.random.default_rng(2)
    changes = settled(rng)

    found = [active(changes, filmed(room(), rng, light=1 - 0.004 * tenths), 2 + tenths / 10) for tenths in range(60)]

    assert sum(found) == 0


def test_an_exposure_that_jumps_is_over_within_a_second() -> None:
    rng = np.random.default_rng(3)
    changes = settled(rng)

    found = [active(changes, filmed(room(), rng, light=0.7), 2 + tenths / 10) for tenths in range(20)]

    assert found[10:] == [0] * 10


@pytest.mark.parametrize(("left", "top", "side"), [(40, 40, 28), (560, 290, 40), (300, 150, 120)])
def test_a_face_is_a_change_where_it_is_at_once(left: int, top: int, side: int) -> None:
    rng = np.random.default_rng(4)
    view = settled(rng).see(filmed(with_face(room(), left, top, side), rng), 2.0)

    assert view.cells.any()
    rows, columns = np.nonzero(view.cells)
    cell = 8 / view.scale
    assert left - 2 * cell <= columns.min() * cell <= left + side
    assert top - 2 * cell <= rows.min() * cell <= top + side


def test_what_stays_becomes_background_and_its_leaving_is_a_change_again() -> None:
    rng = np.random.default_rng(5)
    changes = settled(rng)
    for tenths in range(60):
        changes.see(filmed(with_face(room(), 300, 150, 80), rng), 2 + tenths / 10)

    assert active(changes, filmed(with_face(room(), 300, 150, 80), rng), 8.0) == 0
    assert active(changes, filmed(room(), rng), 8.1) > 0


def test_another_resolution_is_all_new() -> None:
    rng = np.random.default_rng(6)
    view = settled(rng).see(np.zeros((480, 640, 3), np.uint8), 2.0)

    assert view.cells.all()


def test_a_face_that_holds_still_is_told_from_one_that_moves() -> None:
    rng = np.random.default_rng(7)
    changes = settled(rng)
    box = Box(300, 150, 80, 80)
    before = changes.see(filmed(with_face(room(), 300, 150, 80), rng), 2.0).patch(box).copy()

    assert is_unchanged(before, changes.see(filmed(with_face(room(), 300, 150, 80), rng), 2.1), box)
    assert not is_unchanged(before, changes.see(filmed(with_face(room(), 325, 155, 80), rng), 2.2), box)
    assert not is_unchanged(before, changes.see(filmed(room(), rng), 2.3), box)
