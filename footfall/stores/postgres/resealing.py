"""Stored templates changed from plain to sealed and back, and the images that rows name. Rows in and out; when that is
done is `footfall.resealing`'s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import TenantId
from footfall.stores.base import BucketKind
from footfall.stores.postgres.sealed_templates import PlainTemplate, opened, sealed

Holder = Literal[
    "staff_face_images",
    "customer_templates",
    "event_templates",
    "opt_out_templates",
    "staff_face_versions",
    "customer_template_versions",
    "event_template_versions",
]


@dataclass(frozen=True, slots=True)
class _Shape:
    """`face`: what names the face whose key seals; `beside`: the table that has it, where it is not the row's own."""

    key: str
    face: str
    beside: str = ""


_SHAPES: Mapping[Holder, _Shape] = MappingProxyType(
    {
        "staff_face_images": _Shape("face_id", "t.face_id"),
        "customer_templates": _Shape("template_id", "t.event_id"),
        "event_templates": _Shape("event_id", "t.event_id"),
        "opt_out_templates": _Shape("template_id", "t.template_id"),
        "staff_face_versions": _Shape("face_id", "t.face_id"),
        "customer_template_versions": _Shape(
            "template_id",
            "b.event_id",
            "inner join footfall.customer_templates as b on b.tenant_id = t.tenant_id"
            " and b.template_id = t.template_id",
        ),
        "event_template_versions": _Shape("event_id", "t.event_id"),
    }
)
HOLDERS: tuple[Holder, ...] = tuple(_SHAPES)
_LENGTH = {"seal": "= 2048", "open": "> 2048"}

ImageSource = Literal["events", "photographs", "crops"]
IMAGE_SOURCES: tuple[ImageSource, ...] = ("events", "photographs", "crops")
_IMAGES: Mapping[ImageSource, tuple[str, str, str, BucketKind]] = MappingProxyType(
    {
        "events": ("face_events", "event_id", "image_key", "raw"),
        "photographs": ("staff_face_images", "face_id", "image_key", "derived"),
        "crops": ("staff_face_images", "face_id", "crop_key", "derived"),
    }
)


@dataclass(frozen=True, slots=True)
class KeptImage:
    """An image that a row names, and whose face it is."""

    source: ImageSource
    bucket: BucketKind
    key: str
    face_id: UUID


def count_templates(connection: Connection, direction: Literal["seal", "open"]) -> int:
    """Of the bound tenant, those that are still to be sealed or opened."""
    return sum(
        int(
            connection.execute(
                text(f"select count(*) from footfall.{holder} where octet_length(embedding) {_LENGTH[direction]}")  # noqa: S608 - constants
            ).scalar_one()
        )
        for holder in HOLDERS
    )


def reseal_templates(
    connection: Connection, tenant_id: TenantId, holder: Holder, direction: Literal["seal", "open"], *, limit: int
) -> int:
    """Changes at most `limit` of the table's; how many. Those that no key opens stay as they are."""
    shape = _SHAPES[holder]
    rows = connection.execute(
        text(f"""
            select t.{shape.key} as row_id, t.model_version, t.embedding, {shape.face} as face_id,
                   footfall.opener(t.tenant_id, {shape.face}, t.model_version, k.wrapped, k.master_id) as opener
            from footfall.{holder} as t
            {shape.beside}
            left join footfall.face_keys as k on k.tenant_id = t.tenant_id and k.face_id = {shape.face}
            where octet_length(t.embedding) {_LENGTH[direction]}
              and (k.face_id is not null or octet_length(t.embedding) = 2048)
            limit :limit
            for update of t
        """),  # noqa: S608 - constants of this module
        {"limit": limit},
    ).all()
    if not rows:
        return 0
    if direction == "seal":
        plain = [PlainTemplate(row.face_id, row.model_version, bytes(row.embedding)) for row in rows]
        written = sealed(connection, tenant_id, plain)
    else:
        written = [opened(connection, row.embedding, row.opener) for row in rows]
    connection.execute(
        text(f"""
            update footfall.{holder} as t set embedding = m.embedding
            from unnest(cast(:ids as uuid[]), cast(:versions as text[]), cast(:embeddings as bytea[]))
                as m (row_id, model_version, embedding)
            where t.tenant_id = :tenant_id and t.{shape.key} = m.row_id and t.model_version = m.model_version
        """),  # noqa: S608 - constants of this module
        {
            "tenant_id": tenant_id,
            "ids": [row.row_id for row in rows],
            "versions": [row.model_version for row in rows],
            "embeddings": written,
        },
    )
    return len(rows)


def count_images(connection: Connection) -> int:
    """That rows of the bound tenant name."""
    return int(
        connection.execute(
            text("""
                select (select count(*) from footfall.face_events where image_key is not null)
                     + 2 * (select count(*) from footfall.staff_face_images)
            """)
        ).scalar_one()
    )


def select_images(connection: Connection, source: ImageSource, *, after: str, limit: int) -> list[KeptImage]:
    """By their keys."""
    holder, face, key, bucket = _IMAGES[source]
    rows = connection.execute(
        text(f"""
            select {face} as face_id, {key} as key from footfall.{holder}
            where {key} > :after order by {key} limit :limit
        """),  # noqa: S608 - constants of this module
        {"after": after, "limit": limit},
    )
    return [KeptImage(source, bucket, row.key, row.face_id) for row in rows]


def hold_image(connection: Connection, image: KeptImage) -> bool:
    """Whether the row still names the image; it then does until the transaction ends."""
    holder, face, key, _ = _IMAGES[image.source]
    return (
        connection.execute(
            text(f"select 1 from footfall.{holder} where {face} = :face_id and {key} = :key for share"),  # noqa: S608
            {"face_id": image.face_id, "key": image.key},
        ).scalar_one_or_none()
        is not None
    )
