"""One embedder for all cameras of a daemon: crops that several ask for at once go through it together. What is
embedded, and when, is the pipelines' decision."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from threading import Event, Lock

import numpy as np

from footfall.vision.types import BgrImage, Embedder, Float32Array

SIZES = (4, 2, 1)
"""Batches have one of these sizes. A runtime compiles the network anew for each size that it meets, which costs as much
as five crops, and past four a crop costs no less."""
_CROP_SHAPE = (112, 112, 3)


@dataclass(slots=True, eq=False)
class _Wish:
    crops: Sequence[BgrImage]
    done: Event = field(default_factory=Event)
    vectors: Float32Array | None = None
    error: BaseException | None = None


class BatchingEmbedder:
    """Thread-safe. Whoever finds nobody at work embeds for all who wait; nobody waits for company."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._mutex = Lock()
        self._waiting: list[_Wish] = []
        self._working = False

    @property
    def model_version(self) -> str:
        return self._embedder.model_version

    @property
    def backend(self) -> str:
        return self._embedder.backend

    def warm_up(self) -> None:
        """Lets the runtime compile the network for every size, before the first face is in a hurry."""
        for size in SIZES:
            self._embedder.embed([np.zeros(_CROP_SHAPE, np.uint8)] * size)

    def embed(self, crops: Sequence[BgrImage]) -> Float32Array:
        """As `Embedder.embed`, and raises what that raises."""
        wish = _Wish(crops)
        with self._mutex:
            self._waiting.append(wish)
            leads = not self._working
            self._working = True
        if leads:
            self._serve()
        wish.done.wait()
        if wish.error is not None:
            raise wish.error
        if wish.vectors is None:
            raise AssertionError("a batch was left without an answer")
        return wish.vectors

    def _serve(self) -> None:
        while True:
            with self._mutex:
                wishes, self._waiting = self._waiting, []
                if not wishes:
                    self._working = False
                    return
            self._answer(wishes)

    def _answer(self, wishes: Sequence[_Wish]) -> None:
        crops = [crop for wish in wishes for crop in wish.crops]
        try:
            vectors = self._embedded(crops)
        except Exception as error:  # noqa: BLE001 - handed to those who asked, whatever it is
            for wish in wishes:
                wish.error = error
        else:
            start = 0
            for wish in wishes:
                wish.vectors = vectors[start : start + len(wish.crops)]
                start += len(wish.crops)
        for wish in wishes:
            wish.done.set()

    def _embedded(self, crops: Sequence[BgrImage]) -> Float32Array:
        if not crops:
            return self._embedder.embed(crops)
        parts: list[Float32Array] = []
        start = 0
        while start < len(crops):
            size = next(size for size in SIZES if size <= len(crops) - start)
            parts.append(self._embedder.embed(crops[start : start + size]))
            start += size
        return np.concatenate(parts)
