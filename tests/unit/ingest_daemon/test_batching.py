"""One embedder for all cameras: what comes together is embedded together, and everybody gets their own."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import numpy as np
import pytest

from footfall.errors import InputError
from footfall.vision.embedders.mock import MockEmbedder
from footfall.vision.types import BgrImage, Float32Array
from ingest_daemon.batching import SIZES, BatchingEmbedder
from tests.unit.ingest_daemon.stage import CountingEmbedder, texture


def test_everybody_gets_the_vectors_of_their_own_crops() -> None:
    alone, together = MockEmbedder(), BatchingEmbedder(MockEmbedder())
    wishes = [[texture(10 * camera + face) for face in range(1 + camera % 3)] for camera in range(12)]

    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(together.embed, wishes))

    for wish, answer in zip(wishes, answers, strict=True):
        assert np.allclose(answer, alone.embed(wish))


def test_what_waits_while_a_batch_runs_goes_together() -> None:
    class Slow(CountingEmbedder):
        started, go_on = Event(), Event()

        def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
            Slow.started.set()
            assert Slow.go_on.wait(30)
            return super().embed(crops)

    slow = Slow()
    embedder = BatchingEmbedder(slow)
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(embedder.embed, [texture(0)])
        assert Slow.started.wait(30)
        others = [pool.submit(embedder.embed, [texture(number)]) for number in range(1, 5)]
        while len(embedder._waiting) < 4:
            pass
        Slow.go_on.set()
        for one in (first, *others):
            assert one.result(30).shape == (1, 512)

    assert slow.batches == [1, 4]


def test_batches_have_the_sizes_that_the_network_was_compiled_for() -> None:
    counting = CountingEmbedder()
    embedder = BatchingEmbedder(counting)
    embedder.warm_up()
    warmed = set(counting.batches)
    counting.batches.clear()

    assert embedder.embed([texture(number) for number in range(7)]).shape == (7, 512)

    assert counting.batches == [4, 2, 1]
    assert set(counting.batches) <= warmed == set(SIZES)


def test_an_error_reaches_whoever_asked_and_the_next_one_is_served() -> None:
    class Picky(MockEmbedder):
        def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
            if any(crop.shape != (112, 112, 3) for crop in crops):
                raise InputError("no crop")
            return super().embed(crops)

    embedder = BatchingEmbedder(Picky())

    with pytest.raises(InputError):
        embedder.embed([np.zeros((3, 3, 3), np.uint8)])

    assert embedder.embed([texture(1)]).shape == (1, 512)
