"""Liveness: how often live faces are taken for pictures of faces, and what becomes of made-up replays.

The photographs are bona fide: their BPCER is measured. There is no set of real attacks here, so APCER is not. What
stands in for it is a smoke test: each photograph is shown on a made-up screen and taken again, and how many of those
are called live is told under a name of its own, for it says nothing of a printer or a telephone.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from rich.console import Console
from rich.progress import track

from benchmarks.accuracy import find_photographs, subject_of
from benchmarks.commands import Figures
from footfall.errors import InputError
from footfall.settings import LivenessSettings, load_settings
from footfall.vision.liveness import LivenessModel, open_liveness
from footfall.vision.models.manifest import LIVENESS
from footfall.vision.pipeline import VisionPipeline, open_vision
from footfall.vision.types import BgrImage

NOT_MEASURED = "not measured"
_SHARES = (0.05, 0.5, 0.8)


@dataclass(frozen=True, slots=True)
class Judged:
    """Scores of the faces that could be judged, and the number of those that could not."""

    scores: Sequence[float]
    unknown: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument("--limit", type=int, default=0, help="only so many photographs, evenly spread; 0: all")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder without photographs or faces, ModelError for weights that are not here."""
    settings = load_settings()
    limits = settings.liveness.model_copy(update={"model": "fr-liveness"})
    vision = open_vision(settings.model_copy(update={"offline": False}))
    model = open_liveness(limits, settings.vision, settings.models_path)
    if model is None:
        raise AssertionError("a model that is on was not opened")
    faces = arguments.faces or settings.faces_dir / "lfw_dev"
    photographs = find_photographs(faces)
    if 0 < arguments.limit < len(photographs):
        chosen = np.linspace(0, len(photographs) - 1, arguments.limit).astype(int)
        photographs = [photographs[index] for index in chosen]
    started = time.perf_counter()
    live, replayed = _judge_all(vision, model, faces, photographs)
    if not live.scores:
        raise InputError(f"No face of {faces} could be judged.", hint="Name photographs with one large face each.")
    return figures_of(live, replayed, limits, seconds=time.perf_counter() - started)


def figures_of(live: Judged, replayed: Judged, limits: LivenessSettings, *, seconds: float) -> dict[str, object]:
    """BPCER: share of live faces called a spoof (ISO/IEC 30107-3). A face that is not judged is no error of either
    kind, and is counted."""
    scores, replays = np.array(live.scores), np.array(replayed.scores)
    return {
        "model": LIVENESS.version,
        "bona_fide": len(scores),
        "not_judged": live.unknown,
        "spoof_below": limits.spoof_below,
        "bpcer": float(np.mean(scores < limits.spoof_below)),
        "bpcer_at": {f"{share:g}": float(np.mean(scores < share)) for share in _SHARES},
        "called_live": float(np.mean(scores >= limits.live_from)),
        "apcer": NOT_MEASURED,
        "smoke_replays": len(replays),
        "smoke_replays_not_called_spoof": float(np.mean(replays >= limits.spoof_below)) if len(replays) else None,
        "seconds": seconds,
    }


def lines(figures: Figures) -> list[str]:
    passed = figures["smoke_replays_not_called_spoof"]
    return [
        f"model            {figures['model']}",
        f"BPCER            {figures['bpcer']:.2%} of {figures['bona_fide']} live faces score under "
        f"{figures['spoof_below']}; {figures['not_judged']} could not be judged",
        f"APCER            {figures['apcer']}: there is no set of real attacks here",
        "smoke test       "
        + ("no replay was judged" if passed is None else f"{passed:.2%} of {figures['smoke_replays']} made-up replays")
        + " pass for live or unknown",
    ]


def replay(picture: BgrImage) -> BgrImage:
    """The picture as if taken from a screen: softened, with the beat of two pixel grids, washed out, compressed."""
    height, width = picture.shape[:2]
    down, across = np.mgrid[:height, :width]
    beat = 1 + 0.08 * np.sin(2 * np.pi * (across * 0.31 + down * 0.07)) + 0.06 * np.sin(2 * np.pi * down * 0.29)
    soft = cv2.GaussianBlur(picture, (0, 0), 0.8).astype(np.float64) * beat[..., np.newaxis]
    washed = np.clip(soft * 0.85 + 25, 0, 255).astype(np.uint8)
    done, data = cv2.imencode(".jpg", washed, [cv2.IMWRITE_JPEG_QUALITY, 60])
    if not done:
        raise AssertionError("a picture in memory could not be encoded")
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_BGR), dtype=np.uint8)


def _judge_all(
    vision: VisionPipeline, model: LivenessModel, folder: Path, photographs: Sequence[str]
) -> tuple[Judged, Judged]:
    scores: dict[str, list[float]] = {"live": [], "replay": []}
    unknown = {"live": 0, "replay": 0}
    for name in track(photographs, description="photographs", console=Console(stderr=True), transient=True):
        picture = vision.decode((folder / name).read_bytes())
        for kind, seen in (("live", picture), ("replay", replay(picture))):
            face = subject_of(vision.detector.detect(seen), seen)
            if face is None:
                continue
            score = model.judge(seen, face.box).score
            if score is None:
                unknown[kind] += 1
            else:
                scores[kind].append(score)
    return Judged(scores["live"], unknown["live"]), Judged(scores["replay"], unknown["replay"])
