"""Cuts of the whole picture, and faces that change from one look to the next."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from footfall.vision.types import BgrImage
from ingest_daemon.pixels import is_cut, is_smooth, look_of, thumbnail
from tests.unit.ingest_daemon.stage import Actor, picture, texture


def grey(image: BgrImage) -> npt.NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), dtype=np.uint8)


def test_a_person_walking_through_the_picture_is_no_cut() -> None:
    before, after = picture([Actor(1, 100)]), picture([Actor(1, 200)])

    assert not is_cut(thumbnail(grey(before)), thumbnail(grey(after)))


def test_another_scene_is_a_cut() -> None:
    assert is_cut(thumbnail(grey(picture([], background=60))), thumbnail(grey(picture([], background=150))))


@pytest.mark.parametrize("size", [(90, 160), (1, 1), (120, 160)])
def test_a_thumbnail_is_small_whatever_the_picture(size: tuple[int, int]) -> None:
    small = thumbnail(np.full(size, 7, np.uint8))

    assert small.shape == (18, 32)
    assert small.dtype == np.uint8
    assert float(small.mean()) == 7.0


def test_the_same_face_a_little_brighter_looks_the_same() -> None:
    face = texture(1)
    brighter = np.clip(face.astype(np.int16) + 20, 0, 255).astype(np.uint8)

    assert is_smooth(look_of(face), look_of(brighter))


def test_another_face_does_not() -> None:
    assert not is_smooth(look_of(texture(1)), look_of(texture(2)))


def test_a_flat_crop_looks_like_nothing() -> None:
    flat = look_of(np.full((112, 112, 3), 128, np.uint8))

    assert not is_smooth(flat, flat)
