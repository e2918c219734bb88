"""Counts over the tables that a gallery is made of. Single rows are read in `staff` and `customers`."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text

from contracts.base import TenantId


@dataclass(frozen=True, slots=True)
class GallerySize:
    """What one tenant's gallery holds. `unrecognisable_staff`: without a face of the served model version, so that
    nobody can take them for staff. `other_version_templates`: which the served collection therefore lacks."""

    tenant_id: TenantId
    slug: str
    staff: int
    staff_faces: int
    unrecognisable_staff: int
    customers: int
    customer_templates: int
    other_version_templates: int


def count_gallery(connection: Connection, model_version: str) -> GallerySize | None:
    """The bound tenant's; None when it is gone."""
    row = connection.execute(
        text("""
            select
                t.tenant_id, t.slug,
                (select count(*) from footfall.staff) as staff,
                (select count(*) from footfall.staff_face_images) as staff_faces,
                (
                    select count(*) from footfall.staff as s
                    where not exists (
                        select 1 from footfall.staff_face_templates as f
                        where f.tenant_id = s.tenant_id and f.staff_id = s.staff_id
                          and f.model_version = :model_version
                    )
                    and not exists (
                        select 1 from footfall.customers as c
                        inner join footfall.customer_gallery_templates as t
                            on t.tenant_id = c.tenant_id and t.customer_id = c.customer_id
                        where c.tenant_id = s.tenant_id and c.staff_id = s.staff_id
                          and t.model_version = :model_version
                    )
                ) as unrecognisable_staff,
                (select count(*) from footfall.customers where retired_by is null) as customers,
                (select count(*) from footfall.customer_templates) as customer_templates,
                (
                    select count(*) from footfall.staff_face_images as f
                    where not exists (
                        select 1 from footfall.staff_face_templates as v
                        where v.tenant_id = f.tenant_id and v.face_id = f.face_id and v.model_version = :model_version
                    )
                )
                + (
                    select count(*) from footfall.customer_templates as t
                    where not exists (
                        select 1 from footfall.customer_gallery_templates as v
                        where v.tenant_id = t.tenant_id and v.template_id = t.template_id
                          and v.model_version = :model_version
                    )
                ) as other_version_templates
            from footfall.tenants as t
            where t.tenant_id = footfall.current_tenant()
        """),
        {"model_version": model_version},
    ).one_or_none()
    if row is None:
        return None
    return GallerySize(
        tenant_id=TenantId(row.tenant_id),
        slug=row.slug,
        staff=row.staff,
        staff_faces=row.staff_faces,
        unrecognisable_staff=row.unrecognisable_staff,
        customers=row.customers,
        customer_templates=row.customer_templates,
        other_version_templates=row.other_version_templates,
    )
