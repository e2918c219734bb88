"""Vectors for looks at faces, worked out once each and only where they are needed. Nothing is compared here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from footfall.vision.types import Embedder
from ingest_daemon.shots import Shot
from ingest_daemon.tally import Count, Tally
from ingest_daemon.tracks import FaceTrack


class ShotEmbedder:
    """The embedder, for shots and tracks; counts what it embeds."""

    def __init__(self, embedder: Embedder, tally: Tally) -> None:
        self._embedder = embedder
        self._tally = tally

    def of_tracks(self, tracks: Sequence[FaceTrack]) -> list[FaceTrack]:
        """`tracks` with a vector in every shot over the quality floor, worked out in one batch."""
        shots = iter(self.of_shots([shot for track in tracks for shot in track.shots]))
        return [replace(track, shots=tuple(next(shots) for _ in track.shots)) for track in tracks]

    def of_shots(self, shots: Sequence[Shot]) -> list[Shot]:
        """`shots` with vectors where they can be matched and have none yet; one call of the embedder."""
        # A look that is both the best and the last of its track has one crop, and is embedded once.
        missing = {id(shot.aligned): shot.aligned for shot in shots if shot.acceptable and shot.vector is None}
        if not missing:
            return list(shots)
        vectors = self._embedder.embed(list(missing.values()))
        self._tally.add(Count.FACES_EMBEDDED, len(missing))
        vector_of = dict(zip(missing, vectors, strict=True))
        return [
            replace(shot, vector=vector_of[id(shot.aligned)]) if shot.acceptable and shot.vector is None else shot
            for shot in shots
        ]
