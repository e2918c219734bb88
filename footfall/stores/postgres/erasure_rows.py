"""Rows of a person, a camera's period or a tenant, deleted for good; what other stores hold of them is answered, to be
noted in the same transaction. In which order, and how often, is `footfall.erasure_steps`'."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CustomerId
from footfall.stores.postgres.erasures import ItemKind
from footfall.stores.postgres.face_keys import count_of_faces
from footfall.stores.postgres.reassignments import refresh_seen
from footfall.stores.postgres.visits import Person, mark_first_visit


@dataclass(slots=True)
class Taken:
    """What a deletion took. `counts`: rows by table; `items`: ids and keys that other stores and the proof need;
    `face_keys`: keys of faces, which go with the last row that they are about."""

    face_keys: int = 0
    counts: dict[str, int] = field(default_factory=dict)
    items: dict[ItemKind, set[str]] = field(default_factory=dict)

    def count(self, table: str, rows: int) -> None:
        self.counts[table] = self.counts.get(table, 0) + rows

    def note(self, kind: ItemKind, items: Collection[Any]) -> None:
        self.items.setdefault(kind, set()).update(str(item) for item in items if item is not None)


def people_of_customer(connection: Connection, customer_id: UUID) -> list[UUID]:
    """The customer, and those who were found to be the same person and merged into them."""
    rows = connection.execute(
        text("""
            with recursive same (customer_id) as (
                select customer_id from footfall.customers where customer_id = :customer_id
                union
                select c.customer_id from footfall.customers as c inner join same on c.merged_into = same.customer_id
            )
            select customer_id from same
        """),
        {"customer_id": customer_id},
    )
    return list(rows.scalars())


def people_of_staff(connection: Connection, staff_id: UUID) -> list[UUID]:
    """The staff member, and the customers who were found to be them."""
    rows = connection.execute(
        text("select customer_id from footfall.customers where staff_id = :staff_id"), {"staff_id": staff_id}
    )
    found = list(rows.scalars())
    return [staff_id, *(one for root in found for one in people_of_customer(connection, root))]


def delete_person(connection: Connection, people: Collection[UUID], *, also_known: Collection[str]) -> Taken:
    """Everything of these customers and staff. `also_known`: events that an earlier attempt took, by which the log of
    corrections may still name the person."""
    taken = Taken()
    ids = {"people": list(people)}
    taken.note("person", people)
    _collect_templates(connection, taken, "customer_id = any(:people)", ids)
    faces = connection.execute(
        text("select face_id, image_key, crop_key from footfall.staff_face_images where staff_id = any(:people)"), ids
    ).all()
    taken.note("face", [face.face_id for face in faces])
    taken.note("derived", [key for face in faces for key in (face.image_key, face.crop_key)])
    taken.face_keys = count_of_faces(connection, ids["people"], [face.face_id for face in faces])
    _delete_events(connection, taken, "customer_id = any(:people) or staff_id = any(:people)", ids)
    _delete(connection, taken, "visits", "customer_id = any(:people) or staff_id = any(:people)", ids)
    _forget_mentions(connection, taken, also_known=also_known)
    _delete(
        connection,
        taken,
        "review_items",
        "customer_id = any(:people) or other_customer_id = any(:people)"
        " or staff_id = any(:people) or other_staff_id = any(:people)",
        ids,
    )
    taken.count("staff_face_images", len(faces))
    _delete(connection, taken, "staff", "staff_id = any(:people)", ids)
    _delete(connection, taken, "customers", "customer_id = any(:people)", ids)
    return taken


def delete_period(
    connection: Connection,
    camera_id: UUID,
    since: datetime,
    until: datetime,
    *,
    at_once: int,
    also_known: Collection[str],
) -> Taken:
    """At most `at_once` sightings of the camera in [since, until), with what was made of them. A visit keeps what other
    sightings tell of it; a customer nothing is left of goes too."""
    taken = Taken()
    rows = connection.execute(
        text("""
            select event_id, visit_id, customer_id, staff_id from footfall.face_events
            where camera_id = :camera_id and captured_at >= :since and captured_at < :until
            order by captured_at, event_id
            limit :at_once
        """),
        {"camera_id": camera_id, "since": since, "until": until, "at_once": at_once},
    ).all()
    events = {"events": [row.event_id for row in rows]}
    visits = {"visits": sorted({row.visit_id for row in rows if row.visit_id is not None})}
    taken.face_keys = count_of_faces(connection, [], events["events"])
    _collect_templates(connection, taken, "event_id = any(:events)", events)
    _delete(connection, taken, "customer_templates", "event_id = any(:events)", events)
    _delete_events(connection, taken, "event_id = any(:events)", events)
    _mend_visits(connection, taken, visits)
    people = {Person("customer", row.customer_id) for row in rows if row.customer_id is not None}
    people |= {Person("staff", row.staff_id) for row in rows if row.staff_id is not None}
    for person in sorted(people, key=lambda one: one.person_id):
        mark_first_visit(connection, person)
        if person.person_kind == "customer":
            refresh_seen(connection, CustomerId(person.person_id))
    gone = connection.execute(
        text("""
            delete from footfall.customers as c
            where c.customer_id = any(:customers) and c.staff_id is null and c.merged_into is null
              and not exists (select from footfall.face_events as e where e.customer_id = c.customer_id)
              and not exists (select from footfall.visits as v where v.customer_id = c.customer_id)
              and not exists (select from footfall.customer_templates as t where t.customer_id = c.customer_id)
              and not exists (select from footfall.customers as m where m.merged_into = c.customer_id)
            returning customer_id
        """),
        {"customers": [person.person_id for person in people if person.person_kind == "customer"]},
    )
    customers = list(gone.scalars())
    taken.count("customers", len(customers))
    taken.note("person", customers)
    _forget_mentions(connection, taken, also_known=also_known)
    return taken


def delete_of_tenant(connection: Connection, table: str, *, at_once: int) -> int:
    """At most so many rows of the bound tenant in a table of the catalogue; how many went."""
    return connection.execute(
        text(f"""
            delete from footfall.{table}
            where ctid = any(array(
                select ctid from footfall.{table} where tenant_id = footfall.current_tenant() limit :at_once
            ))
        """),  # noqa: S608 - a name out of the catalogue
        {"at_once": at_once},
    ).rowcount


def note_sites(connection: Connection) -> None:
    """Has the marts let go of every day of the bound tenant's sites, also of such whose visits have aged away."""
    connection.execute(
        text("""
            insert into footfall.traffic_changes (tenant_id, site_id, touched_at)
            select tenant_id, site_id, '-infinity' from footfall.sites
        """)
    )


def bury_tenant(connection: Connection) -> None:
    """What stays of the bound tenant's own row names nobody."""
    connection.execute(
        text("""
            update footfall.tenants
            set slug = 'erased-' || left(encode(sha256(convert_to(tenant_id::text, 'UTF8')), 'hex'), 24),
                name = 'An erased tenant', legal_basis = null, retention_days = null, privacy_mode = 'count_only',
                version = version + 1
            where tenant_id = footfall.current_tenant() and status = 'deletion_requested'
        """)
    )


def mark_erased(connection: Connection) -> None:
    """The bound tenant is proven to be gone: no list for jobs names it any more."""
    connection.execute(
        text("""
            update footfall.tenants set status = 'erased', status_since = now(), version = version + 1
            where tenant_id = footfall.current_tenant()
        """)
    )


def _collect_templates(connection: Connection, taken: Taken, where: str, values: Mapping[str, object]) -> None:
    found = connection.execute(
        text(f"select template_id from footfall.customer_templates where {where}"),  # noqa: S608 - this module's own
        values,
    )
    templates = list(found.scalars())
    taken.note("template", templates)
    if where.startswith("customer_id"):
        taken.count("customer_templates", len(templates))  # they go with the customer


def _delete_events(connection: Connection, taken: Taken, where: str, values: Mapping[str, object]) -> None:
    kept = connection.execute(
        text(f"""
            select count(*) from footfall.event_templates
            where event_id in (select event_id from footfall.face_events where {where})
        """),  # noqa: S608 - this module's own
        values,
    ).scalar_one()
    rows = connection.execute(
        text(f"delete from footfall.face_events where {where} returning event_id, image_key"),  # noqa: S608
        values,
    ).all()
    taken.note("event", [row.event_id for row in rows])
    taken.note("raw", [row.image_key for row in rows])
    taken.count("face_events", len(rows))
    taken.count("event_templates", kept)


def _mend_visits(connection: Connection, taken: Taken, visits: Mapping[str, object]) -> None:
    connection.execute(
        text("""
            update footfall.visits as v
            set started_at = e.first_at, ended_at = e.last_at, sightings = e.sightings, camera_ids = e.camera_ids,
                best_score = e.best_score, updated_at = now()
            from (
                select visit_id, min(started_at) as first_at, max(ended_at) as last_at, count(*) as sightings,
                       array_agg(distinct camera_id) as camera_ids, max(score) as best_score
                from footfall.face_events where visit_id = any(:visits) group by visit_id
            ) as e
            where v.visit_id = e.visit_id
        """),
        visits,
    )
    _delete(
        connection,
        taken,
        "visits",
        "visit_id = any(:visits) and not exists ("
        "select from footfall.face_events as e where e.visit_id = visits.visit_id)",
        visits,
    )


def _forget_mentions(connection: Connection, taken: Taken, *, also_known: Collection[str]) -> None:
    """Where ids stand without a reference: corrections with their undoings, kept answers, the stream, pictures of the
    last minutes, and where a re-embedding was to go on."""
    people = sorted(taken.items.get("person", ()))
    events = sorted({*taken.items.get("event", ()), *also_known})
    values = {
        "people": people,
        "events": events,
        "all": [*people, *events, *sorted(taken.items.get("template", ())), *sorted(taken.items.get("face", ()))],
    }
    rows = connection.execute(
        text("""
            with naming as (
                select c.correction_id from footfall.corrections as c
                where exists (select from unnest(cast(:people as text[])) as p where strpos(c.detail::text, p) > 0)
                   or exists (
                       select from jsonb_path_query(c.detail, '$.**.event_id') as e
                       where e #>> '{}' = any(cast(:events as text[]))
                   )
            )
            delete from footfall.corrections as c
            where c.correction_id in (select correction_id from naming)
               or c.undoes in (select correction_id from naming)
               or c.undone_by in (select correction_id from naming)
        """),
        values,
    )
    taken.count("corrections", rows.rowcount)
    answers = connection.execute(
        text("""
            delete from footfall.idempotency_keys as k
            where k.did_id = any(cast(:all as text[]))
               or exists (
                   select from unnest(cast(:all as text[])) as p where position(convert_to(p, 'UTF8') in k.body) > 0
               )
        """),
        values,
    )
    taken.count("idempotency_keys", answers.rowcount)
    _delete(connection, taken, "live_events", "subject_id = any(cast(cast(:all as text[]) as uuid[]))", values)
    _delete(connection, taken, "worker_snapshots", "true", {})
    connection.execute(
        text("""
            update footfall.reembeddings set after_id = null
            where after_id = any(cast(cast(:all as text[]) as uuid[]))
        """),
        values,
    )


def _delete(connection: Connection, taken: Taken, table: str, where: str, values: Mapping[str, object]) -> None:
    rows = connection.execute(
        text(f"delete from footfall.{table} where {where}"),  # noqa: S608 - this module's own
        dict(values),
    )
    taken.count(table, rows.rowcount)
