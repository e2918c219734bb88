"""Sightings to visits: pure interval arithmetic for one person at one site. No table, no clock, no time zone.

Two sightings belong to one visit when the time between the end of one and the start of the other is shorter than the
gap; a silence exactly as long as the gap closes the visit. Local midnight means nothing here, so it splits nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid5

from contracts.base import CameraId, EventId, VisitId


@dataclass(frozen=True, slots=True)
class Sighting:
    """One face event of the person at the site. `score` is None where no match was needed: a customer's first."""

    event_id: EventId
    camera_id: CameraId
    started_at: datetime
    ended_at: datetime
    score: float | None


@dataclass(frozen=True, slots=True)
class Visit:
    """A stay. `sightings` counts face events, a repeated one once; `camera_ids` are sorted."""

    visit_id: VisitId
    started_at: datetime
    ended_at: datetime
    sightings: int
    camera_ids: tuple[CameraId, ...]
    best_score: float | None


@dataclass(frozen=True, slots=True)
class Absorbed:
    """The visit that now holds a sighting, and the ids of the visits that became part of it, sorted."""

    visit: Visit
    replaced_ids: tuple[VisitId, ...]


def visit_id_for(event_id: EventId) -> VisitId:
    """The id of a visit that this sighting opens: the same whenever the event is repeated."""
    return VisitId(uuid5(event_id, "visit"))


def sessionize(sightings: Iterable[Sighting], gap: timedelta) -> list[Visit]:
    """Every visit of one person at one site, earliest first, from all their sightings in any order.

    Sightings with one event id are one sighting, over the span of all of them. A visit's id comes from its first
    sighting (of equally early ones, the smallest event id).
    """
    distinct: dict[EventId, Sighting] = {}
    for sighting in sightings:
        known = distinct.get(sighting.event_id)
        distinct[sighting.event_id] = sighting if known is None else _union(known, sighting)
    visits: list[Visit] = []
    for sighting in sorted(distinct.values(), key=lambda entry: (entry.started_at, entry.event_id)):
        alone = _alone(sighting)
        if visits and alone.started_at - visits[-1].ended_at < gap:
            visits[-1] = _join([visits[-1], alone])
        else:
            visits.append(alone)
    return visits


def absorb(
    visits: Sequence[Visit], sighting: Sighting, gap: timedelta, *, counted_in: VisitId | None = None
) -> Absorbed:
    """The visit that `sighting` belongs to, given the person's `visits` at the site (those near it are enough).

    `counted_in` names the visit that already counts this sighting, whose span has meanwhile grown. One sighting may
    join visits that lay apart: the earliest keeps its id and the others are replaced. Absorbing sightings one by one,
    in any order, gives the spans, counts and cameras that `sessionize` gives for all of them; ids are those of the
    visits that were there first. Raises KeyError when `counted_in` is not among `visits`.
    """
    alone = _alone(sighting)
    if counted_in is not None:
        holder = {visit.visit_id: visit for visit in visits}[counted_in]
        alone = replace(_join([holder, alone]), visit_id=counted_in, sightings=holder.sightings)
    touched = [
        visit
        for visit in visits
        if visit.visit_id != counted_in
        and visit.started_at - alone.ended_at < gap
        and alone.started_at - visit.ended_at < gap
    ]
    existing = [alone, *touched] if counted_in is not None else touched
    if not existing:
        return Absorbed(alone, ())
    kept = min(existing, key=lambda visit: (visit.started_at, visit.visit_id)).visit_id
    joined = replace(_join([alone, *touched]), visit_id=kept)
    return Absorbed(joined, tuple(sorted(visit.visit_id for visit in existing if visit.visit_id != kept)))


def is_open(ended_at: datetime, gap: timedelta, now: datetime) -> bool:
    """Whether a sighting that began now would still belong to the visit."""
    return now - ended_at < gap


def _alone(sighting: Sighting) -> Visit:
    return Visit(
        visit_id=visit_id_for(sighting.event_id),
        started_at=sighting.started_at,
        ended_at=sighting.ended_at,
        sightings=1,
        camera_ids=(sighting.camera_id,),
        best_score=sighting.score,
    )


def _union(one: Sighting, other: Sighting) -> Sighting:
    return replace(
        one,
        started_at=min(one.started_at, other.started_at),
        ended_at=max(one.ended_at, other.ended_at),
        score=_best([one.score, other.score]),
    )


def _join(visits: Sequence[Visit]) -> Visit:
    return Visit(
        visit_id=visits[0].visit_id,
        started_at=min(visit.started_at for visit in visits),
        ended_at=max(visit.ended_at for visit in visits),
        sightings=sum(visit.sightings for visit in visits),
        camera_ids=tuple(sorted({camera for visit in visits for camera in visit.camera_ids})),
        best_score=_best([visit.best_score for visit in visits]),
    )


def _best(scores: Sequence[float | None]) -> float | None:
    return max((score for score in scores if score is not None), default=None)
