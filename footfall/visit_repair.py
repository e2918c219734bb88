"""Visits made anew after sightings changed hands, keeping their ids where they can. Pure; the arithmetic of a visit is
`footfall.visits`'."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from uuid import uuid4

from contracts.base import EventId, SiteId, VisitId
from footfall.stores.postgres.reassignments import FiledEvent, FiledVisit
from footfall.stores.postgres.visits import Person
from footfall.visit_ledger import match_score
from footfall.visits import Sighting, Visit, sessionize, visit_id_for


@dataclass(frozen=True, slots=True)
class Refiled:
    """A visit and the sightings that it is made of."""

    filed: FiledVisit
    event_ids: tuple[EventId, ...]


@dataclass(frozen=True, slots=True)
class _Group:
    visit: Visit
    person: Person
    site_id: SiteId
    event_ids: tuple[EventId, ...]


def refile(
    events: Iterable[FiledEvent],
    *,
    former: Mapping[EventId, VisitId],
    owners: Mapping[VisitId, Person],
    taken: Collection[VisitId],
) -> list[Refiled]:
    """The visits of these sightings, which are all sightings of every visit that they touch; those of nobody are in
    none.

    A visit takes the id that `former` gives one of its sightings, the earliest first; where two visits want one id it
    goes to the person whom `owners` names, else to the earlier visit. One that gets none is named after a sighting.
    `taken`: ids of visits that are not among these.
    """
    groups = sorted(_groups(events), key=lambda group: (group.visit.started_at, group.event_ids[0]))
    named: dict[int, VisitId] = {}
    used = set(taken)

    def claim(number: int, candidates: Iterable[VisitId]) -> None:
        chosen = next((candidate for candidate in candidates if candidate not in used), None)
        if chosen is not None:
            named[number] = chosen
            used.add(chosen)

    for number, group in enumerate(groups):
        claim(number, (name for name in _former(group, former) if owners.get(name) == group.person))
    for number, group in enumerate(groups):
        if number not in named:
            claim(number, _former(group, former))
    for number, group in enumerate(groups):
        if number not in named:
            claim(number, _fallbacks(group))
    return [
        Refiled(FiledVisit(replace(group.visit, visit_id=named[number]), group.person, group.site_id), group.event_ids)
        for number, group in enumerate(groups)
    ]


def _groups(events: Iterable[FiledEvent]) -> Iterator[_Group]:
    by_place: dict[tuple[Person, SiteId], list[FiledEvent]] = defaultdict(list)
    for event in events:
        if event.person is not None:
            by_place[event.person, event.site_id].append(event)
    for (person, site_id), here in by_place.items():
        here.sort(key=lambda event: (event.started_at, event.event_id))
        for visit in sessionize(map(_sighting, here), here[0].gap):
            # Visits of one person at one site lie apart, so a sighting begins within its own alone.
            members = [event.event_id for event in here if visit.started_at <= event.started_at <= visit.ended_at]
            yield _Group(visit, person, site_id, tuple(members))


def _sighting(event: FiledEvent) -> Sighting:
    return Sighting(
        event_id=event.event_id,
        camera_id=event.camera_id,
        started_at=event.started_at,
        ended_at=event.ended_at,
        score=match_score(event.decision, event.score),
    )


def _former(group: _Group, former: Mapping[EventId, VisitId]) -> list[VisitId]:
    return [former[event_id] for event_id in group.event_ids if event_id in former]


def _fallbacks(group: _Group) -> Iterator[VisitId]:
    yield from map(visit_id_for, group.event_ids)
    yield VisitId(uuid4())  # every sighting's name is another visit's by now
