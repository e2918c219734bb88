"""The score statistics of a model over strangers, as the product bundles them: tails and histograms, no templates.

Every photograph is a probe as a worker makes one, every person a template as enrolment makes one.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.accuracy import find_photographs
from benchmarks.commands import Figures
from benchmarks.people import LabelledTemplates, embed_people, vision_with
from footfall.calibration import (
    ANCHOR_RATE,
    Background,
    Scores,
    TailShape,
    histogram_of,
    impostor_scores,
    normal_score,
    tail_anchor,
    trimmed_excess,
)
from footfall.calibration_background import background_from, background_path
from footfall.settings import load_settings
from footfall.vision.models.added import background_of_added
from footfall.vision.models.manifest import MODELS

RATES = tuple(
    float(f"{digit}e-{power}")
    for power in range(2, 10)
    for digit in (5, 3, 2, 1)
    if digit * 10.0**-power <= ANCHOR_RATE
)
COUNTED_RATE = 1e-4
"""Lower rates are not counted but follow the normal tail through the scores at this one and at ten times it. Further
out a count depends on few people, and in photographs collected from news the highest impostor scores are mostly one
person under two names."""

_LEAST_COUNTED_PAIRS = 100
"""Where not so many pairs reach COUNTED_RATE, the lowest rate that is counted is the one that so many do reach."""

_STEADY_FACTOR = 10.0

BIN_WIDTH = 0.02
REPLICATES = 100
DIGITS = 5
_SEED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument(
        "--source", default="a background of 1,473 people in news photographs (half of Labeled Faces in the Wild)"
    )
    parser.add_argument("--model", help="the model version to measure; default: the manifest's own")
    parser.add_argument("--write", action="store_true", help="write the file that the product reads")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder without photographs, ModelError for weights not here."""
    settings = load_settings()
    faces = arguments.faces or settings.faces_dir / "lfw_dev"
    vision = vision_with(settings, arguments.model)
    seen = embed_people(vision, faces, find_photographs(faces))
    document = {"model_version": vision.embedder.model_version, "source": arguments.source, **statistics(seen)}
    if arguments.write:
        version = vision.embedder.model_version
        bundled = any(spec.version == version for spec in MODELS)
        path = background_path(version) if bundled else background_of_added(settings.models_path, version)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


def lines(figures: Figures) -> list[str]:
    tail = figures["tail"]
    assert isinstance(tail, dict)  # noqa: S101 - made below
    return [
        f"{figures['people']} people, {figures['photographs']} photographs, {figures['pairs']} impostor pairs",
        *(f"{rate:8g} of pairs reach {score:.4f}" for rate, score in zip(tail["rates"], tail["scores"], strict=True)),
    ]


def background_of(seen: LabelledTemplates, model_version: str, source: str) -> Background:
    """The statistics as the product reads them, of these people alone."""
    return background_from({"model_version": model_version, "source": source, **statistics(seen)})


def statistics(seen: LabelledTemplates, *, replicates: int = REPLICATES) -> dict[str, object]:
    """What is bundled, from templates and labels. People count alike, however many photographs they have."""
    owner, first = seen.owners(), seen.first_photographs()
    scores = (seen.probes @ seen.enrolled[first].T).astype(np.float32)
    mine = owner[:, None] == np.arange(len(first))[None, :]
    rng = np.random.default_rng(_SEED)
    kept = _Tail(scores, mine, owner)
    drawn = [
        kept.shape(np.bincount(rng.integers(0, len(first), len(first)), minlength=len(first)).astype(np.float64))
        for _ in range(replicates)
    ]
    genuine = _genuine(seen, owner)
    anchor = tail_anchor(impostor_scores(seen.enrolled[first])[0])
    impostor = histogram_of(scores[~mine].astype(np.float64), BIN_WIDTH)
    return {
        "people": len(first),
        "photographs": len(owner),
        "pairs": int((~mine).sum()),
        "measured_rate": kept.counted_rate,
        "tail": _document(kept.shape(np.ones(len(first)))),
        "replicates": [_document(shape) for shape in drawn],
        "template_anchor": [round(anchor.score, DIGITS), round(anchor.excess, DIGITS)],
        "bin_width": BIN_WIDTH,
        "impostor_histogram": [round(share, 7) for share in impostor],
        "genuine_histogram": [round(share, 7) for share in histogram_of(genuine, BIN_WIDTH)],
        "genuine_pairs": len(genuine),
    }


class _Tail:
    """The scores of a tail with the people of each pair, sorted once for all replicates."""

    def __init__(
        self, scores: npt.NDArray[np.float32], mine: npt.NDArray[np.bool_], owner: npt.NDArray[np.intp]
    ) -> None:
        begin = float(np.quantile(scores[~mine], 1 - 3 * ANCHOR_RATE))
        probe, person = np.nonzero((scores >= begin) & ~mine)
        found = scores[probe, person].astype(np.float64)
        order = np.argsort(found)[::-1]
        self._scores, self._probe, self._person = found[order], owner[probe[order]], person[order]
        self._photographs = np.bincount(owner).astype(np.float64)
        self.counted_rate = max(COUNTED_RATE, _LEAST_COUNTED_PAIRS / int((~mine).sum()))

    def shape(self, times: Scores) -> TailShape:
        """With person i counted `times[i]` times, as a probe and in the gallery."""
        weights = times[self._probe] / self._photographs[self._probe] * times[self._person]
        total = float(times.sum() ** 2 - (times**2).sum())
        reached = np.cumsum(weights) / total

        def counted(rate: float) -> float:
            return float(self._scores[min(int(np.searchsorted(reached, rate)), len(reached) - 1)])

        lowest = self.counted_rate
        steady = min(_STEADY_FACTOR * lowest, ANCHOR_RATE)
        upper, lower = (steady, counted(steady)), (lowest, counted(lowest))
        scores = tuple(counted(rate) if rate >= lowest else normal_score(upper, lower, rate) for rate in RATES)
        return TailShape(RATES, scores, self._excess(weights, counted(ANCHOR_RATE)))

    def _excess(self, weights: Scores, begin: float) -> float:
        over = self._scores > begin
        return trimmed_excess(self._scores[over][::-1] - begin, weights[over][::-1])


def _genuine(seen: LabelledTemplates, owner: npt.NDArray[np.intp]) -> Scores:
    """Each further photograph of a person against the first, as a template."""
    first = seen.first_photographs()
    further = np.setdiff1d(np.arange(len(owner)), first)
    paired: Scores = np.einsum("ij,ij->i", seen.probes[further], seen.enrolled[first[owner[further]]]).astype(
        np.float64
    )
    return paired


def _document(shape: TailShape) -> dict[str, object]:
    return {
        "rates": list(shape.rates),
        "scores": [round(score, DIGITS) for score in shape.scores],
        "excess": round(shape.excess, DIGITS),
    }
