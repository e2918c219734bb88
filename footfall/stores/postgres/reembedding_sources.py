"""What a template in another model version is made of: the templates without a twin, and where they stand. Writing the
twins is `reembeddings`'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from footfall.stores.postgres.sealed_templates import opened

Kind = Literal["face", "template", "sighting"]
"""Templates of enrolled photographs, of the customers' gallery, and of sightings."""


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


@dataclass(frozen=True, slots=True)
class Shape:
    """`face`: the column that names the face whose key its templates are sealed with."""

    table: str
    key: str
    face: str
    versions: str
    sources: str


SHAPES: Mapping[Kind, Shape] = MappingProxyType(
    {
        "face": Shape(
            "staff_face_images",
            "face_id",
            "face_id",
            "staff_face_versions",
            "select p.face_id as row_id, array[p.crop_key, p.image_key] as keys, p.model_version, p.embedding, "
            "cast(null as bytea) as twin, "
            "p.tenant_id, k.face_id as key_face, k.wrapped, k.master_id "
            "from footfall.staff_face_images as p "
            "left join footfall.face_keys as k on k.tenant_id = p.tenant_id and k.face_id = p.face_id",
        ),
        "template": Shape(
            "customer_templates",
            "template_id",
            "event_id",
            "customer_template_versions",
            "select p.template_id as row_id, array_remove(array[e.image_key], null) as keys, p.model_version, "
            "p.embedding, s.embedding as twin, "
            "p.tenant_id, k.face_id as key_face, k.wrapped, k.master_id "
            "from footfall.customer_templates as p "
            "left join footfall.face_keys as k on k.tenant_id = p.tenant_id and k.face_id = p.event_id "
            "left join footfall.face_events as e on e.tenant_id = p.tenant_id and e.event_id = p.event_id "
            "left join footfall.event_template_versions as s on s.tenant_id = p.tenant_id "
            "and s.event_id = p.event_id and s.model_version = :model_version",
        ),
        "sighting": Shape(
            "event_templates",
            "event_id",
            "event_id",
            "event_template_versions",
            "select p.event_id as row_id, array_remove(array[e.image_key], null) as keys, p.model_version, "
            "p.embedding, c.embedding as twin, "
            "p.tenant_id, k.face_id as key_face, k.wrapped, k.master_id "
            "from footfall.event_templates as p "
            "left join footfall.face_keys as k on k.tenant_id = p.tenant_id and k.face_id = p.event_id "
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
    shape = SHAPES[kind]
    rows = connection.execute(
        text(f"""
            select s.row_id, s.keys, s.model_version, s.embedding, s.twin,
                   footfall.opener(s.tenant_id, s.key_face, s.model_version, s.wrapped, s.master_id) as opener,
                   footfall.opener(s.tenant_id, s.key_face, :model_version, s.wrapped, s.master_id) as twin_opener
            from (
            {shape.sources}
            where p.model_version <> :model_version
              and (k.face_id is not null or octet_length(p.embedding) = 2048)
              and not exists (
                  select 1 from footfall.{shape.versions} as v
                  where v.tenant_id = p.tenant_id and v.{shape.key} = p.{shape.key}
                    and v.model_version = :model_version
              )
              and (cast(:after as uuid) is null or p.{shape.key} > cast(:after as uuid))
            order by p.{shape.key}
            limit :limit
            ) as s
            order by s.row_id
        """),  # noqa: S608 - constants of this module
        {"model_version": model_version, "after": after, "limit": limit},
    )
    return [
        Source(
            row.row_id,
            tuple(row.keys),
            row.model_version,
            opened(connection, row.embedding, row.opener),
            None if row.twin is None else opened(connection, row.twin, row.twin_opener),
        )
        for row in rows
    ]
