"""What the server made of a run: its events and visits, read from Postgres, in a form that two tenants can be compared
in. An event is named by when and where it was seen, for its id differs with the camera."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import psycopg

from contracts.base import TenantId

VISIT_GAP = timedelta(minutes=1)

Key = tuple[datetime, int]
"""When a track began, and the left edge of its best face, in pixels."""
Visit = tuple[frozenset[Key], datetime, datetime]


@dataclass(frozen=True)
class Event:
    key: Key
    ended_at: datetime
    revision: int
    decision: str
    customer_id: UUID | None
    visit_id: UUID | None


@dataclass(frozen=True)
class Ledger:
    """`visits`: of the visits table, with what the events say belongs to them."""

    events: tuple[Event, ...]
    visits: Counter[Visit]
    sightings: int

    @property
    def keys(self) -> set[Key]:
        return {event.key for event in self.events}

    @property
    def duplicates(self) -> int:
        """Events beyond the first of a sighting."""
        return len(self.events) - len(self.keys)

    def people(self, among: Collection[Key]) -> set[frozenset[Key]]:
        """Who is taken for one person, as far as those sightings tell."""
        found: defaultdict[UUID, set[Key]] = defaultdict(set)
        for event in self.events:
            if event.customer_id is not None and event.key in among:
                found[event.customer_id].add(event.key)
        return {frozenset(keys) for keys in found.values()}

    def expected_visits(self, among: Collection[Key]) -> Counter[Visit]:
        """The visits that those sightings make, had the others never been: computed apart from the server."""
        ended = {event.key: event.ended_at for event in self.events}
        made: Counter[Visit] = Counter()
        for keys in self.people(among):
            made.update(_visits(sorted(keys), ended))
        return made


def _visits(keys: Iterable[Key], ended: dict[Key, datetime]) -> Iterable[Visit]:
    current: list[Key] = []
    until: datetime | None = None
    for key in keys:
        if until is not None and key[0] - until > VISIT_GAP:
            yield frozenset(current), current[0][0], until
            current, until = [], None
        current.append(key)
        until = ended[key] if until is None else max(until, ended[key])
    if until is not None:
        yield frozenset(current), current[0][0], until


def read_ledger(owner_dsn: str, tenant_id: TenantId) -> Ledger:
    with psycopg.connect(owner_dsn) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
        events = tuple(
            Event((started_at, round(left)), ended_at, revision, decision, customer_id, visit_id)
            for started_at, left, ended_at, revision, decision, customer_id, visit_id in connection.execute(
                "select started_at, (box ->> 'x')::float8, ended_at, revision, decision, customer_id, visit_id"
                " from footfall.face_events where tenant_id = %s order by started_at, 2",
                (tenant_id,),
            )
        )
        rows = connection.execute(
            "select visit_id, started_at, ended_at, sightings from footfall.visits where tenant_id = %s", (tenant_id,)
        ).fetchall()
    of_visit: defaultdict[UUID | None, set[Key]] = defaultdict(set)
    for event in events:
        of_visit[event.visit_id].add(event.key)
    return Ledger(
        events=events,
        visits=Counter((frozenset(of_visit[visit]), began, ended) for visit, began, ended, _ in rows),
        sightings=sum(count for *_, count in rows),
    )


def count_events(owner_dsn: str, tenant_id: TenantId) -> int:
    with psycopg.connect(owner_dsn, connect_timeout=5) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
        row = connection.execute(
            "select count(*) from footfall.face_events where tenant_id = %s", (tenant_id,)
        ).fetchone()
    return 0 if row is None else int(row[0])
