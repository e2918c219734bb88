"""Table review_items, and what its questions are made of. Which questions to ask is `footfall.duplicates`'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CustomerId, EventId, TenantId
from footfall.cursors import Position
from footfall.duplicates import Presence
from footfall.stores.postgres.sealed_templates import opened
from footfall.stores.postgres.visits import Person


@dataclass(frozen=True, slots=True)
class NewItem:
    """`people`: two for a duplicate, one for a mixture. `evidence`: a JSON document of scores, counts and ids."""

    item_id: UUID
    kind: Literal["duplicate", "mixture"]
    people: tuple[Person, ...]
    score: float
    evidence: str


@dataclass(frozen=True, slots=True)
class ItemRow:
    item_id: UUID
    kind: Literal["duplicate", "mixture"]
    people: tuple[Person, ...]
    score: float
    evidence: dict[str, Any]
    found_at: datetime


def replace_items(connection: Connection, tenant_id: TenantId, items: Collection[NewItem]) -> int:
    """Makes these the open questions; how many there are now. One that was dismissed stays so, and is not asked again
    even where it was not found this time."""
    connection.execute(
        text("""
            delete from footfall.review_items
            where dismissed_at is null and item_id <> all(cast(:ids as uuid[]))
        """),
        {"ids": [item.item_id for item in items]},
    )
    for item in items:
        customers = [person.person_id for person in item.people if person.person_kind == "customer"]
        staff = [person.person_id for person in item.people if person.person_kind == "staff"]
        connection.execute(
            text("""
                insert into footfall.review_items (
                    tenant_id, item_id, kind, customer_id, other_customer_id, staff_id, other_staff_id, score, evidence
                )
                values (
                    :tenant_id, :item_id, :kind, :customer_id, :other_customer_id, :staff_id, :other_staff_id, :score,
                    cast(:evidence as jsonb)
                )
                on conflict (tenant_id, item_id) do update
                set score = excluded.score, evidence = excluded.evidence
            """),
            {
                "tenant_id": tenant_id,
                "item_id": item.item_id,
                "kind": item.kind,
                "customer_id": customers[0] if customers else None,
                "other_customer_id": customers[1] if len(customers) > 1 else None,
                "staff_id": staff[0] if staff else None,
                "other_staff_id": staff[1] if len(staff) > 1 else None,
                "score": item.score,
                "evidence": item.evidence,
            },
        )
    return int(
        connection.execute(text("select count(*) from footfall.review_items where dismissed_at is null")).scalar_one()
    )


def select_open_items(connection: Connection, *, after: Position | None, limit: int) -> list[ItemRow]:
    """Questions that nobody has dismissed and whose people are still themselves, latest first."""
    rows = connection.execute(
        text("""
            select i.item_id, i.kind, i.customer_id, i.other_customer_id, i.staff_id, i.other_staff_id, i.score,
                   i.evidence, i.found_at
            from footfall.review_items as i
            where i.dismissed_at is null
              and not exists (
                  select 1 from footfall.customers as c
                  where c.tenant_id = i.tenant_id and c.customer_id in (i.customer_id, i.other_customer_id)
                    and c.retired_by is not null
              )
              and (cast(:after_at as timestamptz) is null
                   or (i.found_at, i.item_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by i.found_at desc, i.item_id desc
            limit :limit
        """),
        {
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    found = []
    for row in rows:
        people = [
            *(Person("customer", one) for one in (row.customer_id, row.other_customer_id) if one is not None),
            *(Person("staff", one) for one in (row.staff_id, row.other_staff_id) if one is not None),
        ]
        found.append(ItemRow(row.item_id, row.kind, tuple(people), row.score, dict(row.evidence), row.found_at))
    return found


def dismiss_item(connection: Connection, item_id: UUID, actor: str) -> bool:
    """Whether there was such an open question."""
    return (
        connection.execute(
            text("""
                update footfall.review_items set dismissed_at = now(), dismissed_by = :actor
                where item_id = :item_id and dismissed_at is null
            """),
            {"item_id": item_id, "actor": actor},
        ).rowcount
        > 0
    )


def select_latest_templates(
    connection: Connection, model_version: str, *, most_each: int
) -> list[tuple[CustomerId, EventId, bytes]]:
    """(customer, sighting, template) of every customer's latest sightings, at most `most_each` of one."""
    rows = connection.execute(
        text("""
            select customer_id, event_id, embedding, opener
            from (
                select e.customer_id, t.event_id, t.embedding, t.opener,
                       row_number() over (partition by e.customer_id order by e.started_at desc, e.event_id) as place
                from footfall.sighting_templates as t
                inner join footfall.face_events as e on e.tenant_id = t.tenant_id and e.event_id = t.event_id
                where e.customer_id is not null and t.model_version = :model_version
            ) as latest
            where place <= :most_each
            order by customer_id, event_id
        """),
        {"model_version": model_version, "most_each": most_each},
    )
    return [(row.customer_id, row.event_id, opened(connection, row.embedding, row.opener)) for row in rows]


def select_presences(connection: Connection, people: Collection[UUID]) -> list[tuple[Person, Presence]]:
    """Every sighting of these customers and staff members."""
    rows = connection.execute(
        text("""
            select customer_id, staff_id, site_id, camera_id, started_at, ended_at
            from footfall.face_events
            where customer_id = any(cast(:ids as uuid[])) or staff_id = any(cast(:ids as uuid[]))
            order by started_at, event_id
        """),
        {"ids": list(people)},
    )
    return [
        (
            Person("customer", row.customer_id) if row.customer_id is not None else Person("staff", row.staff_id),
            Presence(row.site_id, row.camera_id, row.started_at, row.ended_at),
        )
        for row in rows
    ]


def select_newest_crops(connection: Connection, person: Person, most: int) -> list[EventId]:
    """The person's latest sightings that have an image."""
    rows = connection.execute(
        text("""
            select event_id from footfall.face_events
            where (customer_id = cast(:customer_id as uuid) or staff_id = cast(:staff_id as uuid))
              and image_key is not null
            order by started_at desc, event_id
            limit :most
        """),
        {
            "customer_id": person.person_id if person.person_kind == "customer" else None,
            "staff_id": person.person_id if person.person_kind == "staff" else None,
            "most": most,
        },
    )
    return [EventId(event_id) for event_id in rows.scalars()]
