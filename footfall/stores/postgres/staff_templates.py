"""SQL over the templates of staff, all of them at once. Single ones are `staff`'s and `customers`'."""

from __future__ import annotations

from sqlalchemy import Connection, text

from footfall.stores.postgres.customers import GalleryRow
from footfall.stores.postgres.sealed_templates import opened


def select_staff_templates(connection: Connection, model_version: str) -> list[GalleryRow]:
    """Every template by which somebody on the bound tenant's staff is matched now, in a fixed order; those of visitors
    who turned out to be staff with them."""
    rows = connection.execute(
        text("""
            select template_id, person_id, embedding, opener
            from (
                select face_id as template_id, staff_id as person_id, embedding, opener
                from footfall.staff_face_templates
                where model_version = :model_version and (expires_at is null or expires_at > now())
                union all
                select t.template_id, c.staff_id, t.embedding, t.opener
                from footfall.customer_gallery_templates as t
                inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
                where t.model_version = :model_version and c.staff_id is not null
            ) as matchable
            order by person_id, template_id
        """),
        {"model_version": model_version},
    )
    return [
        GalleryRow(row.template_id, "staff", row.person_id, opened(connection, row.embedding, row.opener))
        for row in rows
    ]
