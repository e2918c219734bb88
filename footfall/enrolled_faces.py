"""Photographs of staff that are enrolled: listing and removing them. How they come there is `footfall.enrolment`'s."""

from __future__ import annotations

from contracts.base import FaceId, StaffId, TemplateId, TenantId
from contracts.people import StaffFace, StaffFaceList
from footfall import audit
from footfall.errors import NotFoundError
from footfall.photographs import flaw_of
from footfall.picture_paths import crop_path, photograph_path
from footfall.pictures import fetch_picture, kind_of
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.stores.postgres import staff
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.staff import FaceRow
from footfall.tenancy import tenant_transaction
from footfall.vision.types import FaceQuality


def list_faces(services: Services, tenant_id: TenantId, staff_id: StaffId) -> StaffFaceList:
    """The staff member's photographs, oldest first, with the paths of their pictures. Raises NotFoundError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        if staff.select_staff(connection, staff_id) is None:
            raise missing_staff(staff_id)
        rows = staff.select_faces(connection, staff_id)
    return StaffFaceList(items=tuple(staff_face(services, row) for row in rows))


def remove_face(services: Services, tenant_id: TenantId, staff_id: StaffId, face_id: FaceId, *, actor: str) -> None:
    """Deletes the photograph, its crop and its template from every store.

    The row goes last: while a store is away it stays, the error says so, and a repetition finishes the work. Raises
    NotFoundError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        gone = staff.delete_face_row(connection, staff_id, face_id)
        if gone is None:
            raise _missing_face(staff_id, face_id)
        services.vectors.delete(tenant_id, [TemplateId(face_id)])
        services.objects.delete(tenant_id, "derived", [gone.image_key, gone.crop_key])
        audit.record(
            connection,
            actor=actor,
            action="staff.face_removed",
            subject_kind="staff",
            subject_id=staff_id,
            detail={"face_id": str(face_id)},
        )


def read_picture(
    services: Services, tenant_id: TenantId, staff_id: StaffId, face_id: FaceId, *, crop: bool
) -> tuple[bytes, str]:
    """The photograph as it was sent, or the aligned crop, with its media type. Raises NotFoundError,
    ServiceUnavailableError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        rows = [row for row in staff.select_faces(connection, staff_id) if row.face_id == face_id]
    if not rows:
        raise _missing_face(staff_id, face_id)
    key = rows[0].crop_key if crop else rows[0].image_key
    picture = fetch_picture(services.engine, services.objects, tenant_id, "derived", key)
    return picture, kind_of(picture).content_type


def _missing_face(staff_id: StaffId, face_id: FaceId) -> NotFoundError:
    return NotFoundError(f"The staff member {staff_id} has no face {face_id}.")


def staff_face(services: Services, row: FaceRow) -> StaffFace:
    """As the API shows it, with the paths of its pictures."""
    flaw = flaw_of(FaceQuality(**row.quality.model_dump()), services.settings.vision)
    return StaffFace(
        face_id=row.face_id,
        staff_id=row.staff_id,
        box=row.box,
        landmarks=row.landmarks,
        quality=row.quality,
        model_version=row.model_version,
        background_faces=row.background_faces,
        image_url=photograph_path(row.staff_id, row.face_id),
        crop_url=crop_path(row.staff_id, row.face_id),
        verdict="enrolled" if flaw is None else flaw.verdict,
        verdict_reason=None if flaw is None else flaw.reason,
        created_at=row.created_at,
        expires_at=row.expires_at,
        liveness=row.liveness,
    )
