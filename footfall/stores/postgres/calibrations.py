"""Table calibrations, and what a calibration reads of the gallery. Rows in and out; no rules."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import PersonKind, TemplateId, TenantId
from footfall.stores.postgres.customers import GalleryRow
from footfall.stores.postgres.sealed_templates import opened

# Everything that can be matched, as `customers.select_owners` has it: expired photographs are nobody's.
_MATCHABLE = """
    select face_id as template_id, 'staff' as person_kind, staff_id as person_id, embedding, created_at, opener
    from footfall.staff_face_templates
    where model_version = :model_version and (expires_at is null or expires_at > now())
    union all
    select t.template_id, case when c.staff_id is null then 'customer' else 'staff' end,
           coalesce(c.staff_id, t.customer_id), t.embedding, t.created_at, t.opener
    from footfall.customer_gallery_templates as t
    inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
    where t.model_version = :model_version
"""


@dataclass(frozen=True, slots=True)
class GalleryShape:
    """How many people of a kind have how many templates: `templates` maps a number of templates to people."""

    staff: dict[int, int]
    customers: dict[int, int]


@dataclass(frozen=True, slots=True)
class NewCalibration:
    """`document`: what the thresholds were made from, as JSON values; statistics alone, no template."""

    model_version: str
    source: str
    target_fpir: float
    unsure_fpir: float
    gallery_people: int
    gallery_size: float
    own_people: int
    own_pairs: int
    genuine_pairs: int
    own_weight: float
    threshold_low: tuple[float, float, float]
    threshold_high: tuple[float, float, float]
    document: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """A stored calibration. Thresholds are (value, low, high) with a 95 % interval."""

    calibration_id: UUID
    created_at: datetime
    new: NewCalibration


def insert_calibration(connection: Connection, tenant_id: TenantId, new: NewCalibration) -> CalibrationRow:
    row = connection.execute(
        text("""
            insert into footfall.calibrations (
                tenant_id, model_version, source, target_fpir, unsure_fpir, gallery_people, gallery_size, own_people,
                own_pairs, genuine_pairs, own_weight, threshold_low, threshold_low_interval, threshold_high,
                threshold_high_interval, document
            )
            values (
                :tenant_id, :model_version, :source, :target_fpir, :unsure_fpir, :gallery_people, :gallery_size,
                :own_people, :own_pairs, :genuine_pairs, :own_weight, :threshold_low,
                cast(:low_interval as double precision[]), :threshold_high,
                cast(:high_interval as double precision[]), cast(:document as jsonb)
            )
            returning *
        """),
        {
            "tenant_id": tenant_id,
            "model_version": new.model_version,
            "source": new.source,
            "target_fpir": new.target_fpir,
            "unsure_fpir": new.unsure_fpir,
            "gallery_people": new.gallery_people,
            "gallery_size": new.gallery_size,
            "own_people": new.own_people,
            "own_pairs": new.own_pairs,
            "genuine_pairs": new.genuine_pairs,
            "own_weight": new.own_weight,
            "threshold_low": new.threshold_low[0],
            "low_interval": list(new.threshold_low[1:]),
            "threshold_high": new.threshold_high[0],
            "high_interval": list(new.threshold_high[1:]),
            "document": json.dumps(new.document),
        },
    )
    return _calibration(row.mappings().one())


def select_latest(connection: Connection, model_version: str) -> CalibrationRow | None:
    """The bound tenant's newest calibration for the model version."""
    row = connection.execute(
        text("""
            select * from footfall.calibrations
            where tenant_id = footfall.current_tenant() and model_version = :model_version
            order by created_at desc, calibration_id
            limit 1
        """),
        {"model_version": model_version},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _calibration(found)


def delete_calibrations(connection: Connection, model_version: str, *, keep: int) -> int:
    """Deletes all but the newest `keep` of the model version; how many."""
    deleted = connection.execute(
        text("""
            delete from footfall.calibrations
            where model_version = :model_version and calibration_id not in (
                select calibration_id from footfall.calibrations
                where model_version = :model_version
                order by created_at desc, calibration_id
                limit :keep
            )
        """),
        {"model_version": model_version, "keep": keep},
    )
    return deleted.rowcount


def select_gallery_shape(connection: Connection, model_version: str) -> GalleryShape:
    """Of all people with a template that can be matched."""
    rows = connection.execute(
        text(f"""
            select person_kind, templates, count(*) as people
            from (
                select person_kind, person_id, count(*) as templates
                from ({_MATCHABLE}) as matchable
                group by person_kind, person_id
            ) as counted
            group by person_kind, templates
        """),  # noqa: S608 - a constant of this module
        {"model_version": model_version},
    ).all()
    return GalleryShape(
        staff={row.templates: row.people for row in rows if row.person_kind == "staff"},
        customers={row.templates: row.people for row in rows if row.person_kind == "customer"},
    )


def select_templates_of(connection: Connection, person_ids: Collection[UUID], model_version: str) -> list[GalleryRow]:
    """Every template of these people that can be matched, in a fixed order."""
    if not person_ids:
        return []
    rows = connection.execute(
        # Three parts rather than one view, so that each finds its people by an index in a gallery of any size.
        text("""
            select template_id, person_kind, person_id, embedding, opener
            from (
                select face_id as template_id, 'staff' as person_kind, staff_id as person_id, embedding, opener
                from footfall.staff_face_templates
                where staff_id = any(cast(:ids as uuid[])) and model_version = :model_version
                  and (expires_at is null or expires_at > now())
                union all
                select t.template_id, 'customer', t.customer_id, t.embedding, t.opener
                from footfall.customer_gallery_templates as t
                inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
                where t.customer_id = any(cast(:ids as uuid[])) and t.model_version = :model_version
                  and c.staff_id is null
                union all
                select t.template_id, 'staff', c.staff_id, t.embedding, t.opener
                from footfall.customer_gallery_templates as t
                inner join footfall.customers as c on c.tenant_id = t.tenant_id and c.customer_id = t.customer_id
                where c.staff_id = any(cast(:ids as uuid[])) and t.model_version = :model_version
            ) as matchable
            order by person_id, template_id
        """),
        {"ids": list(person_ids), "model_version": model_version},
    )
    return [_gallery_row(connection, row) for row in rows.mappings()]


def select_one_template_each(connection: Connection, model_version: str, *, most: int) -> list[GalleryRow]:
    """One template of each of at most `most` people, the first of each; which people follows from their ids, so that
    it is the same tomorrow and has nothing to do with who they are."""
    rows = connection.execute(
        text(f"""
            select template_id, person_kind, person_id, embedding, opener
            from (
                select distinct on (person_id) template_id, person_kind, person_id, embedding, opener
                from ({_MATCHABLE}) as matchable
                order by person_id, created_at, template_id
            ) as firsts
            order by md5(person_id::text)
            limit :most
        """),  # noqa: S608 - a constant of this module
        {"model_version": model_version, "most": most},
    )
    return [_gallery_row(connection, row) for row in rows.mappings()]


def select_photographs_of_staff(connection: Connection, model_version: str, *, most: int) -> list[GalleryRow]:
    """At most `most` enrolled photographs' templates of staff who have several, person by person. A customer's
    templates were kept because they matched, and would make the model look better than it is."""
    rows = connection.execute(
        text("""
            select face_id as template_id, 'staff' as person_kind, staff_id as person_id, embedding, opener
            from footfall.staff_face_templates as f
            where model_version = :model_version and exists (
                select 1 from footfall.staff_face_templates as other
                where other.staff_id = f.staff_id and other.face_id <> f.face_id
                  and other.model_version = :model_version
            )
            order by staff_id, face_id
            limit :most
        """),
        {"model_version": model_version, "most": most},
    )
    return [_gallery_row(connection, row) for row in rows.mappings()]


def _gallery_row(connection: Connection, row: RowMapping) -> GalleryRow:
    kind: PersonKind = row["person_kind"]
    embedding = opened(connection, row["embedding"], row["opener"])
    return GalleryRow(TemplateId(row["template_id"]), kind, row["person_id"], embedding)


def _calibration(row: RowMapping) -> CalibrationRow:
    return CalibrationRow(
        calibration_id=row["calibration_id"],
        created_at=row["created_at"],
        new=NewCalibration(
            model_version=row["model_version"],
            source=row["source"],
            target_fpir=row["target_fpir"],
            unsure_fpir=row["unsure_fpir"],
            gallery_people=row["gallery_people"],
            gallery_size=row["gallery_size"],
            own_people=row["own_people"],
            own_pairs=row["own_pairs"],
            genuine_pairs=row["genuine_pairs"],
            own_weight=row["own_weight"],
            threshold_low=(row["threshold_low"], *row["threshold_low_interval"]),
            threshold_high=(row["threshold_high"], *row["threshold_high_interval"]),
            document=row["document"],
        ),
    )
