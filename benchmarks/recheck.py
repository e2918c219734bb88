"""How often the server's look at an event's picture raises a false alarm, and how often it misses a forged template.

A worker's template is the mean of up to five looks at a face; the server has one small JPEG of it. Single photographs
stand for a track of one look; several photographs of one person, years apart, for a track far more varied than any is.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from benchmarks.accuracy import find_photographs, subject_of
from benchmarks.commands import Figures
from footfall.errors import InputError, PoorQualityError
from footfall.event_recheck import bound_of, recheck
from footfall.settings import load_settings
from footfall.vision.align import align
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import BgrImage, Float32Array
from ingest_daemon.crops import face_picture, jpeg_within
from ingest_daemon.shots import BEST_SHOTS, template_of


@dataclass(frozen=True, slots=True, eq=False)
class _Looked:
    """What a worker has of one photograph: the face's vector, and the picture that it would send."""

    vector: Float32Array
    picture: bytes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument("--people", type=int, default=600, help="people looked at")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder that cannot be read, ModelError for weights that are not here."""
    settings = load_settings()
    folder = arguments.faces or settings.faces_dir / "lfw_dev"
    by_person: dict[str, list[str]] = {}
    for name in find_photographs(folder):
        by_person.setdefault(name.split("/")[0], []).append(name)
    vision = open_vision(settings)
    people = list(by_person.items())[: arguments.people]
    seen = [
        looks
        for _, names in track(people, description="people", console=Console(stderr=True), transient=True)
        if (looks := list(_looks(vision, folder, names[:BEST_SHOTS])))
    ]
    if len(seen) < 2:
        raise InputError("Too few people with a usable face to compare.", hint="Name another folder with --faces.")
    return figures_of(vision, seen)


def figures_of(vision: VisionPipeline, seen: Sequence[Sequence[_Looked]]) -> dict[str, object]:
    """Shares in every direction, and the cosines that they rest on."""
    single = np.array([_score(vision, looks[0].picture, looks[0].vector) for looks in seen])
    varied = np.array(
        [
            _score(vision, looks[0].picture, template_of([look.vector for look in looks], agree_at=-1.0)[0])
            for looks in seen
            if len(looks) == BEST_SHOTS
        ]
    )
    # Everybody's picture with the next one's template.
    forged = np.array(
        [
            _score(vision, looks[0].picture, other[0].vector)
            for looks, other in zip(seen, [*seen[1:], seen[0]], strict=True)
        ]
    )
    bound = bound_of(vision)
    return {
        "embedder": vision.embedder.model_version,
        "bound": round(bound, 4),
        "people": len(seen),
        "false_alarms": _share_under(single, bound),
        "cosine_p1": round(float(np.percentile(single, 1)), 3),
        "varied_people": len(varied),
        "varied_false_alarms": _share_under(varied, bound),
        "varied_cosine_p1": round(float(np.percentile(varied, 1)), 3) if len(varied) else None,
        "forgeries_missed": round(1.0 - _share_under(forged, bound), 4),
    }


def lines(figures: Figures) -> list[str]:
    return [
        f"bound {figures['bound']} of {figures['embedder']}",
        f"false alarms: {figures['false_alarms']:.2%} of {figures['people']} people with one look "
        f"(1st percentile of the cosine {figures['cosine_p1']}), {figures['varied_false_alarms']:.2%} of "
        f"{figures['varied_people']} with {BEST_SHOTS} photographs years apart ({figures['varied_cosine_p1']})",
        f"forged templates missed: {figures['forgeries_missed']:.2%}",
    ]


def _looks(vision: VisionPipeline, folder: Path, names: Sequence[str]) -> Iterator[_Looked]:
    for name in names:
        image = vision.decode((folder / name).read_bytes())
        face = subject_of(vision.detector.detect(image), image)
        if face is None:
            continue
        try:
            crop: BgrImage = align(image, face.landmarks)
        except PoorQualityError:
            continue
        if vision.acceptable(vision.quality_of(face, crop)):
            yield _Looked(vision.embedder.embed([crop])[0], jpeg_within(face_picture(image, face.box)))


def _score(vision: VisionPipeline, picture: bytes, template: Float32Array) -> float:
    """As the server finds it; -1 where it finds no face, which is an alarm as well."""
    image = vision.decode(picture)
    found = recheck(vision, image, vision.detector.detect(image), template)
    return -1.0 if found.score is None else found.score


def _share_under(scores: npt.NDArray[np.float64], bound: float) -> float:
    return round(float((scores < bound).mean()), 4) if len(scores) else 0.0
