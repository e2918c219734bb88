"""The template that the server makes of an event's picture, beside the one that the worker sent. What an event is
refused for is `footfall.event_checks`', whom a template belongs to is `footfall.recognition`'s."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import SystemRandom

from contracts.people import RecheckVerdict
from footfall.errors import PoorQualityError
from footfall.matching import SAME_FACE_FAR, threshold_at
from footfall.settings import Settings
from footfall.vision.align import align
from footfall.vision.pipeline import VisionPipeline
from footfall.vision.types import BgrImage, DetectedFace, Float32Array

MOST_FACES = 4
"""Faces of a picture that are embedded, largest first: the margin around a face may show its neighbours."""

# Unforeseeable: a worker that knew which events are looked at would forge the others.
_CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True, eq=False)
class Recheck:
    """`score`: the cosine of the two templates, None without a face. `vector`: the server's own (512,) float32 of norm
    1, of the face in the picture that is most like the worker's template; None without a face."""

    verdict: RecheckVerdict
    score: float | None
    vector: Float32Array | None


def is_due(settings: Settings) -> bool:
    """Whether the picture of the event at hand is to be looked at."""
    if settings.re_embed == "sample":
        return _CHANCE.random() < settings.recognition.re_embed_rate
    return settings.re_embed == "always"


def bound_of(vision: VisionPipeline) -> float:
    """The cosine from which the two templates surely show one person: the embedder's measured threshold at
    SAME_FACE_FAR. A worker's template is the mean of several looks and the picture shows one of them, smaller and as
    JPEG; how often that alone falls under the bound is measured by `python -m benchmarks recheck`."""
    return threshold_at(vision.thresholds, SAME_FACE_FAR)


def recheck(vision: VisionPipeline, picture: BgrImage, faces: Sequence[DetectedFace], sent: Float32Array) -> Recheck:
    """The worker's template `sent`, (512,) float32 of norm 1, against the faces that the server found in `picture`."""
    crops: list[BgrImage] = []
    for face in sorted(faces, key=lambda found: found.box.shorter_side, reverse=True)[:MOST_FACES]:
        try:
            crops.append(align(picture, face.landmarks))
        except PoorQualityError:
            continue  # landmarks in one point: no face to compare with
    if not crops:
        return Recheck("no_face", None, None)
    vectors = vision.embedder.embed(crops)
    scores = vectors @ sent
    best = int(scores.argmax())
    score = min(1.0, max(-1.0, float(scores[best])))
    return Recheck("agrees" if score >= bound_of(vision) else "disagrees", score, vectors[best])
