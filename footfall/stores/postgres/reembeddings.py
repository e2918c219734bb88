"""Templates in a second model version, and how far a tenant has come with them. Rows in and out; no rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import EventId, TemplateId, TenantId
from footfall.stores.postgres.reembedding_sources import SHAPES, Kind, Shape
from footfall.stores.postgres.sealed_templates import PlainTemplate, sealed, sealed_one

Fault = Literal["no_image", "missing", "corrupt", "no_face"]
"""Why there is no template: no image was stored or it has expired, the store has lost it, it cannot be read, or no
face is found in it."""


@dataclass(frozen=True, slots=True, eq=False)
class Twin:
    """A template in another version. `embedding`: 2048 bytes, or None with the fault."""

    row_id: UUID
    embedding: bytes | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a tenant's re-embedding goes on: after `after_id` of `kind`."""

    kind: Kind
    after_id: UUID | None
    embedded: int
    set_aside: int
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class SetAside:
    """A template that could not be brought over."""

    kind: Kind
    row_id: UUID
    fault: Fault


def insert_twins(
    connection: Connection, tenant_id: TenantId, kind: Kind, model_version: str, twins: Sequence[Twin]
) -> int:
    """How many were written. Templates that were deleted meanwhile get none, and none that is there is replaced."""
    if not twins:
        return 0
    shape = SHAPES[kind]
    return connection.execute(
        text(f"""
            insert into footfall.{shape.versions} (tenant_id, {shape.key}, model_version, embedding, fault)
            select p.tenant_id, p.{shape.key}, :model_version, m.embedding, m.fault
            from unnest(cast(:ids as uuid[]), cast(:embeddings as bytea[]), cast(:faults as text[]))
                as m (row_id, embedding, fault)
            inner join footfall.{shape.table} as p on p.tenant_id = :tenant_id and p.{shape.key} = m.row_id
            where p.model_version <> :model_version
            order by p.{shape.key}
            for key share of p
            on conflict do nothing
        """),  # noqa: S608 - constants of this module
        {
            "tenant_id": tenant_id,
            "model_version": model_version,
            "ids": [twin.row_id for twin in twins],
            "embeddings": _sealed_twins(connection, tenant_id, shape, model_version, twins),
            "faults": [twin.fault for twin in twins],
        },
    ).rowcount


def _sealed_twins(
    connection: Connection, tenant_id: TenantId, shape: Shape, model_version: str, twins: Sequence[Twin]
) -> list[bytes | None]:
    """As they are stored. A template that was deleted meanwhile has no face any more, and its twin is left out."""
    faces = {twin.row_id: twin.row_id for twin in twins}
    if shape.face != shape.key:
        rows = connection.execute(
            text(
                f"select {shape.key} as row_id, {shape.face} as face_id from footfall.{shape.table}"  # noqa: S608 - constants
                f" where {shape.key} = any(cast(:ids as uuid[]))"
            ),
            {"ids": list(faces)},
        )
        faces = {row.row_id: row.face_id for row in rows}
    made = {
        twin.row_id: PlainTemplate(faces[twin.row_id], model_version, twin.embedding)
        for twin in twins
        if twin.embedding is not None and twin.row_id in faces
    }
    stored = dict(zip(made, sealed(connection, tenant_id, list(made.values())), strict=True))
    return [stored.get(twin.row_id) for twin in twins]


def copy_twins(connection: Connection, template_ids: Sequence[TemplateId]) -> None:
    """Gives templates that came back into the gallery their sighting's twins."""
    connection.execute(
        text("""
            insert into footfall.customer_template_versions (tenant_id, template_id, model_version, embedding)
            select t.tenant_id, t.template_id, s.model_version, s.embedding
            from footfall.customer_templates as t
            inner join footfall.sighting_templates as s on s.tenant_id = t.tenant_id and s.event_id = t.event_id
            where t.template_id = any(cast(:ids as uuid[])) and s.model_version <> t.model_version
            on conflict do nothing
        """),
        {"ids": list(template_ids)},
    )


def hold_cursor(connection: Connection, tenant_id: TenantId, model_version: str) -> Cursor:
    """The tenant's cursor, made where missing, held until the transaction ends: of two processes one waits."""
    connection.execute(
        text("""
            insert into footfall.reembeddings (tenant_id, model_version)
            values (:tenant_id, :model_version) on conflict do nothing
        """),
        {"tenant_id": tenant_id, "model_version": model_version},
    )
    row = connection.execute(
        text("""
            select kind, after_id, embedded, set_aside, finished_at
            from footfall.reembeddings where model_version = :model_version for update
        """),
        {"model_version": model_version},
    ).one()
    return Cursor(row.kind, row.after_id, row.embedded, row.set_aside, row.finished_at)


def move_cursor(connection: Connection, model_version: str, cursor: Cursor) -> None:
    connection.execute(
        text("""
            update footfall.reembeddings
            set kind = :kind, after_id = :after_id, embedded = :embedded, set_aside = :set_aside,
                finished_at = :finished_at, updated_at = now()
            where model_version = :model_version
        """),
        {
            "model_version": model_version,
            "kind": cursor.kind,
            "after_id": cursor.after_id,
            "embedded": cursor.embedded,
            "set_aside": cursor.set_aside,
            "finished_at": cursor.finished_at,
        },
    )


def select_set_aside(connection: Connection, model_version: str, *, limit: int) -> list[SetAside]:
    """What could not be brought over, photographs of staff first."""
    rows = connection.execute(
        text("""
            select kind, row_id, fault from (
                select 1 as rank, 'face' as kind, face_id as row_id, fault
                from footfall.staff_face_versions where model_version = :model_version and fault is not null
                union all
                select 2, 'template', template_id, fault
                from footfall.customer_template_versions where model_version = :model_version and fault is not null
                union all
                select 3, 'sighting', event_id, fault
                from footfall.event_template_versions where model_version = :model_version and fault is not null
            ) as found
            order by rank, row_id
            limit :limit
        """),
        {"model_version": model_version, "limit": limit},
    )
    return [SetAside(row.kind, row.row_id, row.fault) for row in rows]


def delete_faults(connection: Connection, model_version: str) -> int:
    """Forgets what could not be brought over, so that it is tried again; how many."""
    return sum(
        connection.execute(
            text(f"delete from footfall.{shape.versions} where model_version = :model_version and fault is not null"),  # noqa: S608 - constants of this module
            {"model_version": model_version},
        ).rowcount
        for shape in SHAPES.values()
    )


def has_twin(connection: Connection, customer_id: UUID, model_version: str) -> bool:
    """Whether the customer can be known in that version."""
    return bool(
        connection.execute(
            text("""
                select exists (
                    select 1 from footfall.customer_gallery_templates
                    where customer_id = :customer_id and model_version = :model_version
                )
            """),
            {"customer_id": customer_id, "model_version": model_version},
        ).scalar_one()
    )


def insert_event_twins(
    connection: Connection, tenant_id: TenantId, event_id: EventId, model_version: str, embedding: bytes
) -> None:
    """The second version of a sighting's template, and of the gallery's template that was taken from it."""
    twin = Twin(event_id, embedding, None)
    insert_twins(connection, tenant_id, "sighting", model_version, [twin])
    connection.execute(
        text("""
            insert into footfall.customer_template_versions (tenant_id, template_id, model_version, embedding)
            select tenant_id, template_id, :model_version, :embedding
            from footfall.customer_templates
            where event_id = :event_id and model_version <> :model_version
            on conflict do nothing
        """),
        {
            "event_id": event_id,
            "model_version": model_version,
            "embedding": sealed_one(connection, tenant_id, event_id, model_version, embedding),
        },
    )
