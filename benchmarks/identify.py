"""Open-set identification: half of the people enrolled, the other half strangers, at the product's own thresholds.

Templates, scores, calibration and decision are the product's functions. Everybody with two photographs or more takes
part; a person is enrolled with as many as asked for, or one fewer than they have, and those who have the full number
are looked for with their others. Beside it the thresholds a user would otherwise pick or dream of.

The bundled background was made of `lfw_dev`. Where that is the folder, only the rows `held out` are of people whom
nothing was made of: their background is that of the people with one photograph, who take no part.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
from rich.console import Console
from rich.progress import track

from benchmarks.accuracy import find_photographs
from benchmarks.background import background_of
from benchmarks.commands import Figures
from benchmarks.identify_plot import write_plot
from benchmarks.people import LabelledTemplates, embed_people, vision_with
from benchmarks.verification import best_threshold
from contracts.base import TemplateId
from footfall.calibration import Background, effective_size, threshold_value
from footfall.calibration_background import load_background
from footfall.calibration_gallery import MOST_PEOPLE, measure
from footfall.errors import InputError
from footfall.matching import MatchDecision, MatchPolicy, PersonScore, decide, rank_people, rescore
from footfall.settings import Settings, load_settings
from footfall.stores.base import Hit
from footfall.vision.types import Float32Array

TARGETS = (0.01, 0.001)
PHOTOGRAPHS = (1, 3)
CALIBRATED = "calibrated"
HELD_OUT = "calibrated, background held out"
BACKGROUND = "background alone"
FIXED = "fixed: best pair accuracy"
ORACLE = "oracle: nearest template, threshold picked on the answers"

_LEAST_PEOPLE = 8
_LEAST_OF_BACKGROUND = 300
"""Of fewer people's pairs not ten reach the lowest rate that is counted."""

_PAIRS = 3000


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """One draw. `gallery`: rows of each enrolled person's photographs; `sought`: the gallery number of each probe's
    person."""

    gallery: tuple[npt.NDArray[np.intp], ...]
    probes: npt.NDArray[np.intp]
    sought: npt.NDArray[np.intp]
    strangers: npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Ranked:
    """What the product makes of every probe before a threshold: people by fused score, and the best raw cosine."""

    people: tuple[tuple[PersonScore, ...], ...]
    nearest: npt.NDArray[np.float64]
    nearest_person: npt.NDArray[np.intp]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--faces", type=Path, help="folder of <person>/<photograph>; default: lfw_dev in faces_dir")
    parser.add_argument("--seeds", type=int, default=20, help="draws of who is enrolled; 20 by default")
    parser.add_argument("--model", help="the model version to measure; default: the manifest's own")
    parser.add_argument("--plot", type=Path, help="write the first draw's calibration plot to this file, as SVG")


def run(arguments: argparse.Namespace) -> Figures:
    """Raises InputError for a folder with fewer than 8 people of two photographs, ModelError for weights not here."""
    settings = load_settings()
    faces = arguments.faces or settings.faces_dir / "lfw_dev"
    vision = vision_with(settings, arguments.model)
    seen = embed_people(vision, faces, find_photographs(faces))
    background = load_background(vision.embedder.model_version, settings.models_path)
    if arguments.plot is not None:
        rates = settings.recognition
        write_plot(
            arguments.plot,
            seen,
            draw(seen, PHOTOGRAPHS[-1], 0).gallery,
            background,
            target_fpir=rates.target_fpir,
            unsure_fpir=rates.unsure_fpir,
        )
    return {
        "embedder": vision.embedder.model_version,
        "detector": vision.detector.name,
        "people": len(set(seen.people)),
        "photographs": len(seen.people),
        "without_a_usable_face": len(seen.lost),
        "seeds": arguments.seeds,
        "background": background.source,
        "rows": rows_of(seen, background, settings, seeds=arguments.seeds, aside=held_out(seen)),
    }


def lines(figures: Figures) -> list[str]:
    rows = figures["rows"]
    assert isinstance(rows, list)  # noqa: S101 - made a few lines above
    return [
        "photos  target FPIR   FPIR      (a draw's 5..95 %)      FNIR     threshold",
        *(
            f"{row['photos']:6d}  {row['target_fpir']:10.1%}  {row['fpir']:7.3%}  "
            f"({row['fpir_p5']:7.3%} ..{row['fpir_p95']:7.3%})  {row['fnir']:8.2%}     {row['threshold']:.3f} "
            f"{row['threshold_source']}"
            for row in rows
        ),
    ]


def rows_of(
    seen: LabelledTemplates,
    background: Background,
    settings: Settings,
    *,
    seeds: int,
    aside: Background | None = None,
) -> list[dict[str, object]]:
    """Mean figures over the draws, a row for each number of photographs, target and kind of threshold."""
    backgrounds = {CALIBRATED: background} if aside is None else {HELD_OUT: aside, CALIBRATED: background}
    fixed = fixed_threshold(seen)
    found: dict[tuple[int, float, str], list[dict[str, float]]] = {}
    for photos in PHOTOGRAPHS:
        for seed in track(
            range(seeds), description=f"draws, photographs: {photos}", console=Console(stderr=True), transient=True
        ):
            split = draw(seen, photos, seed)
            known, unknown = rank(seen, split, split.probes), rank(seen, split, split.strangers)
            sizes = {"enrolled": len(split.gallery), "probes": len(split.probes), "strangers": len(split.strangers)}
            for target, kind, threshold in _thresholds(seen, split, unknown, backgrounds, fixed):
                policy = MatchPolicy(threshold, threshold, settings.recognition.margin, kind)
                rates = (
                    _rates(known, unknown, split, policy)
                    if kind != ORACLE
                    else _raw_rates(known, unknown, split, threshold)
                )
                found.setdefault((photos, target, kind), []).append({**sizes, **rates, "threshold": threshold})
    return [
        {"photos": photos, "target_fpir": target, "threshold_source": kind, **_summary(draws)}
        for (photos, target, kind), draws in found.items()
    ]


def held_out(seen: LabelledTemplates) -> Background | None:
    """The background of everybody whom `draw` leaves aside; None where they are too few."""
    owner = seen.owners()
    alone = np.flatnonzero(np.bincount(owner)[owner] == 1)
    if len(alone) < _LEAST_OF_BACKGROUND:
        return None
    return background_of(seen.of_rows(alone), "held out", f"{len(alone)} people of the folder who take no part")


def draw(seen: LabelledTemplates, photos: int, seed: int) -> Split:
    """Half of the people of two photographs or more, enrolled with up to `photos`; the same halves for every number.

    Raises InputError when there are too few such people.
    """
    owner = seen.owners()
    rows = [np.flatnonzero(owner == number) for number in range(int(owner.max()) + 1)]
    several = [own for own in rows if len(own) > 1]
    if len(several) < _LEAST_PEOPLE:
        raise InputError(f"{len(several)} people have two photographs with a usable face; {_LEAST_PEOPLE} are needed.")
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(several))
    shuffled = [rng.permutation(several[number]) for number in order]
    half = len(several) // 2
    gallery = tuple(own[: min(photos, len(own) - 1)] for own in shuffled[:half])
    full = [(number, own[photos:]) for number, own in enumerate(shuffled[:half]) if len(own) > photos]
    if not full:
        raise InputError(f"Nobody has more than {photos} photographs with a usable face.")
    return Split(
        gallery=gallery,
        probes=np.concatenate([own for _, own in full]),
        sought=np.concatenate([np.full(len(own), number) for number, own in full]).astype(np.intp),
        strangers=np.concatenate(shuffled[half:]),
    )


def rank(seen: LabelledTemplates, split: Split, probes: npt.NDArray[np.intp], *, limit: int = 20) -> Ranked:
    """As `footfall.recognition` does it: the nearest templates propose people, all their templates score them.

    The search is exact here; how near the index comes to that is another benchmark's question.
    """
    templates = {("staff", UUID(int=number)): list(seen.enrolled[own]) for number, own in enumerate(split.gallery)}
    owners = np.concatenate([np.full(len(own), number) for number, own in enumerate(split.gallery)])
    stored = seen.enrolled[np.concatenate(split.gallery)]
    people: list[tuple[PersonScore, ...]] = []
    nearest, nearest_person = np.zeros(len(probes)), np.zeros(len(probes), dtype=np.intp)
    for position, row in enumerate(probes):
        scores = stored @ seen.probes[row]
        best = np.argsort(-scores, kind="stable")[:limit]
        hits = [Hit(TemplateId(UUID(int=int(i))), "staff", UUID(int=int(owners[i])), float(scores[i])) for i in best]
        people.append(tuple(rescore(seen.probes[row], rank_people(hits), templates)))  # type: ignore[arg-type]
        nearest[position], nearest_person[position] = scores[best[0]], owners[best[0]]
    return Ranked(tuple(people), nearest, nearest_person)


def fixed_threshold(seen: LabelledTemplates) -> float:
    """What a user would otherwise pick: the cosine that tells most pairs of photographs rightly, as many same as
    different ones, drawn over everybody."""
    owner, rng = seen.owners(), np.random.default_rng(0)
    same = [
        (own[0], other)
        for number in range(int(owner.max()) + 1)
        for own in [np.flatnonzero(owner == number)]
        for other in own[1:]
    ]
    chosen = [same[number] for number in rng.permutation(len(same))[:_PAIRS]]
    different: list[tuple[int, int]] = []
    while len(different) < len(chosen):
        one, two = rng.integers(0, len(owner), 2)
        if owner[one] != owner[two]:
            different.append((int(one), int(two)))
    return best_threshold(_cosines(seen.probes, chosen), _cosines(seen.probes, different))


def _cosines(vectors: Float32Array, pairs: Sequence[tuple[int, int]]) -> npt.NDArray[np.float64]:
    first, second = np.array(pairs).T
    cosines: npt.NDArray[np.float64] = np.einsum("ij,ij->i", vectors[first], vectors[second]).astype(np.float64)
    return cosines


def _thresholds(
    seen: LabelledTemplates, split: Split, unknown: Ranked, backgrounds: Mapping[str, Background], fixed: float
) -> Iterator[tuple[float, str, float]]:
    """Target, kind and threshold. Only the oracle sees a stranger."""
    size = effective_size(len(own) for own in split.gallery)
    firsts = seen.enrolled[[int(own[0]) for own in split.gallery][:MOST_PEOPLE]]
    measured = measure(firsts, [])
    for target in TARGETS:
        for kind, background in backgrounds.items():
            yield target, kind, threshold_value(background, measured.tail, fpir=target, gallery=size)
        yield target, BACKGROUND, threshold_value(backgrounds[CALIBRATED], None, fpir=target, gallery=size)
        yield target, FIXED, fixed
        yield target, ORACLE, float(np.quantile(unknown.nearest, 1 - target))


def _rates(known: Ranked, unknown: Ranked, split: Split, policy: MatchPolicy) -> dict[str, float]:
    """FPIR: strangers taken for somebody. FNIR: known people not recognised as themselves, whatever else was said."""
    taken = [_decided(people, policy) for people in unknown.people]
    recognised = [
        decision.best is not None and decision.kind == "staff" and decision.best.person_id == UUID(int=int(number))
        for people, number in zip(known.people, split.sought, strict=True)
        for decision in [_decided(people, policy)]
    ]
    return {
        "fpir": float(np.mean([decision.kind == "staff" for decision in taken])),
        "fnir": 1 - float(np.mean(recognised)),
    }


def _decided(people: Sequence[PersonScore], policy: MatchPolicy) -> MatchDecision:
    return decide(list(people), policy, acceptable=True)


def _raw_rates(known: Ranked, unknown: Ranked, split: Split, threshold: float) -> dict[str, float]:
    right = (known.nearest_person == split.sought) & (known.nearest >= threshold)
    return {"fpir": float(np.mean(unknown.nearest >= threshold)), "fnir": 1 - float(np.mean(right))}


def _summary(draws: Sequence[Mapping[str, float]]) -> dict[str, object]:
    rates = {name: float(np.mean([item[name] for item in draws])) for name in ("fpir", "fnir", "threshold")}
    spread = [item["fpir"] for item in draws]
    return {
        **rates,
        "fpir_p5": float(np.quantile(spread, 0.05)),
        "fpir_p95": float(np.quantile(spread, 0.95)),
        **{name: round(float(np.mean([item[name] for item in draws]))) for name in ("enrolled", "probes", "strangers")},
    }
