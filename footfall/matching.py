"""Who a probe is: pure decisions over scored candidates. No search, no storage, no images."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import log10
from typing import Literal
from uuid import UUID

import numpy as np

from contracts.base import PersonKind
from footfall.errors import ConfigurationError
from footfall.stores.base import Hit
from footfall.templates import fuse
from footfall.vision.types import Float32Array, ThresholdTable

SAME_FACE_FAR = 1e-5
"""False-accept rate at which one photograph compared with one other surely shows the same person."""

LIKE_FACE_FAR = 1e-3
"""False-accept rate under which two photographs are not even unsure to show one person."""

RESCORED_PEOPLE = 5
"""People of a search, nearest first, whose score is taken from all their templates."""

Person = tuple[PersonKind, UUID]

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
    """A person and how near the probe is: to the nearest of their templates, or as `fused_score` has it."""

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
            hint="Ask for a rate within the measured range.",
        )
    for (low_far, low_value), (high_far, high_value) in pairwise(points):
        if low_far <= far <= high_far:
            share = (log10(far) - log10(low_far)) / (log10(high_far) - log10(low_far))
            return low_value + share * (high_value - low_value)
    return points[0][1]


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


def fused_score(probe: Float32Array, templates: Sequence[Float32Array]) -> float:
    """The cosine of a (512,) probe with a person: the mean of that with their nearest template and that with their
    templates' mean.

    The mean template is steadier than any one of several photographs; the nearest keeps a person findable whose
    templates differ, with and without a beard. Over LFW with three photographs each, 1.0 % instead of 1.2 % of
    probes are missed at an FPIR of 1 %: docs/adr/thresholds-for-the-gallerys-size.md.
    """
    stacked = np.stack(templates)
    nearest = float((stacked @ probe).max())
    score = nearest if len(stacked) == 1 else (nearest + float(fuse(stacked) @ probe)) / 2
    return min(1.0, max(-1.0, score))  # float32 rounding makes 1.0000001 of a face compared with itself


def rescore(
    probe: Float32Array, people: Sequence[PersonScore], templates: Mapping[Person, Sequence[Float32Array]]
) -> list[PersonScore]:
    """The nearest RESCORED_PEOPLE of `people`, best first, with the fused score of all their `templates`; a person
    without any is left out."""
    scored = [
        PersonScore(person.person_kind, person.person_id, fused_score(probe, templates[key]))
        for person in people[:RESCORED_PEOPLE]
        if (key := (person.person_kind, person.person_id)) in templates
    ]
    return sorted(scored, key=lambda entry: (-entry.score, entry.person_id))


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
