"""Face events and visits as corrections find them, and events changing hands. Templates are `filed_templates`'; no
rules, no log."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, CustomerId, EventId, SiteId, StaffId, VisitId
from contracts.people import DecisionKind
from footfall.stores.postgres.visits import Person, person_columns, visit_of
from footfall.visits import Visit


@dataclass(frozen=True, slots=True)
class FiledEvent:
    """A face event as it is filed: whose it is, and in which visit. `gap`: of its site."""

    event_id: EventId
    site_id: SiteId
    camera_id: CameraId
    started_at: datetime
    ended_at: datetime
    decision: DecisionKind
    score: float | None
    person: Person | None
    visit_id: VisitId | None
    gap: timedelta


@dataclass(frozen=True, slots=True)
class FiledVisit:
    """A visit with whose it is and where. `anonymous`: its person was forgotten, and `person` names nobody."""

    visit: Visit
    person: Person
    site_id: SiteId
    anonymous: bool = False


def select_event_ids_of(connection: Connection, person: Person) -> list[EventId]:
    """Every sighting of the person, in order of time."""
    rows = connection.execute(
        text("""
            select event_id from footfall.face_events
            where staff_id = cast(:staff_id as uuid) or customer_id = cast(:customer_id as uuid)
            order by started_at, event_id
        """),
        person_columns(person),
    )
    return [EventId(event_id) for event_id in rows.scalars()]


def select_filed_events(
    connection: Connection, *, event_ids: Collection[UUID] = (), visit_ids: Collection[UUID] = ()
) -> list[FiledEvent]:
    """The events of these ids and those of these visits."""
    rows = connection.execute(
        text("""
            select e.event_id, e.site_id, e.camera_id, e.started_at, e.ended_at, e.decision, e.score, e.staff_id,
                   e.customer_id, e.visit_id, s.visit_gap_minutes
            from footfall.face_events as e
            inner join footfall.sites as s on s.tenant_id = e.tenant_id and s.site_id = e.site_id
            where e.event_id = any(cast(:event_ids as uuid[])) or e.visit_id = any(cast(:visit_ids as uuid[]))
        """),
        {"event_ids": list(event_ids), "visit_ids": list(visit_ids)},
    )
    return [
        FiledEvent(
            event_id=row["event_id"],
            site_id=row["site_id"],
            camera_id=row["camera_id"],
            started_at=row["started_at"],
            ended_at=row["ended_at"],
            decision=row["decision"],
            score=row["score"],
            person=_person_of(row),
            visit_id=row["visit_id"],
            gap=timedelta(minutes=row["visit_gap_minutes"]),
        )
        for row in rows.mappings()
    ]


def select_touched_visits(
    connection: Connection, event_ids: Collection[UUID], receivers: Collection[Person]
) -> list[FiledVisit]:
    """The visits that hold these events, and those of the receivers that lie closer to one than its site's gap."""
    rows = connection.execute(
        text("""
            with moving as (
                select e.site_id, e.visit_id, e.started_at, e.ended_at,
                       make_interval(mins => s.visit_gap_minutes) as gap
                from footfall.face_events as e
                inner join footfall.sites as s on s.tenant_id = e.tenant_id and s.site_id = e.site_id
                where e.event_id = any(cast(:event_ids as uuid[]))
            )
            select v.visit_id, v.site_id, v.person_kind, v.staff_id, v.customer_id, v.started_at, v.ended_at,
                   v.sightings, v.camera_ids, v.best_score, v.anonymous_since is not null as anonymous
            from footfall.visits as v
            where v.visit_id in (select m.visit_id from moving as m)
               or (
                   (v.staff_id = any(cast(:staff as uuid[])) or v.customer_id = any(cast(:customers as uuid[])))
                   and exists (
                       select 1 from moving as m
                       where m.site_id = v.site_id
                         and v.started_at < m.ended_at + m.gap and v.ended_at > m.started_at - m.gap
                   )
               )
        """),
        {
            "event_ids": list(event_ids),
            "staff": [person.person_id for person in receivers if person.person_kind == "staff"],
            "customers": [person.person_id for person in receivers if person.person_kind == "customer"],
        },
    )
    return [
        FiledVisit(
            visit=visit_of(row),
            person=Person(row["person_kind"], row["staff_id"] or row["customer_id"]),
            site_id=row["site_id"],
            anonymous=row["anonymous"],
        )
        for row in rows.mappings()
    ]


def select_taken_visit_ids(connection: Connection, visit_ids: Collection[UUID]) -> set[VisitId]:
    """Which of these ids visits have."""
    rows = connection.execute(
        text("select visit_id from footfall.visits where visit_id = any(cast(:ids as uuid[]))"),
        {"ids": list(visit_ids)},
    )
    return {VisitId(visit_id) for visit_id in rows.scalars()}


def update_event_people(connection: Connection, people: Mapping[EventId, Person | None]) -> None:
    connection.execute(
        text("""
            update footfall.face_events as e
            set staff_id = m.staff_id, customer_id = m.customer_id
            from unnest(cast(:ids as uuid[]), cast(:staff as uuid[]), cast(:customers as uuid[]))
                as m (event_id, staff_id, customer_id)
            where e.event_id = m.event_id
        """),
        {
            "ids": list(people),
            "staff": [_id(person, "staff") for person in people.values()],
            "customers": [_id(person, "customer") for person in people.values()],
        },
    )


def update_event_visits(connection: Connection, visits: Mapping[EventId, VisitId | None]) -> None:
    connection.execute(
        text("""
            update footfall.face_events as e
            set visit_id = m.visit_id
            from unnest(cast(:ids as uuid[]), cast(:visits as uuid[])) as m (event_id, visit_id)
            where e.event_id = m.event_id
        """),
        {"ids": list(visits), "visits": list(visits.values())},
    )


def refresh_seen(connection: Connection, customer_id: CustomerId) -> None:
    """First and last seen from the customer's sightings; one without any keeps what was known."""
    connection.execute(
        text("""
            update footfall.customers as c
            set first_seen_at = e.first_at, last_seen_at = e.last_at
            from (
                select min(started_at) as first_at, max(ended_at) as last_at
                from footfall.face_events where customer_id = :customer_id
            ) as e
            where c.customer_id = :customer_id and e.first_at is not null
        """),
        {"customer_id": customer_id},
    )


def _id(person: Person | None, kind: str) -> UUID | None:
    return person.person_id if person is not None and person.person_kind == kind else None


def _person_of(row: RowMapping) -> Person | None:
    if row["staff_id"] is not None:
        return Person("staff", StaffId(row["staff_id"]))
    return None if row["customer_id"] is None else Person("customer", CustomerId(row["customer_id"]))
