"""Tables staff and staff_face_images. Rows in and out; no rules."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import FaceBox, FaceId, FaceQualityReport, Landmarks5, StaffId, TenantId
from contracts.people import Staff, StaffCreate
from footfall.cursors import Position


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


@dataclass(frozen=True, slots=True)
class NewFace:
    """`embedding`: 2048 bytes as `footfall.templates` writes them; `image_sha256`: 32 bytes, of the photograph."""

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


def insert_staff(connection: Connection, tenant_id: TenantId, staff: StaffCreate) -> Staff | None:
    """The new row; None where the tenant uses that external_ref already."""
    row = connection.execute(
        text("""
            insert into footfall.staff (tenant_id, display_name, external_ref)
            values (:tenant_id, :display_name, :external_ref)
            on conflict (tenant_id, external_ref) do nothing
            returning staff_id, display_name, external_ref, 0 as faces, created_at
        """),
        {"tenant_id": tenant_id, **staff.model_dump()},
    )
    found = row.mappings().one_or_none()
    return None if found is None else Staff.model_validate(dict(found))


def select_staff_page(connection: Connection, *, after: Position | None, limit: int) -> list[Staff]:
    rows = connection.execute(
        text("""
            select s.staff_id, s.display_name, s.external_ref, s.created_at,
                   (select count(*) from footfall.staff_face_images as f
                    where f.tenant_id = s.tenant_id and f.staff_id = s.staff_id) as faces
            from footfall.staff as s
            where cast(:after_at as timestamptz) is null
               or (s.created_at, s.staff_id) > (cast(:after_at as timestamptz), cast(:after_id as uuid))
            order by s.created_at, s.staff_id
            limit :limit
        """),
        {
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [Staff.model_validate(dict(row)) for row in rows.mappings()]


def select_staff(connection: Connection, staff_id: StaffId) -> Staff | None:
    row = connection.execute(
        text("""
            select s.staff_id, s.display_name, s.external_ref, s.created_at,
                   (select count(*) from footfall.staff_face_images as f
                    where f.tenant_id = s.tenant_id and f.staff_id = s.staff_id) as faces
            from footfall.staff as s
            where s.staff_id = :staff_id
        """),
        {"staff_id": staff_id},
    )
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


def photograph_enrolled(connection: Connection, staff_id: StaffId, image_sha256: bytes) -> bool:
    row = connection.execute(
        text("""
            select exists (
                select from footfall.staff_face_images
                where staff_id = :staff_id and image_sha256 = :image_sha256
            ) as enrolled
        """),
        {"staff_id": staff_id, "image_sha256": image_sha256},
    )
    return bool(row.scalar_one())


def insert_face(connection: Connection, tenant_id: TenantId, face: NewFace) -> FaceRow | None:
    """The new row; None where this photograph of this staff member is enrolled already."""
    row = connection.execute(
        text("""
            insert into footfall.staff_face_images (
                tenant_id, face_id, staff_id, image_key, image_sha256, crop_key, box, landmarks, quality,
                model_version, embedding, background_faces
            )
            values (
                :tenant_id, :face_id, :staff_id, :image_key, :image_sha256, :crop_key, cast(:box as jsonb),
                cast(:landmarks as jsonb), cast(:quality as jsonb), :model_version, :embedding, :background_faces
            )
            on conflict (tenant_id, staff_id, image_sha256) do nothing
            returning face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                      background_faces, created_at
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
            "embedding": face.embedding,
            "background_faces": face.background_faces,
        },
    )
    found = row.mappings().one_or_none()
    return None if found is None else _face(found)


def select_faces(connection: Connection, staff_id: StaffId) -> list[FaceRow]:
    """The staff member's photographs, oldest first."""
    rows = connection.execute(
        text("""
            select face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                   background_faces, created_at
            from footfall.staff_face_images
            where staff_id = :staff_id
            order by created_at, face_id
        """),
        {"staff_id": staff_id},
    )
    return [_face(row) for row in rows.mappings()]


def delete_face_row(connection: Connection, staff_id: StaffId, face_id: FaceId) -> FaceRow | None:
    """The row that was deleted; None where that staff member has no such face."""
    row = connection.execute(
        text("""
            delete from footfall.staff_face_images
            where staff_id = :staff_id and face_id = :face_id
            returning face_id, staff_id, image_key, crop_key, box, landmarks, quality, model_version,
                      background_faces, created_at
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
    )
