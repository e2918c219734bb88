"""The models of a daemon, opened while its cameras and its server are asked: the two take about equally long. What is
done with them is the pipeline's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

from contracts.places import Camera
from footfall.settings import VisionSettings
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import Embedder
from ingest_daemon.assembly import follow_model
from ingest_daemon.batching import BatchingEmbedder


@dataclass(frozen=True, slots=True, eq=False)
class OpeningModels:
    """Models that are being opened in a thread of their own."""

    _opened: Future[tuple[VisionPipeline, BatchingEmbedder]]
    _settings: VisionSettings

    def ready_for(self, cameras: Sequence[Camera]) -> VisionPipeline:
        """The models once they are there, with one embedder for all cameras: the one whose templates the server
        compares. Raises what opening them raised."""
        vision, embedder = self._opened.result()
        first = vision.embedder
        follow_model(cameras, vision)
        return VisionPipeline(
            detector=vision.detector,
            embedder=embedder if vision.embedder is first else _warm(vision.embedder),
            thresholds=vision.thresholds,
            settings=self._settings,
            liveness=vision.liveness,
        )


@contextmanager
def opening_models(open_them: Callable[[], VisionPipeline], settings: VisionSettings) -> Iterator[OpeningModels]:
    """Begins at once; leaving waits for the end of it, which is a moment, whatever has become of the rest."""

    def opened() -> tuple[VisionPipeline, BatchingEmbedder]:
        vision = open_them()
        return vision, _warm(vision.embedder)

    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="models") as pool:
        opening = OpeningModels(pool.submit(opened), settings)
        pool.shutdown(wait=False)  # nothing else comes: its thread goes once they are open
        yield opening


def _warm(embedder: Embedder) -> BatchingEmbedder:
    batching = BatchingEmbedder(embedder)
    batching.warm_up()
    return batching
