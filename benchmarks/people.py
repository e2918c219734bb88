"""Templates of labelled photographs, made as the product makes them: probes as a worker, enrolled ones as enrolment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from benchmarks.accuracy import subject_of
from footfall.errors import InputError
from footfall.photographs import template_of
from footfall.settings import Settings
from footfall.vision.align import align
from footfall.vision.embedders.shelf import EmbedderShelf
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True, eq=False)
class LabelledTemplates:
    """Row i of each: `people[i]`'s photograph as a probe and as an enrolled template, (n, 512) float32 of norm 1.
    `lost`: photographs by person without a usable face, which have no row."""

    people: tuple[str, ...]
    probes: Float32Array
    enrolled: Float32Array
    lost: tuple[str, ...] = ()

    def owners(self) -> npt.NDArray[np.intp]:
        """The number of each row's person, in the order of their names."""
        return np.unique(np.asarray(self.people), return_inverse=True)[1].astype(np.intp)

    def of_rows(self, rows: npt.NDArray[np.intp]) -> LabelledTemplates:
        """These rows alone."""
        return LabelledTemplates(tuple(self.people[row] for row in rows), self.probes[rows], self.enrolled[rows])

    def first_photographs(self) -> npt.NDArray[np.intp]:
        """The first row of each person, in the order of their names."""
        return np.unique(np.asarray(self.people), return_index=True)[1].astype(np.intp)


def vision_with(settings: Settings, model: str | None) -> VisionPipeline:
    """The product's pipeline over real weights, with the embedder of that model version, or the manifest's own for
    None. Raises ModelError for weights that are not here."""
    real = settings.model_copy(update={"offline": False})
    vision = open_vision(real)
    if model is None:
        return vision
    return VisionPipeline(
        detector=vision.detector,
        # By itself: what its thresholds rest on is what is measured here.
        embedder=EmbedderShelf(real).unmeasured(model),
        thresholds=vision.thresholds,
        settings=real.vision,
    )


def embed_people(vision: VisionPipeline, folder: Path, photographs: Sequence[str]) -> LabelledTemplates:
    """Every photograph's subject that lies over the quality floor. Raises InputError when there is none."""
    people: list[str] = []
    lost: list[str] = []
    probes: list[Float32Array] = []
    enrolled: list[Float32Array] = []
    for name in track(photographs, description="photographs", console=Console(stderr=True), transient=True):
        image = vision.decode((folder / name).read_bytes())
        face = subject_of(vision.detector.detect(image), image)
        crop = None if face is None else align(image, face.landmarks)
        if face is None or crop is None or not vision.acceptable(vision.quality_of(face, crop)):
            lost.append(name.split("/")[0])
            continue
        people.append(name.split("/")[0])
        probes.append(vision.embedder.embed([crop])[0])
        enrolled.append(template_of(vision, crop))
    if not people:
        raise InputError(f"{folder} holds no photograph with a usable face.", hint="Name another folder with --faces.")
    return LabelledTemplates(tuple(people), np.stack(probes), np.stack(enrolled), tuple(lost))
