"""Tables customers and customer_templates, and the look-up of templates of both kinds of person. No rules."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Row, text

from contracts.base import CustomerId, EventId, PersonKind, StaffId, TemplateId, TenantId
from footfall.stores.postgres.sealed_templates import opened, sealed_one


@dataclass(frozen=True, slots=True)
class NewTemplate:
    """`embedding`: 2048 bytes as `footfall.templates` writes them."""

    template_id: TemplateId
    customer_id: CustomerId
    event_id: EventId
    model_version: str
    embedding: bytes
    quality_score: float


@dataclass(frozen=True, slots=True)
class TemplateRank:
    """A stored template and how good the face was that it came from."""

    template_id: TemplateId
    quality_score: float


@dataclass(frozen=True, slots=True)
class GalleryRow:
    """A template of either kind of person. `embedding`: 2048 bytes."""

    template_id: TemplateId
    person_kind: PersonKind
    person_id: UUID
    embedding: bytes


def insert_customer(
    connection: Connection,
    tenant_id: TenantId,
    customer_id: CustomerId,
    first_seen_at: datetime,
    last_seen_at: datetime,
) -> None:
    connection.execute(
        text("""
            insert into footfall.customers (tenant_id, customer_id, first_seen_at, last_seen_at)
            values (:tenant_id, :customer_id, :first_seen_at, :last_seen_at)
        """),
        {
            "tenant_id": tenant_id,
            "customer_id": customer_id,
            "first_seen_at": first_seen_at,
            "last_seen_at": last_seen_at,
        },
    )


def widen_seen(connection: Connection, customer_id: CustomerId, started_at: datetime, ended_at: datetime) -> None:
    """Stretches first and last seen over the span; they never shrink."""
    connection.execute(
        text("""
            update footfall.customers
            set first_seen_at = least(first_seen_at, :started_at), last_seen_at = greatest(last_seen_at, :ended_at)
            where customer_id = :customer_id and (first_seen_at > :started_at or last_seen_at < :ended_at)
        """),
        {"customer_id": customer_id, "started_at": started_at, "ended_at": ended_at},
    )


def insert_template(connection: Connection, tenant_id: TenantId, template: NewTemplate) -> None:
    connection.execute(
        text("""
            insert into footfall.customer_templates (
                tenant_id, template_id, customer_id, event_id, model_version, embedding, quality_score
            )
            values (
                :tenant_id, :template_id, :customer_id, :event_id, :model_version, :embedding, :quality_score
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
        },
    )


def select_template_ranks(connection: Connection, customer_id: CustomerId, model_version: str) -> list[TemplateRank]:
    """The customer's templates, worst first."""
    rows = connection.execute(
        text("""
            select template_id, quality_score
            from footfall.customer_gallery_templates
            where customer_id = :customer_id and model_version = :model_version
            order by quality_score, template_id
        """),
        {"customer_id": customer_id, "model_version": model_version},
    )
    return [TemplateRank(row.template_id, row.quality_score) for row in rows]


def delete_template(connection: Connection, template_id: TemplateId) -> None:
    connection.execute(
        text("delete from footfall.customer_templates where template_id = :template_id"), {"template_id": template_id}
    )


def delete_templates_of(connection: Connection, customer_ids: Collection[UUID]) -> list[TemplateId]:
    """Deletes every template of these customers, of any model version; the ids that are gone."""
    rows = connection.execute(
        text("""
            delete from footfall.customer_templates
            where customer_id = any(cast(:customer_ids as uuid[]))
            returning template_id
        """),
        {"customer_ids": list(customer_ids)},
    )
    return [TemplateId(template_id) for template_id in rows.scalars()]


def select_templates_of_staff(connection: Connection, staff_id: StaffId) -> list[TemplateId]:
    """Templates of the customers who were found to be this staff member. They go with the staff member's row."""
    rows = connection.execute(
        text("""
            select t.template_id
            from footfall.customer_templates as t
            inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
            where c.staff_id = :staff_id
        """),
        {"staff_id": staff_id},
    )
    return [TemplateId(template_id) for template_id in rows.scalars()]


def select_embeddings_of(connection: Connection, customer_id: CustomerId, model_version: str) -> list[bytes]:
    """The customer's templates, best quality first; each 2048 bytes."""
    rows = connection.execute(
        text("""
            select embedding, opener from footfall.customer_gallery_templates
            where customer_id = :customer_id and model_version = :model_version
            order by quality_score desc, template_id
        """),
        {"customer_id": customer_id, "model_version": model_version},
    )
    return [opened(connection, row.embedding, row.opener) for row in rows]


def select_owners(
    connection: Connection, template_ids: Collection[UUID], model_version: str
) -> dict[TemplateId, tuple[PersonKind, UUID]]:
    """Whose each of these templates is, among those that Postgres holds for the model version. A customer who was found
    to be staff is that staff member. Expired photographs are nobody's."""
    rows = connection.execute(
        text("""
            select face_id as template_id, 'staff' as person_kind, staff_id as person_id
            from footfall.staff_face_templates
            where face_id = any(cast(:ids as uuid[])) and model_version = :model_version
              and (expires_at is null or expires_at > now())
            union all
            select t.template_id,
                   case when c.staff_id is null then 'customer' else 'staff' end, coalesce(c.staff_id, t.customer_id)
            from footfall.customer_gallery_templates as t
            inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
            where t.template_id = any(cast(:ids as uuid[])) and t.model_version = :model_version
        """),
        {"ids": list(template_ids), "model_version": model_version},
    )
    return {row.template_id: (row.person_kind, row.person_id) for row in rows}


def select_gallery(
    connection: Connection, model_version: str, *, after: tuple[str, UUID] | None, limit: int
) -> list[GalleryRow]:
    """Templates of the tenant's people by (kind, id), from the one that comes after `after`."""
    rows = connection.execute(
        text("""
            select g.template_id, g.person_kind, g.person_id, g.embedding, g.opener
            from (
                select face_id as template_id, 'staff' as person_kind, staff_id as person_id, embedding, model_version,
                       opener
                from footfall.staff_face_templates
                union all
                select t.template_id,
                       case when c.staff_id is null then 'customer' else 'staff' end,
                       coalesce(c.staff_id, t.customer_id), t.embedding, t.model_version, t.opener
                from footfall.customer_gallery_templates as t
                inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
            ) as g
            where g.model_version = :model_version
              and (cast(:after_kind as text) is null
                   or (g.person_kind, g.template_id) > (cast(:after_kind as text), cast(:after_id as uuid)))
            order by g.person_kind, g.template_id
            limit :limit
        """),
        {
            "model_version": model_version,
            "after_kind": None if after is None else after[0],
            "after_id": None if after is None else after[1],
            "limit": limit,
        },
    )
    return [_gallery_row(connection, row) for row in rows]


def select_gallery_rows(connection: Connection, template_ids: Collection[UUID], model_version: str) -> list[GalleryRow]:
    """Those of the templates that are there, of the model version, in no order."""
    rows = connection.execute(
        text("""
            select face_id as template_id, 'staff' as person_kind, staff_id as person_id, embedding, opener
            from footfall.staff_face_templates
            where face_id = any(cast(:ids as uuid[])) and model_version = :model_version
            union all
            select t.template_id,
                   case when c.staff_id is null then 'customer' else 'staff' end, coalesce(c.staff_id, t.customer_id),
                   t.embedding, t.opener
            from footfall.customer_gallery_templates as t
            inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
            where t.template_id = any(cast(:ids as uuid[])) and t.model_version = :model_version
        """),
        {"ids": list(template_ids), "model_version": model_version},
    )
    return [_gallery_row(connection, row) for row in rows]


def select_template_ids(connection: Connection, model_version: str | None) -> set[TemplateId]:
    """Ids of every template of the tenant; of one model version, or of all."""
    rows = connection.execute(
        text("""
            select face_id as template_id
            from footfall.staff_face_templates
            where cast(:model_version as text) is null or model_version = :model_version
            union all
            select template_id
            from footfall.customer_gallery_templates
            where cast(:model_version as text) is null or model_version = :model_version
        """),
        {"model_version": model_version},
    )
    return {TemplateId(template_id) for template_id in rows.scalars()}


def _gallery_row(connection: Connection, row: Row[tuple[UUID, PersonKind, UUID, bytes, bytes | None]]) -> GalleryRow:
    template_id, person_kind, person_id, embedding, opener = row
    return GalleryRow(TemplateId(template_id), person_kind, person_id, opened(connection, embedding, opener))
