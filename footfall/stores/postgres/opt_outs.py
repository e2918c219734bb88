"""Tables opt_outs and opt_out_templates. Rows in and out; when a face is dropped is decided in `footfall.opt_out`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import Connection, text

from contracts.base import TenantId
from footfall.cursors import Position
from footfall.stores.postgres.sealed_templates import opened, sealed_one


@dataclass(frozen=True, slots=True)
class OptOutRow:
    """`templates`: how many are kept; `served`: how many of them of the asked model version."""

    opt_out_id: UUID
    consent: str
    templates: int
    served: int
    created_at: datetime
    withdrawn_at: datetime | None


_SELECT = """
    select o.opt_out_id, o.consent, o.created_at, o.withdrawn_at, count(t.template_id) as templates,
           count(t.template_id) filter (where t.model_version = :model_version) as served
    from footfall.opt_outs as o
    left join footfall.opt_out_templates as t on t.tenant_id = o.tenant_id and t.opt_out_id = o.opt_out_id
"""


def insert_opt_out(
    connection: Connection,
    tenant_id: TenantId,
    *,
    consent: str,
    actor: str,
    model_version: str,
    embeddings: Sequence[bytes],
) -> OptOutRow:
    """The new row with its templates, each of 2048 bytes."""
    opt_out_id: UUID = connection.execute(
        text("""
            insert into footfall.opt_outs (tenant_id, consent, created_by)
            values (:tenant_id, :consent, :actor)
            returning opt_out_id
        """),
        {"tenant_id": tenant_id, "consent": consent, "actor": actor},
    ).scalar_one()
    insert_templates(connection, tenant_id, opt_out_id, model_version=model_version, embeddings=embeddings)
    found = select_opt_out(connection, opt_out_id, model_version)
    if found is None:
        raise LookupError("the opt-out that was just written is not there")
    return found


def insert_templates(
    connection: Connection, tenant_id: TenantId, opt_out_id: UUID, *, model_version: str, embeddings: Sequence[bytes]
) -> None:
    """Templates of an opt-out that is there, each of 2048 bytes."""
    for embedding in embeddings:
        template_id = uuid4()
        connection.execute(
            text("""
                insert into footfall.opt_out_templates (tenant_id, template_id, opt_out_id, model_version, embedding)
                values (:tenant_id, :template_id, :opt_out_id, :model_version, :embedding)
            """),
            {
                "tenant_id": tenant_id,
                "template_id": template_id,
                "opt_out_id": opt_out_id,
                "model_version": model_version,
                "embedding": sealed_one(connection, tenant_id, template_id, model_version, embedding),
            },
        )


def insert_first_template(
    connection: Connection, tenant_id: TenantId, opt_out_id: UUID, *, model_version: str, embedding: bytes
) -> None:
    """A template of 2048 bytes, unless the opt-out has one of the model version."""
    template_id = uuid4()
    connection.execute(
        text("""
            insert into footfall.opt_out_templates (tenant_id, template_id, opt_out_id, model_version, embedding)
            select cast(:tenant_id as uuid), cast(:template_id as uuid), cast(:opt_out_id as uuid),
                   cast(:model_version as text), cast(:embedding as bytea)
            where not exists (
                select 1 from footfall.opt_out_templates
                where opt_out_id = :opt_out_id and model_version = :model_version
            )
        """),
        {
            "tenant_id": tenant_id,
            "template_id": template_id,
            "opt_out_id": opt_out_id,
            "model_version": model_version,
            "embedding": sealed_one(connection, tenant_id, template_id, model_version, embedding),
        },
    )


def select_opt_out(connection: Connection, opt_out_id: UUID, model_version: str) -> OptOutRow | None:
    row = connection.execute(
        text(f"{_SELECT} where o.opt_out_id = :opt_out_id group by o.tenant_id, o.opt_out_id"),
        {"opt_out_id": opt_out_id, "model_version": model_version},
    )
    found = row.mappings().one_or_none()
    return None if found is None else OptOutRow(**found)


def select_opt_out_page(
    connection: Connection, model_version: str, *, after: Position | None, limit: int
) -> list[OptOutRow]:
    """Latest first."""
    rows = connection.execute(
        text(f"""
            {_SELECT}
            where cast(:after_at as timestamptz) is null
               or (o.created_at, o.opt_out_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid))
            group by o.tenant_id, o.opt_out_id
            order by o.created_at desc, o.opt_out_id desc
            limit :limit
        """),
        {
            "model_version": model_version,
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [OptOutRow(**row) for row in rows.mappings()]


def select_opt_out_templates(connection: Connection, model_version: str) -> list[tuple[UUID, bytes]]:
    """Every (opt-out, template) that stands, of the model version."""
    rows = connection.execute(
        text("""
            select t.opt_out_id, t.embedding,
                   footfall.opener(t.tenant_id, t.template_id, t.model_version, k.wrapped, k.master_id) as opener
            from footfall.opt_out_templates as t
            left join footfall.face_keys as k on k.tenant_id = t.tenant_id and k.face_id = t.template_id
            where t.model_version = :model_version and (k.face_id is not null or octet_length(t.embedding) = 2048)
            order by t.opt_out_id, t.template_id
        """),
        {"model_version": model_version},
    )
    return [(row.opt_out_id, opened(connection, row.embedding, row.opener)) for row in rows]


def withdraw_row(connection: Connection, opt_out_id: UUID, actor: str) -> bool:
    """Whether there was one that stood. Its templates are deleted."""
    withdrawn = connection.execute(
        text("""
            update footfall.opt_outs set withdrawn_at = now(), withdrawn_by = :actor
            where opt_out_id = :opt_out_id and withdrawn_at is null
        """),
        {"opt_out_id": opt_out_id, "actor": actor},
    ).rowcount
    connection.execute(
        text("delete from footfall.opt_out_templates where opt_out_id = :opt_out_id"), {"opt_out_id": opt_out_id}
    )
    return withdrawn > 0


def take_images_of_customers(connection: Connection, customer_ids: Sequence[UUID]) -> list[str]:
    """Empties box, landmarks, quality and image of these customers' events; the keys of the images."""
    rows = connection.execute(
        text("""
            with had as (
                select event_id, image_key from footfall.face_events
                where customer_id = any(cast(:ids as uuid[])) and image_key is not null
            )
            update footfall.face_events as e
            set image_key = null, box = '{}', landmarks = '[]', quality = '{}'
            from had where e.event_id = had.event_id
            returning had.image_key
        """),
        {"ids": list(customer_ids)},
    )
    return list(rows.scalars())
