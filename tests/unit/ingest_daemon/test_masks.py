"""Masks: what lies under one is gone before anything sees the frame."""

from __future__ import annotations

import numpy as np

from contracts.places import Mask
from ingest_daemon.masks import PAINT, masked, painted
from tests.unit.ingest_daemon.stage import Actor, frame

LEFT_HALF: Mask = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))


def test_what_a_mask_covers_is_one_colour_and_the_rest_is_untouched() -> None:
    image = np.random.default_rng(1).integers(0, 255, (100, 200, 3), dtype=np.uint8)
    before = image.copy()

    covered = painted(image, [LEFT_HALF])

    assert (covered[:, :100] == PAINT).all()
    assert (covered[:, 102:] == before[:, 102:]).all()


def test_no_copy_of_what_was_under_it_stays() -> None:
    shown = frame([Actor(1, 20)], 0.0)

    after = masked(shown, [LEFT_HALF])

    assert after.image is shown.image
    assert (shown.image[50:, :300] == PAINT).all()


def test_without_a_mask_nothing_changes() -> None:
    shown = frame([Actor(1, 20)], 0.0)

    assert masked(shown, []) is shown


def test_a_picture_that_cannot_be_written_is_masked_all_the_same() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    image.flags.writeable = False

    assert (painted(image, [LEFT_HALF])[:, :100] == PAINT).all()
