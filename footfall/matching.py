"""Who a probe is: pure decisions over scored candidates. No search, no storage, no images."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Literal
from uuid import UUID

from contracts.base import PersonKind
from footfall.errors import ConfigurationError
from footfall.stores.base import Hit
from footfall.vision.types import ThresholdTable

Kind = Literal["staff", "customer", "stranger", "unsure", "poor_quality"]


@dataclass(frozen=True, slots=True)
class MatchPolicy:
    """Cosine thresholds with their provenance, and the lead a match needs over the second person."""

    threshold_low: float
    threshold_high: float
    margin: float
    source: str


@dataclass(frozen=True, slots=True)
class PersonScore:
    """A person's best score among its templates."""

    person_kind: PersonKind
    person_id: UUID
    score: float


@dataclass(frozen=True, slots=True)
class MatchDecision:
    """`stranger`: nobody in the gallery is near. `margin` is the lead over the second person, None without one."""

    kind: Kind
    reason: str
    best: PersonScore | None
    margin: float | None


def threshold_at(table: ThresholdTable, far: float) -> float:
    """The cosine threshold for a false-accept rate, interpolated linearly over log10(FAR) between measured points.

    Raises ConfigurationError outside the measured range: a threshold that nobody measured is a guess.
    """
    points = sorted(table.points)
    if not points or not points[0][0] <= far <= points[-1][0]:
        measured = ", ".join(f"{rate:g}" for rate, _ in points)
        raise ConfigurationError(
            f"No threshold was measured for a false-accept rate of {far:g} (measured: {measured}).",
            hint="Set FOOTFALL_RECOGNITION__TARGET_FAR and __UNSURE_FAR within the measured range.",
        )
    for (low_far, low_value), (high_far, high_value) in pairwise(points):
        if low_far <= far <= high_far:
            share = (log10(far) - log10(low_far)) / (log10(high_far) - log10(low_far))
            return low_value + share * (high_value - low_value)
    return points[0][1]


def policy_from(table: ThresholdTable, *, target_far: float, unsure_far: float, margin: float) -> MatchPolicy:
    """Thresholds of a model at two stated false-accept rates. Raises ConfigurationError when they are swapped."""
    if unsure_far < target_far:
        raise ConfigurationError(
            f"unsure_far ({unsure_far:g}) must be at least target_far ({target_far:g}).",
            hint="The unsure band lies below the match threshold, where false accepts are more frequent.",
        )
    return MatchPolicy(
        threshold_low=threshold_at(table, unsure_far),
        threshold_high=threshold_at(table, target_far),
        margin=margin,
        source=f"{table.source}; FAR {unsure_far:g} / {target_far:g}",
    )


def rank_people(hits: Iterable[Hit]) -> list[PersonScore]:
    """Best score of each person, best first. Ties fall to the smaller id, so that a rerun decides alike."""
    best: dict[tuple[PersonKind, UUID], float] = {}
    for hit in hits:
        key = (hit.person_kind, hit.person_id)
        if key not in best or hit.score > best[key]:
            best[key] = hit.score
    return sorted(
        (PersonScore(kind, person, score) for (kind, person), score in best.items()),
        key=lambda entry: (-entry.score, entry.person_id),
    )


def decide(people: list[PersonScore], policy: MatchPolicy, *, acceptable: bool) -> MatchDecision:
    """Match = best score at or over the high threshold AND ahead of the second person by the margin.

    `people`: best first, as `rank_people` answers. `acceptable`: the face lies over the quality floor.
    """
    if not acceptable:
        return MatchDecision("poor_quality", "the face lies under the quality floor", None, None)
    if not people:
        return MatchDecision("stranger", "nobody is enrolled who could be compared", None, None)
    best = people[0]
    margin = best.score - people[1].score if len(people) > 1 else None
    if best.score < policy.threshold_low:
        return MatchDecision("stranger", "the best score lies under the low threshold", best, margin)
    if best.score < policy.threshold_high:
        return MatchDecision("unsure", "the best score lies between the thresholds", best, margin)
    if margin is not None and margin < policy.margin:
        return MatchDecision("unsure", "two people score too closely to tell apart", best, margin)
    return MatchDecision(best.person_kind, "over the high threshold and ahead by the margin", best, margin)
