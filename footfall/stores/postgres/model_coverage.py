"""How much of a tenant's gallery there is in a model version, who is known in another alone, and giving a version up.
Writing templates of a version is `reembeddings`'."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import FaceId, StaffId, TemplateId, TenantId
from footfall.stores.postgres.customers import GalleryRow
from footfall.stores.postgres.sealed_templates import opened

_GIVEN_UP = (
    ("staff_face_images", "face_id", "staff_face_versions"),
    ("customer_templates", "template_id", "customer_template_versions"),
    ("event_templates", "event_id", "event_template_versions"),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of the bound tenant, in one version: how many there are, and how many the version knows. `customers`: those who
    have a template at all. `untried`: templates that nobody has tried to bring over yet."""

    staff_faces: int
    staff_faces_known: int
    customers: int
    customers_known: int
    sightings: int
    sightings_known: int
    opt_outs: int
    opt_outs_known: int
    set_aside: int
    untried: int


@dataclass(frozen=True, slots=True)
class LostFace:
    """A photograph of staff that a version's removal would leave without any template."""

    face_id: FaceId
    staff_id: StaffId


def count_coverage(connection: Connection, model_version: str) -> Coverage:
    row = connection.execute(
        text("""
            select
                (select count(*) from footfall.staff_face_images) as staff_faces,
                (select count(*) from footfall.staff_face_templates where model_version = :version)
                as staff_faces_known,
                (
                    select count(distinct t.customer_id) from footfall.customer_templates as t
                ) as customers,
                (
                    select count(distinct t.customer_id) from footfall.customer_gallery_templates as t
                    where t.model_version = :version
                ) as customers_known,
                (select count(*) from footfall.event_templates) as sightings,
                (select count(*) from footfall.sighting_templates where model_version = :version) as sightings_known,
                (select count(*) from footfall.opt_outs where withdrawn_at is null) as opt_outs,
                (
                    select count(distinct t.opt_out_id) from footfall.opt_out_templates as t
                    where t.model_version = :version
                ) as opt_outs_known,
                (select count(*) from footfall.staff_face_versions where model_version = :version
                 and fault is not null)
                + (select count(*) from footfall.customer_template_versions where model_version = :version
                   and fault is not null)
                + (select count(*) from footfall.event_template_versions where model_version = :version
                   and fault is not null) as set_aside,
                (
                    select count(*) from footfall.staff_face_images as p
                    where p.model_version <> :version and not exists (
                        select 1 from footfall.staff_face_versions as v
                        where v.tenant_id = p.tenant_id and v.face_id = p.face_id and v.model_version = :version
                    )
                ) + (
                    select count(*) from footfall.customer_templates as p
                    where p.model_version <> :version and not exists (
                        select 1 from footfall.customer_template_versions as v
                        where v.tenant_id = p.tenant_id and v.template_id = p.template_id
                          and v.model_version = :version
                    )
                ) + (
                    select count(*) from footfall.event_templates as p
                    where p.model_version <> :version and not exists (
                        select 1 from footfall.event_template_versions as v
                        where v.tenant_id = p.tenant_id and v.event_id = p.event_id and v.model_version = :version
                    )
                ) as untried
        """),
        {"version": model_version},
    )
    return Coverage(**row.mappings().one())


def select_left_behind(
    connection: Connection, former: str, served: str, *, most: int, staff_only: bool
) -> list[GalleryRow]:
    """Templates in the former version of people who have none in the served one, of those seen last; at most `most`."""
    rows = connection.execute(
        text("""
            select template_id, person_kind, person_id, embedding, opener from (
                select f.face_id as template_id, 'staff' as person_kind, f.staff_id as person_id, f.embedding,
                       f.opener, now() as seen_at
                from footfall.staff_face_templates as f
                where f.model_version = :former and (f.expires_at is null or f.expires_at > now())
                  and not exists (
                      select 1 from footfall.staff_face_templates as s
                      where s.tenant_id = f.tenant_id and s.staff_id = f.staff_id and s.model_version = :served
                  )
                union all
                select t.template_id, case when c.staff_id is null then 'customer' else 'staff' end,
                       coalesce(c.staff_id, t.customer_id), t.embedding, t.opener, c.last_seen_at
                from footfall.customer_gallery_templates as t
                inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
                where t.model_version = :former and (c.staff_id is not null or not cast(:staff_only as boolean))
                  and not exists (
                      select 1 from footfall.customer_gallery_templates as s
                      where s.tenant_id = t.tenant_id and s.customer_id = t.customer_id
                        and s.model_version = :served
                  )
            ) as behind
            order by seen_at desc, template_id
            limit :most
        """),
        {"former": former, "served": served, "most": most, "staff_only": staff_only},
    )
    return [
        GalleryRow(
            TemplateId(row.template_id),
            row.person_kind,
            row.person_id,
            opened(connection, row.embedding, row.opener),
        )
        for row in rows
    ]


def promote_twins(connection: Connection, tenant_id: TenantId, served: str, removed: str, *, limit: int) -> int:
    """Makes the served version's templates those of their rows, in place of the removed version's; how many, at most
    `limit` of each table."""
    return sum(
        connection.execute(
            text(f"""
                with chosen as (
                    select p.{key} as row_id, v.embedding
                    from footfall.{table} as p
                    inner join footfall.{versions} as v on v.tenant_id = p.tenant_id and v.{key} = p.{key}
                    where p.model_version = :removed and v.model_version = :served and v.embedding is not null
                    order by p.{key}
                    limit :limit
                    for update of p
                ),
                promoted as (
                    update footfall.{table} as p
                    set embedding = chosen.embedding, model_version = :served
                    from chosen
                    where p.tenant_id = :tenant_id and p.{key} = chosen.row_id
                    returning p.{key} as row_id
                )
                delete from footfall.{versions} as v
                using promoted
                where v.tenant_id = :tenant_id and v.{key} = promoted.row_id and v.model_version = :served
            """),  # noqa: S608 - constants of this module
            {"tenant_id": tenant_id, "served": served, "removed": removed, "limit": limit},
        ).rowcount
        for table, key, versions in _GIVEN_UP
    )


def delete_twins(connection: Connection, removed: str) -> int:
    """Deletes what is beside rows of other versions; how many."""
    return sum(
        connection.execute(
            text(f"delete from footfall.{versions} where model_version = :removed"),  # noqa: S608 - as above
            {"removed": removed},
        ).rowcount
        for _, _, versions in _GIVEN_UP
    )


def select_lost_faces(connection: Connection, removed: str, served: str) -> list[LostFace]:
    """Photographs that have a template in the version to be removed alone."""
    rows = connection.execute(
        text("""
            select p.face_id, p.staff_id from footfall.staff_face_images as p
            where p.model_version = :removed and not exists (
                select 1 from footfall.staff_face_versions as v
                where v.tenant_id = p.tenant_id and v.face_id = p.face_id and v.model_version = :served
                  and v.embedding is not null
            )
            order by p.face_id
        """),
        {"removed": removed, "served": served},
    )
    return [LostFace(FaceId(row.face_id), StaffId(row.staff_id)) for row in rows]


def count_lost_opt_outs(connection: Connection, removed: str) -> int:
    """Opt-outs that stand and are known in the version to be removed alone."""
    return int(
        connection.execute(
            text("""
                select count(*) from footfall.opt_outs as o
                where o.withdrawn_at is null
                  and exists (
                      select 1 from footfall.opt_out_templates as t
                      where t.tenant_id = o.tenant_id and t.opt_out_id = o.opt_out_id and t.model_version = :removed
                  )
                  and not exists (
                      select 1 from footfall.opt_out_templates as t
                      where t.tenant_id = o.tenant_id and t.opt_out_id = o.opt_out_id and t.model_version <> :removed
                  )
            """),
            {"removed": removed},
        ).scalar_one()
    )


def delete_templates_of_version(connection: Connection, removed: str) -> list[TemplateId]:
    """Deletes the templates of customers, sightings and opt-outs in this version; the ids of the gallery's that are
    gone. Photographs of staff are left to whoever removes photographs."""
    gone = connection.execute(
        text("delete from footfall.customer_templates where model_version = :removed returning template_id"),
        {"removed": removed},
    )
    ids: list[UUID] = list(gone.scalars())
    for table in ("event_templates", "opt_out_templates"):
        connection.execute(
            text(f"delete from footfall.{table} where model_version = :removed"),  # noqa: S608 - constants
            {"removed": removed},
        )
    return [TemplateId(template_id) for template_id in ids]
