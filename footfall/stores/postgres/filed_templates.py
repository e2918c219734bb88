"""Table customer_templates as corrections read and write it: whole rows, whose they are. What enters the gallery of
itself is `customers`'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import CustomerId, EventId, TemplateId, TenantId
from footfall.stores.postgres.reembeddings import copy_twins
from footfall.stores.postgres.sealed_templates import opened, sealed_one


@dataclass(frozen=True, slots=True, eq=False)
class FiledTemplate:
    """A template of the gallery. `embedding`: 2048 bytes."""

    template_id: TemplateId
    customer_id: CustomerId
    event_id: EventId
    model_version: str
    embedding: bytes
    quality_score: float
    created_at: datetime


def select_templates(
    connection: Connection,
    *,
    event_ids: Collection[UUID] = (),
    customer_ids: Collection[UUID] = (),
    template_ids: Collection[UUID] = (),
) -> list[FiledTemplate]:
    """Templates of the gallery that were taken from these events, belong to these customers, or have these ids; best
    quality first. Each in the served model version, where there is one of it."""
    rows = connection.execute(
        text("""
            select t.template_id, t.customer_id, t.event_id, t.quality_score, t.created_at,
                   coalesce(v.model_version, t.model_version) as model_version,
                   coalesce(v.embedding, t.embedding) as embedding,
                   footfall.opener(
                       t.tenant_id, t.event_id, coalesce(v.model_version, t.model_version), k.wrapped, k.master_id
                   ) as opener
            from footfall.customer_templates as t
            left join footfall.face_keys as k on k.tenant_id = t.tenant_id and k.face_id = t.event_id
            left join footfall.customer_template_versions as v
                on v.tenant_id = t.tenant_id and v.template_id = t.template_id and v.embedding is not null
                and v.model_version = (select model_version from deployment.model_versions where role = 'served')
            where (t.event_id = any(cast(:event_ids as uuid[])) or t.customer_id = any(cast(:customer_ids as uuid[]))
                   or t.template_id = any(cast(:template_ids as uuid[])))
              and (k.face_id is not null or octet_length(coalesce(v.embedding, t.embedding)) = 2048)
            order by t.quality_score desc, t.template_id
        """),
        {
            "event_ids": list(event_ids),
            "customer_ids": list(customer_ids),
            "template_ids": list(template_ids),
        },
    )
    return [
        FiledTemplate(
            template_id=row.template_id,
            customer_id=row.customer_id,
            event_id=row.event_id,
            model_version=row.model_version,
            embedding=opened(connection, row.embedding, row.opener),
            quality_score=row.quality_score,
            created_at=row.created_at,
        )
        for row in rows
    ]


def insert_template(connection: Connection, tenant_id: TenantId, template: FiledTemplate) -> None:
    """With the versions that there are of its sighting's template."""
    connection.execute(
        text("""
            insert into footfall.customer_templates (
                tenant_id, template_id, customer_id, event_id, model_version, embedding, quality_score, created_at
            )
            values (
                :tenant_id, :template_id, :customer_id, :event_id, :model_version, :embedding, :quality_score,
                :created_at
            )
        """),
        {
            "tenant_id": tenant_id,
            "template_id": template.template_id,
            "customer_id": template.customer_id,
            "event_id": template.event_id,
            "model_version": template.model_version,
            "embedding": sealed_one(
                connection, tenant_id, template.event_id, template.model_version, template.embedding
            ),
            "quality_score": template.quality_score,
            "created_at": template.created_at,
        },
    )
    copy_twins(connection, [template.template_id])


def update_template_owner(connection: Connection, template_id: TemplateId, customer_id: CustomerId) -> None:
    connection.execute(
        text("update footfall.customer_templates set customer_id = :customer_id where template_id = :template_id"),
        {"template_id": template_id, "customer_id": customer_id},
    )
