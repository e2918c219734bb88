"""From score distributions to thresholds at a stated false-positive identification rate: pure functions over scores.
No storage, no images, no templates beyond what a function is handed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import exp, log1p, log10, sqrt
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from footfall.errors import ConfigurationError
from footfall.vision.types import Float32Array

Scores = npt.NDArray[np.float64]

ANCHOR_RATE = 0.05
"""The share of impostor pairs over the tail's beginning. With 20 people it leaves about ten scores to measure."""

LEAST_PEOPLE = 20
"""Fewer people of a tenant's own say nothing about a tail: the background then stands alone."""

BACKGROUND_WEIGHT_PEOPLE = 100
"""The background counts as this many of the tenant's own people: 100 people weigh half, 900 nine tenths."""

LEAST_GALLERY = 100.0
"""Thresholds are never computed for a smaller gallery. A gallery of visitors outgrows a handful in an hour, and the
background's photographs are better than most cameras': the room between is the margin of safety."""

_TRIMMED = 0.1
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class TailShape:
    """The upper tail of an impostor distribution: `scores` are the cosines that shares `rates` of the pairs reach,
    rates falling from ANCHOR_RATE. `excess`: as `tail_anchor` measures it, over the first score."""

    rates: tuple[float, ...]
    scores: tuple[float, ...]
    excess: float

    def score_at(self, rate: float) -> float:
        """The cosine that a share `rate` of impostor pairs reaches: linear over log10(rate), and beyond the last rate
        with the last slope. Raises ConfigurationError over ANCHOR_RATE, where there is no tail."""
        if not 0 < rate <= self.rates[0]:
            raise ConfigurationError(
                f"A share of {rate:g} of all comparisons is no tail; at most {self.rates[0]:g} is.",
                hint="Choose lower FOOTFALL_RECOGNITION__TARGET_FPIR and __UNSURE_FPIR.",
            )
        points = list(zip(self.rates, self.scores, strict=True))
        (high, at_high), (low, at_low) = next(
            (pair for pair in pairwise(points) if rate >= pair[1][0]), (points[-2], points[-1])
        )
        share = (log10(high) - log10(rate)) / (log10(high) - log10(low))
        return at_high + share * (at_low - at_high)


@dataclass(frozen=True, slots=True)
class TailAnchor:
    """Where a tail begins and how far it reaches: the score at ANCHOR_RATE, and the mean excess over it."""

    score: float
    excess: float


@dataclass(frozen=True, slots=True)
class Background:
    """What is known of a model's impostor scores before a tenant has people of its own: statistics alone.

    `tail` is that of probes with enrolled templates, `replicates` the same tail over people drawn anew, for intervals.
    `template_anchor` is that of enrolled templates with each other, which is all a tenant has: only with that may its
    own be compared. Histograms are shares by `bin_width` of cosine from -1. `measured_rate`: the lowest rate that was
    counted; lower ones follow a normal tail.
    """

    model_version: str
    source: str
    people: int
    photographs: int
    pairs: int
    measured_rate: float
    tail: TailShape
    replicates: tuple[TailShape, ...]
    template_anchor: TailAnchor
    bin_width: float
    impostor_histogram: tuple[float, ...]
    genuine_histogram: tuple[float, ...]
    genuine_pairs: int


@dataclass(frozen=True, slots=True)
class OwnTail:
    """A tenant's own impostor tail, with the same tail over people drawn anew."""

    people: int
    pairs: int
    anchor: TailAnchor
    replicates: tuple[TailAnchor, ...]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A cosine with its 95 % interval from people drawn anew."""

    value: float
    low: float
    high: float


def comparison_rate(fpir: float, gallery: float) -> float:
    """The share of single comparisons that may pass, for a share `fpir` of strangers to pass against a gallery.

    A stranger is compared with everybody, so that FPIR = 1 - exp(-gallery * rate). Comparisons of one stranger are
    taken as independent: in the tail that holds within 3 % (docs/adr/thresholds-for-the-gallerys-size.md); where it
    does not, fewer strangers pass. Raises ConfigurationError for a rate that is not between 0 and 1.
    """
    if not 0 < fpir < 1 or gallery <= 0:
        raise ConfigurationError(f"A rate of {fpir:g} in a gallery of {gallery:g} cannot be met.")
    return -log1p(-fpir) / gallery


def fpir_at(rate: float, gallery: float) -> float:
    """The share of strangers who pass when a share `rate` of single comparisons does; inverse of comparison_rate."""
    return 1 - exp(-gallery * rate)


def effective_size(templates_of_people: Iterable[int]) -> float:
    """How many people with one template a gallery is worth: a person with m counts as sqrt(m).

    Measured over LFW with the product's fused score: 1.3 to 1.5 times as many impostor scores pass with two templates,
    1.6 to 2 times with three, anywhere between rates of 1e-3 and 1e-6.
    """
    return sum(sqrt(count) for count in templates_of_people if count > 0)


def tail_anchor(scores: Scores, weights: Scores | None = None) -> TailAnchor:
    """The beginning and reach of the scores' upper tail. `weights`: how often each score counts.

    The largest tenth of the excesses is left out: one person enrolled under two names would otherwise pass for a
    heavy tail. Raises ValueError without scores.
    """
    if not len(scores):
        raise ValueError("a tail needs scores")
    order = np.argsort(scores, kind="stable")
    return _anchor_of_sorted(scores[order], None if weights is None else weights[order])


def _anchor_of_sorted(ordered: Scores, weights: Scores | None) -> TailAnchor:
    counts = np.ones(len(ordered)) if weights is None else weights
    reached = np.cumsum(counts[::-1])[::-1]
    total = float(reached[0])
    first = max(int(np.searchsorted(-reached, -ANCHOR_RATE * total, side="left")) - 1, 0)
    begin = float(ordered[first])
    return TailAnchor(begin, trimmed_excess(ordered[first:] - begin, counts[first:]))


def trimmed_excess(excesses: Scores, weights: Scores) -> float:
    """The weighted mean of the smallest nine tenths of rising excesses, at least 1e-6."""
    passed = np.cumsum(weights)
    kept = passed <= (1 - _TRIMMED) * passed[-1]
    weight = float(weights[kept].sum())
    return max(float((excesses[kept] * weights[kept]).sum() / weight), 1e-6) if weight > 0 else 1e-6


def impostor_scores(templates: Float32Array) -> tuple[Scores, npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Cosines of all pairs of (n, d) templates of n different people, and the two people of each pair."""
    first, second = np.triu_indices(len(templates), k=1)
    scores = (templates @ templates.T)[first, second].astype(np.float64)
    return scores, first, second


def own_tail(templates: Float32Array, *, replicates: int, seed: int = 0) -> OwnTail:
    """The impostor tail of (n, d) templates, one of each of n people of a tenant, n at least 3.

    Replicates draw people, not pairs: the pairs of one person are alike, and would make an interval look narrow.
    """
    scores, first, second = impostor_scores(templates)
    order = np.argsort(scores, kind="stable")
    ordered, first, second = scores[order], first[order], second[order]
    people = len(templates)
    rng = np.random.default_rng(seed)
    drawn: list[TailAnchor] = []
    while len(drawn) < replicates:
        times = np.bincount(rng.integers(0, people, people), minlength=people).astype(np.float64)
        weights = times[first] * times[second]
        if weights.any():
            drawn.append(_anchor_of_sorted(ordered, weights))
    return OwnTail(people, len(scores), _anchor_of_sorted(ordered, None), tuple(drawn))


def own_weight(people: int) -> float:
    """What a tenant's own people weigh against the background, 0 to 1; nothing under LEAST_PEOPLE."""
    return 0.0 if people < LEAST_PEOPLE else people / (people + BACKGROUND_WEIGHT_PEOPLE)


def combined(shape: TailShape, like: TailAnchor, own: TailAnchor | None, weight: float) -> TailShape:
    """The background's tail, moved and stretched by how the tenant's own differs from `like`, by `weight`.

    The shape stays the background's: how a tail ends takes millions of pairs to see, and no tenant has them.
    """
    if own is None or weight <= 0:
        return shape
    moved = weight * (own.score - like.score)
    stretch = 1 + weight * (own.excess / like.excess - 1)
    scores = tuple(min(shape.scores[0] + moved + (score - shape.scores[0]) * stretch, 1.0) for score in shape.scores)
    return TailShape(shape.rates, scores, shape.excess * stretch)


def threshold_value(background: Background, own: OwnTail | None, *, fpir: float, gallery: float) -> float:
    """The cosine at which a share `fpir` of strangers is taken for somebody in a gallery worth `gallery` people with
    one template, which is raised to LEAST_GALLERY. Raises ConfigurationError for a rate without a tail."""
    rate = comparison_rate(fpir, max(gallery, LEAST_GALLERY))
    weight = 0.0 if own is None else own_weight(own.people)
    anchor = None if own is None else own.anchor
    return combined(background.tail, background.template_anchor, anchor, weight).score_at(rate)


def threshold_for(background: Background, own: OwnTail | None, *, fpir: float, gallery: float) -> Threshold:
    """As `threshold_value`, with the interval that the people of background and gallery leave open."""
    value = threshold_value(background, own, fpir=fpir, gallery=gallery)
    rate = comparison_rate(fpir, max(gallery, LEAST_GALLERY))
    weight = 0.0 if own is None else own_weight(own.people)
    anchors: Sequence[TailAnchor | None] = own.replicates if own is not None else [None]
    drawn = [
        combined(shape, background.template_anchor, anchors[number % len(anchors)], weight).score_at(rate)
        for number, shape in enumerate(background.replicates)
    ]
    low, high = (float(np.quantile(drawn, share)) for share in _INTERVAL) if drawn else (value, value)
    return Threshold(value, min(low, value), max(high, value))


def miss_rate(histogram: Sequence[float], bin_width: float, threshold: float) -> float | None:
    """The share of a genuine histogram under the threshold, linear within a bin; None for an empty histogram."""
    total = sum(histogram)
    if total <= 0:
        return None
    position = (threshold + 1) / bin_width
    whole = min(int(position), len(histogram))
    under = sum(histogram[:whole])
    if whole < len(histogram):
        under += histogram[whole] * (position - whole)
    return under / total


def histogram_of(scores: Scores, bin_width: float) -> tuple[float, ...]:
    """Shares of the scores by `bin_width` of cosine from -1 to 1; all zero without scores."""
    bins = round(2 / bin_width)
    places = np.clip(((scores + 1) / bin_width).astype(np.int64), 0, bins - 1)
    counts = np.bincount(places, minlength=bins)
    return tuple((counts / max(1, len(scores))).tolist())


def normal_score(upper: tuple[float, float], lower: tuple[float, float], rate: float) -> float:
    """The score that a share `rate` reaches, on the line through two (rate, score) points over the normal deviate of
    the rate: the scale of DET curves, on which impostor scores are straight (Martin et al. 1997)."""
    deviate = NormalDist().inv_cdf
    slope = (lower[1] - upper[1]) / (deviate(1 - lower[0]) - deviate(1 - upper[0]))
    return lower[1] + slope * (deviate(1 - rate) - deviate(1 - lower[0]))
