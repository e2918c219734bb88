"""Accuracy of detection and recognition over labelled photographs, with the milliseconds of every stage.

The whole product pipeline runs: decode, detect, align, quality, embed. The subject of a photograph is its large,
central face. A photograph without a face counts against every figure: its pairs score -1, its probe misses.
"""

from __future__ import annotations

import argparse
import csv
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.commands import Figures
from benchmarks.verification import impostor_histogram, rank_one, ten_fold_accuracy, threshold_at_far
from footfall.errors import InputError
from footfall.settings import Settings, load_settings
from footfall.vision.align import align
from footfall.vision.embedders.arcface import BATCH
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import BgrImage, DetectedFace, Float32Array

FARS = ("0.01", "0.001", "0.0001")
STAGES = ("decode", "detect", "align", "quality", "embed")

T = TypeVar("T")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument("--pairs", type=Path, help="CSV of same,a,b; default: <faces>_pairs.csv beside the folder")
    parser.add_argument("--detector", choices=("auto", "yunet", "yuface", "retinaface"), help="instead of the setting")
    parser.add_argument("--backend", choices=("auto", "onnxruntime", "openvino"), help="instead of the setting")
    parser.add_argument("--precision", choices=("auto", "float32"), help="instead of the setting")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder or a list of pairs that cannot be read, ModelError for weights not here."""
    settings = _settings(arguments)
    faces = arguments.faces or settings.faces_dir / "lfw_dev"
    pairs_path = arguments.pairs or faces.with_name(f"{faces.name}_pairs.csv")
    photographs = find_photographs(faces)
    pairs = read_pairs(pairs_path, known=set(photographs))
    vision = open_vision(settings)
    seen = look_at(vision, faces, photographs)
    return {
        "detector": vision.detector.name,
        "embedder": vision.embedder.model_version,
        "backend": vision.embedder.backend,
        **figures_of(seen, pairs),
    }


def lines(figures: Figures) -> list[str]:
    tar, stages = figures["tar_at_far"], figures["stage_ms"]
    assert isinstance(tar, dict) and isinstance(stages, dict)  # noqa: S101, PT018 - made a few lines above
    return [
        f"detector {figures['detector']}, embedder {figures['embedder']} on {figures['backend']}",
        f"photographs      {figures['photographs']}, with a face {figures['detection_rate']:.2%}, "
        f"under the quality floor {figures['under_quality_floor']:.2%}",
        f"pair accuracy    {figures['pair_accuracy']:.2%} over {figures['pairs']} pairs, ten folds",
        *(f"TAR at FAR {far:<6} {value:.2%}" for far, value in tar.items()),
        f"rank-1           {figures['rank1']:.2%}, {figures['probes']} probes against {figures['gallery']} people; "
        f"{figures['rank1_everybody']:.2%} against everybody ({figures['gallery_everybody']})",
        "milliseconds     " + ", ".join(f"{stage} {value:.2f}" for stage, value in stages.items()),
    ]


@dataclass(slots=True)
class Seen:
    """What the pipeline made of the photographs. `vectors`: by photograph, absent where no face was found."""

    photographs: list[str]
    vectors: dict[str, Float32Array] = field(default_factory=dict)
    under_floor: int = 0
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


@dataclass(frozen=True, slots=True)
class Pair:
    same: bool
    a: str
    b: str


def find_photographs(folder: Path) -> list[str]:
    """`<person>/<file>` of every photograph, sorted. Raises InputError when there is none."""
    found = sorted(
        f"{path.parent.name}/{path.name}"
        for path in folder.glob("*/*")
        if path.suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".bmp"}
    )
    if not found:
        raise InputError(
            f"{folder} holds no photographs.",
            hint="Name a folder of <person>/<photograph> with --faces, or set FOOTFALL_FACES_DIR.",
        )
    return found


def read_pairs(path: Path, *, known: set[str]) -> list[Pair]:
    """The labelled pairs. Raises InputError naming the line that is wrong."""
    try:
        with path.open(newline="", encoding="utf-8") as handle:
            rows = list(csv.reader(handle))
    except OSError as error:
        raise InputError(f"The list of pairs cannot be read: {error}.", hint="Name it with --pairs.") from error
    if not rows or rows[0] != ["same", "a", "b"]:
        raise InputError(f"{path} does not begin with the line same,a,b.")
    pairs: list[Pair] = []
    for number, row in enumerate(rows[1:], start=2):
        if len(row) != 3 or row[0] not in ("0", "1"):
            raise InputError(f"{path}, line {number}: a pair is 0 or 1 and two photographs.")
        for name in row[1:]:
            if name not in known:
                raise InputError(f"{path}, line {number}: there is no photograph {name}.")
        pairs.append(Pair(row[0] == "1", row[1], row[2]))
    return pairs


def subject_of(faces: Sequence[DetectedFace], image: BgrImage) -> DetectedFace | None:
    """The large, central face: area less twice the squared distance of its middle from the picture's, in pixels.

    The rule of insightface's own evaluation.
    """
    height, width = image.shape[:2]

    def weight(face: DetectedFace) -> float:
        across: float = face.box.x + face.box.width / 2 - width / 2
        down: float = face.box.y + face.box.height / 2 - height / 2
        return face.box.width * face.box.height - 2.0 * (across * across + down * down)

    return max(faces, key=weight, default=None)


def look_at(vision: VisionPipeline, folder: Path, photographs: Sequence[str]) -> Seen:
    """Run every photograph through the pipeline, stage by stage under a clock."""
    seen = Seen(list(photographs))
    waiting: list[tuple[str, BgrImage]] = []

    def timed(stage: str, work: Callable[[], T]) -> T:
        started = time.perf_counter()
        result = work()
        seen.seconds[stage] += time.perf_counter() - started
        return result

    def embed_waiting() -> None:
        vectors = timed("embed", lambda: vision.embedder.embed([crop for _, crop in waiting]))
        seen.vectors.update((name, vector) for (name, _), vector in zip(waiting, vectors, strict=True))
        waiting.clear()

    _warm_up(vision, (folder / photographs[0]).read_bytes())
    for name in track(photographs, description="photographs", console=Console(stderr=True), transient=True):
        data = (folder / name).read_bytes()
        image = timed("decode", lambda data=data: vision.decode(data))  # type: ignore[misc]
        found = timed("detect", lambda image=image: vision.detector.detect(image))  # type: ignore[misc]
        face = subject_of(found, image)
        if face is None:
            continue
        crop = timed("align", lambda image=image, face=face: align(image, face.landmarks))  # type: ignore[misc]
        quality = timed("quality", lambda face=face, crop=crop: vision.quality_of(face, crop))  # type: ignore[misc]
        seen.under_floor += not vision.acceptable(quality)
        waiting.append((name, crop))
        if len(waiting) == BATCH:
            embed_waiting()
    embed_waiting()
    return seen


def figures_of(seen: Seen, pairs: Sequence[Pair]) -> dict[str, object]:
    """Every figure from vectors and labels."""
    names = [name for name in seen.photographs if name in seen.vectors]
    people = [name.split("/")[0] for name in names]
    vectors = np.stack([seen.vectors[name] for name in names]) if names else np.zeros((0, 1), dtype=np.float32)

    def cosine(pair: Pair) -> float:
        a, b = seen.vectors.get(pair.a), seen.vectors.get(pair.b)
        return -1.0 if a is None or b is None else float(np.dot(a, b))

    same = np.array([cosine(pair) for pair in pairs if pair.same])
    different = np.array([cosine(pair) for pair in pairs if not pair.same])
    impostors = impostor_histogram(vectors, people)
    thresholds = {far: threshold_at_far(impostors, float(far)) for far in FARS}
    rank1, probes, gallery = _rank_one_over_all(seen, vectors, people, distractors=False)
    everybody, _, gallery_everybody = _rank_one_over_all(seen, vectors, people, distractors=True)
    count = len(seen.photographs)
    return {
        "photographs": count,
        "people": len({name.split("/")[0] for name in seen.photographs}),
        "detection_rate": len(names) / count,
        "under_quality_floor": seen.under_floor / max(1, len(names)),
        "pairs": len(pairs),
        "pair_accuracy": ten_fold_accuracy(same, different),
        "tar_at_far": {far: float(np.mean(same >= thresholds[far])) for far in FARS},
        "threshold_at_far": thresholds,
        "impostor_pairs": int(impostors.sum()),
        "rank1": rank1,
        "probes": probes,
        "gallery": gallery,
        "rank1_everybody": everybody,
        "gallery_everybody": gallery_everybody,
        "genuine_mean": float(same.mean()),
        "impostor_mean": float(different.mean()),
        "stage_ms": {stage: seen.seconds[stage] / count * 1000 for stage in STAGES},
    }


def _rank_one_over_all(
    seen: Seen, vectors: Float32Array, people: Sequence[str], *, distractors: bool
) -> tuple[float, int, int]:
    """Rank-1 with photographs in which no face was found counted as probes that miss."""
    rate, probes, gallery = rank_one(vectors, people, distractors=distractors)
    lost = len(seen.photographs) - len(people)
    return rate * probes / max(1, probes + lost), probes + lost, gallery


def _warm_up(vision: VisionPipeline, data: bytes) -> None:
    """One untimed pass: the first run of a network builds its kernels."""
    image = vision.decode(data)
    vision.detector.detect(image)
    vision.embedder.embed([np.zeros((112, 112, 3), dtype=np.uint8)] * BATCH)


def _settings(arguments: argparse.Namespace) -> Settings:
    settings = load_settings()
    chosen = {
        name: getattr(arguments, name)
        for name in ("detector", "backend", "precision")
        if getattr(arguments, name) is not None
    }
    return settings.model_copy(update={"vision": settings.vision.model_copy(update=chosen), "offline": False})
