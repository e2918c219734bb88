"""Table event_templates: the template of each identified sighting. What the gallery holds of them is `customers`'."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, text

from contracts.base import CustomerId, EventId, TenantId
from footfall.stores.postgres.sealed_templates import opened, sealed_one


@dataclass(frozen=True, slots=True, eq=False)
class SightingTemplate:
    """`embedding`: 2048 bytes as `footfall.templates` writes them."""

    event_id: EventId
    model_version: str
    embedding: bytes
    quality_score: float


def insert_event_template(connection: Connection, tenant_id: TenantId, template: SightingTemplate) -> None:
    """The event's row must be there; the template goes with it."""
    connection.execute(
        text("""
            insert into footfall.event_templates (tenant_id, event_id, model_version, embedding, quality_score)
            values (:tenant_id, :event_id, :model_version, :embedding, :quality_score)
        """),
        {
            "tenant_id": tenant_id,
            "event_id": template.event_id,
            "model_version": template.model_version,
            "embedding": sealed_one(
                connection, tenant_id, template.event_id, template.model_version, template.embedding
            ),
            "quality_score": template.quality_score,
        },
    )


def select_best(
    connection: Connection, customer_id: CustomerId, model_version: str, *, most: int
) -> list[SightingTemplate]:
    """Templates of the customer's sightings, best quality first, at most `most`."""
    rows = connection.execute(
        text("""
            select t.event_id, t.model_version, t.embedding, t.quality_score, t.opener
            from footfall.sighting_templates as t
            inner join footfall.face_events as e on e.tenant_id = t.tenant_id and e.event_id = t.event_id
            where e.customer_id = :customer_id and t.model_version = :model_version
            order by t.quality_score desc, t.event_id
            limit :most
        """),
        {"customer_id": customer_id, "model_version": model_version, "most": most},
    )
    return [_template(connection, row) for row in rows]


def select_templates_of_events(connection: Connection, event_ids: Collection[UUID]) -> dict[EventId, SightingTemplate]:
    """Each in the served model version, where there is one of it."""
    rows = connection.execute(
        text("""
            select t.event_id, coalesce(v.model_version, t.model_version) as model_version,
                   coalesce(v.embedding, t.embedding) as embedding, t.quality_score,
                   footfall.opener(
                       t.tenant_id, t.event_id, coalesce(v.model_version, t.model_version), k.wrapped, k.master_id
                   ) as opener
            from footfall.event_templates as t
            left join footfall.face_keys as k on k.tenant_id = t.tenant_id and k.face_id = t.event_id
            left join footfall.event_template_versions as v
                on v.tenant_id = t.tenant_id and v.event_id = t.event_id and v.embedding is not null
                and v.model_version = (select model_version from deployment.model_versions where role = 'served')
            where t.event_id = any(cast(:ids as uuid[]))
              and (k.face_id is not null or octet_length(coalesce(v.embedding, t.embedding)) = 2048)
        """),
        {"ids": list(event_ids)},
    )
    return {row.event_id: _template(connection, row) for row in rows}


def delete_templates_of_customers(connection: Connection, customer_ids: Collection[UUID]) -> int:
    """How many templates of these customers' sightings were deleted. The sightings stay."""
    return connection.execute(
        text("""
            delete from footfall.event_templates as t
            using footfall.face_events as e
            where e.tenant_id = t.tenant_id and e.event_id = t.event_id
              and e.customer_id = any(cast(:ids as uuid[]))
        """),
        {"ids": list(customer_ids)},
    ).rowcount


def select_of_nobody(connection: Connection, model_version: str) -> list[SightingTemplate]:
    """Templates of sightings that a correction made nobody's."""
    rows = connection.execute(
        text("""
            select t.event_id, t.model_version, t.embedding, t.quality_score, t.opener
            from footfall.sighting_templates as t
            inner join footfall.face_events as e on e.tenant_id = t.tenant_id and e.event_id = t.event_id
            where e.customer_id is null and e.staff_id is null and t.model_version = :model_version
        """),
        {"model_version": model_version},
    )
    return [_template(connection, row) for row in rows]


def delete_event_templates(connection: Connection, event_ids: Collection[UUID]) -> None:
    """The sightings stay."""
    connection.execute(
        text("delete from footfall.event_templates where event_id = any(cast(:ids as uuid[]))"),
        {"ids": list(event_ids)},
    )


def _template(connection: Connection, row: Row[Any]) -> SightingTemplate:
    embedding = opened(connection, row.embedding, row.opener)
    return SightingTemplate(row.event_id, row.model_version, embedding, row.quality_score)
