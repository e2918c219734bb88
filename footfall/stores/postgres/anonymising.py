"""Customers whose term is over: found, counted and taken out of the record, and their visits made nobody's. Rows in and
out; whose term is over when is decided in `footfall.anonymising`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CustomerId, TemplateId
from footfall.stores.postgres.legal_holds import HELD_EVENTS

# One who was found to be somebody else goes with that person. One who is staff is no customer any more.
_DUE = "c.retired_by is null and c.last_seen_at < :cutoff"

# A hold reaches every id that a merge gave the person, and everybody whom a held camera saw.
_HELD = f"""case
    when not exists (select from footfall.legal_holds where lifted_at is null) then false
    else
        exists (select from footfall.legal_holds as h where h.lifted_at is null and h.subject_kind = 'tenant')
        or exists (
            with recursive same (customer_id) as (
                select c.customer_id
                union
                select m.customer_id from same as s
                inner join footfall.customers as m on m.merged_into = s.customer_id
            )
            select from footfall.legal_holds as h
            where h.lifted_at is null and h.subject_kind = 'customer'
              and h.subject_id in (select customer_id from same)
        )
        or exists (select from footfall.face_events as e where e.customer_id = c.customer_id and {HELD_EVENTS})
    end
"""  # noqa: S608 - a constant


@dataclass(frozen=True, slots=True)
class DueRow:
    customer_id: CustomerId
    last_seen_at: datetime


@dataclass(frozen=True, slots=True)
class DueCounts:
    """`held`: customers whose term is over and who stay for a hold. The rest is of those who would go."""

    customers: int
    held: int
    templates: int
    sightings: int
    images: int
    visits: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True)
class Taken:
    """What a batch took. `event_ids`: of its sightings; `image_keys`: of objects that nothing names any more."""

    customers: int
    template_ids: tuple[TemplateId, ...]
    event_ids: tuple[UUID, ...]
    image_keys: tuple[str, ...]
    visits: int


def select_due(connection: Connection, cutoff: datetime, *, limit: int) -> list[DueRow]:
    """Customers who were last seen before `cutoff` and are not held, longest ago first."""
    rows = connection.execute(
        text(f"""
            select c.customer_id, c.last_seen_at from footfall.customers as c
            where {_DUE} and not ({_HELD})
            order by c.last_seen_at, c.customer_id
            limit :limit
        """),  # noqa: S608 - constants of this module
        {"cutoff": cutoff, "limit": limit},
    )
    return [DueRow(row.customer_id, row.last_seen_at) for row in rows]


def count_due(connection: Connection, cutoff: datetime) -> DueCounts:
    row = connection.execute(
        text(f"""
            with over as materialized (
                select c.customer_id, c.last_seen_at, ({_HELD}) as held from footfall.customers as c where {_DUE}
            ),
            due as materialized (select customer_id, last_seen_at from over where not held)
            select
                (select count(*) from due) as customers,
                (select count(*) from over where held) as held,
                (select count(*) from footfall.customer_templates where customer_id in (select customer_id from due))
                    as templates,
                count(e.event_id) as sightings,
                count(e.image_key) as images,
                (select count(*) from footfall.visits where customer_id in (select customer_id from due)) as visits,
                (select min(last_seen_at) from due) as oldest
            from due as d
            left join footfall.face_events as e on e.customer_id = d.customer_id
        """),  # noqa: S608 - constants of this module
        {"cutoff": cutoff},
    ).one()
    return DueCounts(*row)


def count_sightings(connection: Connection, customer_ids: Collection[CustomerId]) -> dict[CustomerId, int]:
    rows = connection.execute(
        text("""
            select customer_id, count(*) as sightings from footfall.face_events
            where customer_id = any(cast(:ids as uuid[]))
            group by customer_id
        """),
        {"ids": list(customer_ids)},
    )
    return {row.customer_id: row.sightings for row in rows}


def age_quietly(connection: Connection) -> None:
    """Until the transaction ends, what is taken out of the record leaves no note for the marts, which keep their
    counts: docs/adr/retention-ages-quietly.md."""
    connection.execute(text("select set_config('footfall.ages', 'yes', true)"))


def take_customers(connection: Connection, customer_ids: Sequence[CustomerId]) -> Taken:
    """Deletes the customers, those merged into them and their templates; sightings and visits stay, of nobody."""
    ids = {"ids": list(customer_ids)}
    templates = connection.execute(
        text("""
            with recursive same (customer_id) as (
                select unnest(cast(:ids as uuid[]))
                union
                select m.customer_id from same as s inner join footfall.customers as m on m.merged_into = s.customer_id
            )
            delete from footfall.customer_templates
            where customer_id in (select customer_id from same)
            returning template_id
        """),
        ids,
    )
    template_ids = tuple(TemplateId(found) for found in templates.scalars())
    connection.execute(
        text("""
            delete from footfall.event_templates as t
            using footfall.face_events as e
            where e.tenant_id = t.tenant_id and e.event_id = t.event_id
              and e.customer_id = any(cast(:ids as uuid[]))
        """),
        ids,
    )
    # Box and quality say nothing of whose face it was, and the marts of cameras are made of them.
    events = connection.execute(
        text("""
            with mine as (
                select event_id, image_key from footfall.face_events where customer_id = any(cast(:ids as uuid[]))
            )
            update footfall.face_events as e
            set customer_id = null, image_key = null, landmarks = '[]', score = null, margin = null
            from mine where e.event_id = mine.event_id
            returning e.event_id, mine.image_key
        """),
        ids,
    ).all()
    visits = connection.execute(
        text("""
            update footfall.visits
            set customer_id = null, anonymous_since = now(), best_score = null, updated_at = now()
            where customer_id = any(cast(:ids as uuid[]))
        """),
        ids,
    ).rowcount
    gone = connection.execute(
        text("delete from footfall.customers where customer_id = any(cast(:ids as uuid[]))"), ids
    ).rowcount
    return Taken(
        customers=gone,
        template_ids=template_ids,
        event_ids=tuple(row.event_id for row in events),
        image_keys=tuple(row.image_key for row in events if row.image_key is not None),
        visits=visits,
    )
