"""Templates in a second model version, and how far a tenant has come with them. Rows in and out; no rules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import EventId, TemplateId, TenantId

Kind = Literal["face", "template", "sighting"]
"""Templates of enrolled photographs, of the customers' gallery, and of sightings."""

Fault = Literal["no_image", "missing", "corrupt", "no_face"]
"""Why there is no template: no image was stored or it has expired, the store has lost it, it cannot be read, or no
face is found in it."""


@dataclass(frozen=True, slots=True)
class Source:
    """A template that has no twin in the version yet, and what one can be made of: the first of `keys` that serves, in
    the bucket of its kind. `embedding` (2048 bytes) is the template in its own `model_version`; `twin` that of the same
    sighting in the version wanted, where there is one already."""

    row_id: UUID
    keys: tuple[str, ...]
    model_version: str
    embedding: bytes
    twin: bytes | None = None


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


@dataclass(frozen=True, slots=True)
class _Shape:
    table: str
    key: str
    versions: str
    sources: str


_SHAPES: Mapping[Kind, _Shape] = MappingProxyType(
    {
        "face": _Shape(
            "staff_face_images",
            "face_id",
            "staff_face_versions",
            "select p.face_id as row_id, array[p.crop_key, p.image_key] as keys, p.model_version, p.embedding, "
            "cast(null as bytea) as twin "
            "from footfall.staff_face_images as p",
        ),
        "template": _Shape(
            "customer_templates",
            "template_id",
            "customer_template_versions",
            "select p.template_id as row_id, array_remove(array[e.image_key], null) as keys, p.model_version, "
            "p.embedding, s.embedding as twin from footfall.customer_templates as p "
            "left join footfall.face_events as e on e.tenant_id = p.tenant_id and e.event_id = p.event_id "
            "left join footfall.event_template_versions as s on s.tenant_id = p.tenant_id "
            "and s.event_id = p.event_id and s.model_version = :model_version",
        ),
        "sighting": _Shape(
            "event_templates",
            "event_id",
            "event_template_versions",
            "select p.event_id as row_id, array_remove(array[e.image_key], null) as keys, p.model_version, "
            "p.embedding, c.embedding as twin from footfall.event_templates as p "
            "inner join footfall.face_events as e on e.tenant_id = p.tenant_id and e.event_id = p.event_id "
            "left join lateral (select v.embedding from footfall.customer_templates as t "
            "inner join footfall.customer_template_versions as v on v.tenant_id = t.tenant_id "
            "and v.template_id = t.template_id and v.model_version = :model_version "
            "where t.tenant_id = p.tenant_id and t.event_id = p.event_id limit 1) as c on true",
        ),
    }
)


def select_sources(
    connection: Connection, kind: Kind, model_version: str, *, after: UUID | None, limit: int
) -> list[Source]:
    """Templates of the bound tenant that have no twin in the version and no fault on record, by their ids."""
    shape = _SHAPES[kind]
    rows = connection.execute(
        text(f"""
            {shape.sources}
            where p.model_version <> :model_version
              and not exists (
                  select 1 from footfall.{shape.versions} as v
                  where v.tenant_id = p.tenant_id and v.{shape.key} = p.{shape.key}
                    and v.model_version = :model_version
              )
              and (cast(:after as uuid) is null or p.{shape.key} > cast(:after as uuid))
            order by p.{shape.key}
            limit :limit
        """),  # noqa: S608 - constants of this module
        {"model_version": model_version, "after": after, "limit": limit},
    )
    return [
        Source(
            row.row_id,
            tuple(row.keys),
            row.model_version,
            bytes(row.embedding),
            None if row.twin is None else bytes(row.twin),
        )
        for row in rows
    ]


def insert_twins(
    connection: Connection, tenant_id: TenantId, kind: Kind, model_version: str, twins: Sequence[Twin]
) -> int:
    """How many were written. Templates that were deleted meanwhile get none, and none that is there is replaced."""
    if not twins:
        return 0
    shape = _SHAPES[kind]
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
            "embeddings": [twin.embedding for twin in twins],
            "faults": [twin.fault for twin in twins],
        },
    ).rowcount


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
        for shape in _SHAPES.values()
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
        {"event_id": event_id, "model_version": model_version, "embedding": embedding},
    )
