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
from benchmarks.people import LabelledTemplates, embed_people
from footfall.calibration import (
    ANCHOR_RATE,
    Scores,
    TailShape,
    histogram_of,
    impostor_scores,
    normal_score,
    tail_anchor,
    trimmed_excess,
)
from footfall.calibration_background import background_path
from footfall.settings import load_settings
from footfall.vision.pipeline import open_vision

RATES = tuple(
    float(f"{digit}e-{power}")
    for power in range(2, 10)
    for digit in (5, 3, 2, 1)
    if digit * 10.0**-power <= ANCHOR_RATE
)
COUNTED_RATE = 1e-4
"""Lower rates are not counted but follow the normal tail through the scores at STEADY_RATE and at this one. Further out
a count depends on few people, and in photographs collected from news the highest impostor scores are mostly one person
under two names."""

STEADY_RATE = 1e-3

BIN_WIDTH = 0.02
REPLICATES = 100
DIGITS = 5
_SEED = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument(
        "--source", default="a background of 1,473 people in news photographs (half of Labeled Faces in the Wild)"
    )
    parser.add_argument("--write", action="store_true", help="write the file that the product bundles")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder without photographs, ModelError for weights not here."""
    settings = load_settings()
    faces = arguments.faces or settings.faces_dir / "lfw_dev"
    vision = open_vision(settings.model_copy(update={"offline": False}))
    seen = embed_people(vision, faces, find_photographs(faces))
    document = {"model_version": vision.embedder.model_version, "source": arguments.source, **statistics(seen)}
    if arguments.write:
        path = background_path(vision.embedder.model_version)
        path.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    return document


def lines(figures: Figures) -> list[str]:
    tail = figures["tail"]
    assert isinstance(tail, dict)  # noqa: S101 - made below
    return [
        f"{figures['people']} people, {figures['photographs']} photographs, {figures['pairs']} impostor pairs",
        *(f"{rate:8g} of pairs reach {score:.4f}" for rate, score in zip(tail["rates"], tail["scores"], strict=True)),
    ]


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
        "measured_rate": COUNTED_RATE,
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

    def shape(self, times: Scores) -> TailShape:
        """With person i counted `times[i]` times, as a probe and in the gallery."""
        weights = times[self._probe] / self._photographs[self._probe] * times[self._person]
        total = float(times.sum() ** 2 - (times**2).sum())
        reached = np.cumsum(weights) / total

        def counted(rate: float) -> float:
            return float(self._scores[min(int(np.searchsorted(reached, rate)), len(reached) - 1)])

        upper, lower = (STEADY_RATE, counted(STEADY_RATE)), (COUNTED_RATE, counted(COUNTED_RATE))
        scores = tuple(counted(rate) if rate >= COUNTED_RATE else normal_score(upper, lower, rate) for rate in RATES)
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
