"""Tables staff and staff_face_images. Rows in and out; no rules."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import FaceBox, FaceId, FaceQualityReport, Landmarks5, StaffId, TenantId
from contracts.people import LivenessReport, Staff, StaffCreate
from footfall.stores.postgres.sealed_templates import opened, sealed_one

SELECT_STAFF = """
    select s.staff_id, s.display_name, s.external_ref, s.created_at, s.version,
           (select count(*) from footfall.staff_face_images as f
            where f.tenant_id = s.tenant_id and f.staff_id = s.staff_id) as faces
"""
_SELECT_ONE = text(f"{SELECT_STAFF} from footfall.staff as s where s.staff_id = :staff_id")
_SELECT_LOCKED = text(f"{_SELECT_ONE.text} for no key update of s")


@dataclass(frozen=True, slots=True)
class FaceRow:
    """An enrolled photograph without its template."""

    face_id: FaceId
    staff_id: StaffId
    image_key: str
    crop_key: str
    box: FaceBox
    landmarks: Landmarks5
    quality: FaceQualityReport
    model_version: str
    background_faces: int
    created_at: datetime
    expires_at: datetime | None
    liveness: LivenessReport | None


@dataclass(frozen=True, slots=True)
class NewFace:
    """`embedding`: 2048 bytes as `footfall.templates` writes them; `image_sha256`: 32 bytes, of the photograph;
    `valid_days`: None for ever."""

    face_id: FaceId
    staff_id: StaffId
    image_key: str
    image_sha256: bytes
    crop_key: str
    box: FaceBox
    landmarks: Landmarks5
    quality: FaceQualityReport
    model_version: str
    embedding: bytes
    background_faces: int
    valid_days: int | None = None
    liveness: LivenessReport | None = None


@dataclass(frozen=True, slots=True)
class StaffTemplate:
    """A template that is matched, and whose. `embedding`: 2048 bytes."""

    face_id: FaceId
    staff_id: StaffId
    embedding: bytes


@dataclass(frozen=True, slots=True)
class EnrolmentState:
    """One staff member's photographs in numbers. `latest_expiry`: of the served version's photographs the last to
    expire, None when one never does or there is none."""

    staff_id: StaffId
    display_name: str
    faces: int
    of_served_version: int
    valid: int
    latest_expiry: datetime | None


def insert_staff(connection: Connection, tenant_id: TenantId, staff: StaffCreate) -> Staff | None:
    """The new row; None where the tenant uses that external_ref already."""
    row = connection.execute(
        text("""
            insert into footfall.staff (tenant_id, display_name, external_ref)
            values (:tenant_id, :display_name, :external_ref)
            on conflict (tenant_id, external_ref) do nothing
            returning staff_id, display_name, external_ref, 0 as faces, created_at, version
        """),
        {"tenant_id": tenant_id, **staff.model_dump()},
    )
    found = row.mappings().one_or_none()
    return None if found is None else Staff.model_validate(dict(found))


def select_staff(connection: Connection, staff_id: StaffId, *, lock: bool = False) -> Staff | None:
    """`lock`: held against change until the transaction ends."""
    row = connection.execute(_SELECT_LOCKED if lock else _SELECT_ONE, {"staff_id": staff_id})
    found = row.mappings().one_or_none()
    return None if found is None else Staff.model_validate(dict(found))


def select_names(connection: Connection, staff_ids: Collection[UUID]) -> dict[UUID, str]:
    rows = connection.execute(
        text("select staff_id, display_name from footfall.staff where staff_id = any(cast(:ids as uuid[]))"),
        {"ids": list(staff_ids)},
    )
    return {row.staff_id: row.display_name for row in rows}


def delete_staff_row(connection: Connection, staff_id: StaffId) -> None:
    """Deletes the row and, by cascade, its face images. Its visits and events must be gone."""
    connection.execute(text("delete from footfall.staff where staff_id = :staff_id"), {"staff_id": staff_id})


def insert_face(connection: Connection, tenant_id: TenantId, face: NewFace) -> FaceRow | None:
    """The new row; None where this photograph of this staff member is enrolled already."""
    row = connection.execute(
        text("""
            insert into footfall.staff_face_images (
                tenant_id, face_id, staff_id, image_key, image_sha256, crop_key, box, landmarks, quality,
                model_version, embedding, background_faces, expires_at,
                liveness_verdict, liveness_score, liveness_model
            )
            values (
                :tenant_id, :face_id, :staff_id, :image_key, :image_sha256, :crop_key, cast(:box as jsonb),
                cast(:landmarks as jsonb), cast(:quality as jsonb), :model_version, :embedding, :background_faces,
                now() + make_interval(days => cast(:valid_days as integer)),
                :liveness_verdict, :liveness_score, :liveness_model
            )
            on conflict (tenant_id, staff_id, image_sha256) do nothing
            returning face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                      background_faces, created_at, expires_at, liveness_verdict, liveness_score, liveness_model
        """),
        {
            "tenant_id": tenant_id,
            "face_id": face.face_id,
            "staff_id": face.staff_id,
            "image_key": face.image_key,
            "image_sha256": face.image_sha256,
            "crop_key": face.crop_key,
            "box": face.box.model_dump_json(),
            "landmarks": json.dumps(face.landmarks),
            "quality": face.quality.model_dump_json(),
            "model_version": face.model_version,
            "embedding": sealed_one(connection, tenant_id, face.face_id, face.model_version, face.embedding),
            "background_faces": face.background_faces,
            "valid_days": face.valid_days,
            "liveness_verdict": None if face.liveness is None else face.liveness.verdict,
            "liveness_score": None if face.liveness is None else face.liveness.score,
            "liveness_model": None if face.liveness is None else face.liveness.model_version,
        },
    )
    found = row.mappings().one_or_none()
    return None if found is None else _face(found)


def select_faces(connection: Connection, staff_id: StaffId) -> list[FaceRow]:
    """The staff member's photographs, oldest first."""
    rows = connection.execute(
        text("""
            select face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                   background_faces, created_at, expires_at, liveness_verdict, liveness_score, liveness_model
            from footfall.staff_face_images
            where staff_id = :staff_id
            order by created_at, face_id
        """),
        {"staff_id": staff_id},
    )
    return [_face(row) for row in rows.mappings()]


def select_digests(connection: Connection, staff_id: StaffId) -> set[bytes]:
    """The sha256 of every photograph of the staff member."""
    rows = connection.execute(
        text("select image_sha256 from footfall.staff_face_images where staff_id = :staff_id"), {"staff_id": staff_id}
    )
    return {bytes(digest) for digest in rows.scalars()}


def select_templates(
    connection: Connection, model_version: str, *, staff_id: StaffId | None = None
) -> list[StaffTemplate]:
    """The templates that are matched: of the model version and not expired, oldest first; of everybody, or of one."""
    rows = connection.execute(
        text("""
            select face_id, staff_id, embedding, opener
            from footfall.staff_face_templates
            where model_version = :model_version and (expires_at is null or expires_at > now())
              and (cast(:staff_id as uuid) is null or staff_id = :staff_id)
            order by created_at, face_id
        """),
        {"model_version": model_version, "staff_id": staff_id},
    )
    return [StaffTemplate(row.face_id, row.staff_id, opened(connection, row.embedding, row.opener)) for row in rows]


def select_enrolment_states(connection: Connection, model_version: str) -> list[EnrolmentState]:
    """Everybody of the tenant's staff, by name."""
    rows = connection.execute(
        text("""
            select s.staff_id, s.display_name, count(distinct f.face_id) as faces,
                   count(f.face_id) filter (where f.model_version = :model_version) as of_served_version,
                   count(f.face_id) filter (
                       where f.model_version = :model_version and (f.expires_at is null or f.expires_at > now())
                   ) as valid,
                   case
                       when bool_or(f.expires_at is null and f.model_version = :model_version) then null
                       else max(f.expires_at) filter (where f.model_version = :model_version)
                   end as latest_expiry
            from footfall.staff as s
            left join footfall.staff_face_templates as f on f.tenant_id = s.tenant_id and f.staff_id = s.staff_id
            group by s.tenant_id, s.staff_id, s.display_name
            order by s.display_name, s.staff_id
        """),
        {"model_version": model_version},
    )
    return [EnrolmentState(**row) for row in rows.mappings()]


def delete_face_row(connection: Connection, staff_id: StaffId, face_id: FaceId) -> FaceRow | None:
    """The row that was deleted; None where that staff member has no such face."""
    row = connection.execute(
        text("""
            delete from footfall.staff_face_images
            where staff_id = :staff_id and face_id = :face_id
            returning face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                      background_faces, created_at, expires_at, liveness_verdict, liveness_score, liveness_model
        """),
        {"staff_id": staff_id, "face_id": face_id},
    )
    found = row.mappings().one_or_none()
    return None if found is None else _face(found)


def _face(row: RowMapping) -> FaceRow:
    points = [(float(x), float(y)) for x, y in row["landmarks"]]
    return FaceRow(
        face_id=row["face_id"],
        staff_id=row["staff_id"],
        image_key=row["image_key"],
        crop_key=row["crop_key"],
        box=FaceBox.model_validate(row["box"]),
        landmarks=(points[0], points[1], points[2], points[3], points[4]),
        quality=FaceQualityReport.model_validate(row["quality"]),
        model_version=row["model_version"],
        background_faces=row["background_faces"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        liveness=None
        if row["liveness_verdict"] is None
        else LivenessReport(
            verdict=row["liveness_verdict"], score=row["liveness_score"], model_version=row["liveness_model"]
        ),
    )
