"""Which customers may be one person, and which may be two: pure comparison of templates and times. No table, no search.
Asking people about it is `footfall.review_queue`'s."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from contracts.base import CameraId, EventId, SiteId
from footfall.matching import MatchPolicy
from footfall.stores.postgres.visits import Person
from footfall.vision.types import Float32Array

_ROWS_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """A person and their templates, (n, 512) float32 of norm 1. `event_ids`: the sighting of each, for a customer."""

    person: Person
    vectors: Float32Array
    event_ids: tuple[EventId, ...] = ()


@dataclass(frozen=True, slots=True)
class Presence:
    """A sighting's span at a camera."""

    site_id: SiteId
    camera_id: CameraId
    started_at: datetime
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two people whose nearest templates score `score`. `at_once`: how often two cameras of one site saw both at once,
    which one person can bring about, too."""

    one: Person
    other: Person
    score: float
    at_once: int


@dataclass(frozen=True, slots=True)
class Mixture:
    """A customer whose sightings fall into groups that do not match: `apart` is the smaller part, `score` the nearest
    that it comes to the rest."""

    person: Person
    score: float
    apart: tuple[EventId, ...]


def likely_duplicates(
    people: Sequence[Known], presences: Mapping[Person, Sequence[Presence]], policy: MatchPolicy
) -> list[Duplicate]:
    """Pairs whose nearest templates reach the low threshold, best first; without those who were in two places at once,
    or twice in one camera's picture, for they are two."""
    found: list[Duplicate] = []
    for (one, other), score in _near_pairs(people, policy.threshold_low):
        together = _together(presences.get(one, ()), presences.get(other, ()))
        if together is not None:
            found.append(Duplicate(one, other, score, together))
    return sorted(found, key=lambda pair: (-pair.score, pair.one.person_id, pair.other.person_id))


def likely_mixtures(people: Sequence[Known], policy: MatchPolicy) -> list[Mixture]:
    """Customers whose sightings' templates fall apart: linked wherever two reach the low threshold, they are not all
    connected. Worst first."""
    found = [mixture for known in people if (mixture := _mixture_of(known, policy)) is not None]
    return sorted(found, key=lambda mixture: (mixture.score, mixture.person.person_id))


def _near_pairs(people: Sequence[Known], least: float) -> Iterator[tuple[tuple[Person, Person], float]]:
    """Every pair of people with its best score of at least `least`, in memory that does not grow with their square."""
    filled = [known for known in people if len(known.vectors)]
    if len(filled) < 2:
        return
    stacked = np.concatenate([known.vectors for known in filled])
    owner = np.repeat(np.arange(len(filled)), [len(known.vectors) for known in filled])
    best: dict[tuple[int, int], float] = {}
    for start in range(0, len(stacked), _ROWS_AT_ONCE):
        scores = stacked[start : start + _ROWS_AT_ONCE] @ stacked.T
        for row, column in zip(*np.nonzero(scores >= least), strict=True):
            one, other = int(owner[start + row]), int(owner[column])
            if one < other:
                best[one, other] = max(best.get((one, other), -1.0), float(scores[row, column]))
    for (one, other), score in best.items():
        yield (filled[one].person, filled[other].person), min(score, 1.0)


def _together(one: Sequence[Presence], other: Sequence[Presence]) -> int | None:
    """How often both were seen at once by two cameras of one site; None when they cannot be one person."""
    times = 0
    for mine in one:
        for theirs in other:
            if mine.started_at < theirs.ended_at and theirs.started_at < mine.ended_at:
                if mine.site_id != theirs.site_id or mine.camera_id == theirs.camera_id:
                    return None
                times += 1
    return times


def _mixture_of(known: Known, policy: MatchPolicy) -> Mixture | None:
    count = len(known.event_ids)
    if count < 2:
        return None
    scores = known.vectors @ known.vectors.T
    groups = _connected(scores >= policy.threshold_low)
    if len(groups) == 1:
        return None
    apart = min(groups, key=lambda group: (len(group), known.event_ids[group[0]]))
    rest = [index for index in range(count) if index not in set(apart)]
    nearest = float(scores[np.ix_(apart, rest)].max())
    return Mixture(known.person, nearest, tuple(known.event_ids[index] for index in apart))


def _connected(linked: np.ndarray[tuple[int, ...], np.dtype[np.bool_]]) -> list[list[int]]:
    """The connected parts of a graph, each in ascending order."""
    left = set(range(len(linked)))
    groups: list[list[int]] = []
    while left:
        reached, edge = set[int](), {min(left)}
        while edge:
            reached |= edge
            edge = {int(index) for start in edge for index in np.flatnonzero(linked[start])} - reached
        groups.append(sorted(reached))
        left -= reached
    return groups
