"""Which looks are kept, and the template made of them."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.vision.types import Box, DetectedFace, FaceQuality, Float32Array
from ingest_daemon.shots import BEST_SHOTS, SHOT_SPACING, Shot, keep_best, likeness, template_of
from tests.unit.ingest_daemon.stage import START

AGREE_AT = 0.35


def shot(seconds: float, score: float, *, acceptable: bool = True) -> Shot:
    return Shot(
        captured_at=START + timedelta(seconds=seconds),
        face=DetectedFace(Box(0, 0, 80, 80), np.zeros((5, 2), np.float32), 0.9),
        quality=FaceQuality(score, 80, 100, 0, 0, 0.9),
        acceptable=acceptable,
        frame_width=640,
        frame_height=360,
        aligned=np.zeros((112, 112, 3), np.uint8),
        look=np.zeros(576, np.float32),
    )


def kept_of(shots: list[Shot]) -> tuple[Shot, ...]:
    kept: tuple[Shot, ...] = ()
    for one in shots:
        kept = keep_best(kept, one)
    return kept


def unit(*values: float) -> Float32Array:
    vector = np.zeros(512, np.float32)
    vector[: len(values)] = values
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def test_the_best_are_kept_best_first() -> None:
    shots = [shot(seconds, score) for seconds, score in enumerate([0.3, 0.9, 0.5, 0.7, 0.4, 0.8, 0.6])]

    assert [one.quality.score for one in kept_of(shots)] == [0.9, 0.8, 0.7, 0.6, 0.5]


def test_a_face_over_the_floor_is_better_than_any_under_it() -> None:
    kept = kept_of([shot(0, 0.9, acceptable=False), shot(1, 0.4)])

    assert [one.acceptable for one in kept] == [True, False]


def test_of_two_looks_in_quick_succession_only_the_better_is_kept() -> None:
    worse, better = shot(0, 0.5), shot(0.1, 0.6)

    assert kept_of([worse, better]) == (better,)
    assert kept_of([shot(0, 0.6), worse])[0].quality.score == 0.6
    assert len(kept_of([worse, shot(SHOT_SPACING.total_seconds(), 0.5)])) == 2


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 1), st.booleans()), max_size=40))
def test_kept_shots_are_few_spaced_and_sorted_and_hold_the_best(looks: list[tuple[int, float, bool]]) -> None:
    shots = [shot(tenths / 10, score, acceptable=good) for tenths, score, good in looks]

    kept = kept_of(shots)

    assert len(kept) <= BEST_SHOTS
    assert list(kept) == sorted(kept, key=lambda one: one.rank, reverse=True)
    moments = sorted(one.captured_at for one in kept)
    assert all(later - earlier >= SHOT_SPACING for earlier, later in pairwise(moments))
    if shots:
        assert kept[0].rank == max(one.rank for one in shots)


def test_a_template_is_the_normalised_mean() -> None:
    template, used = template_of([unit(1, 0), unit(0.8, 0.6)], agree_at=AGREE_AT)

    assert used == (0, 1)
    assert template == pytest.approx(unit(1.8, 0.6), abs=1e-6)
    assert np.linalg.norm(template) == pytest.approx(1.0)


def test_a_shot_of_somebody_else_is_left_out_of_the_template() -> None:
    own, alike, other = unit(1, 0), unit(0.9, 0.1), unit(0, 1)

    template, used = template_of([other, own, alike], agree_at=AGREE_AT)

    assert used == (1, 2)
    assert float(template @ other) < 0.1


def test_of_two_shots_that_disagree_the_better_one_stands_alone() -> None:
    template, used = template_of([unit(1, 0), unit(0, 1)], agree_at=AGREE_AT)

    assert used == (0,)
    assert template == pytest.approx(unit(1, 0))


def test_likeness_is_to_the_nearest_look() -> None:
    assert likeness(unit(0, 1), [unit(1, 0), unit(0.6, 0.8)]) == pytest.approx(0.8)
