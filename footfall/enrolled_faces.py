"""Photographs of staff that are enrolled: listing and removing them. How they come there is `footfall.enrolment`'s."""

from __future__ import annotations

from contracts.base import FaceId, StaffId, TemplateId, TenantId
from contracts.people import StaffFace, StaffFaceList
from footfall import audit
from footfall.errors import NotFoundError
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.stores.postgres import staff
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.staff import FaceRow
from footfall.tenancy import tenant_transaction


def list_faces(services: Services, tenant_id: TenantId, staff_id: StaffId) -> StaffFaceList:
    """The staff member's photographs, oldest first, with URLs that work for minutes. Raises NotFoundError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        if staff.select_staff(connection, staff_id) is None:
            raise missing_staff(staff_id)
        rows = staff.select_faces(connection, staff_id)
    return StaffFaceList(items=tuple(staff_face(services, tenant_id, row) for row in rows))


def remove_face(services: Services, tenant_id: TenantId, staff_id: StaffId, face_id: FaceId, *, actor: str) -> None:
    """Deletes the photograph, its crop and its template from every store.

    The row goes last: while a store is away it stays, the error says so, and a repetition finishes the work. Raises
    NotFoundError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        gone = staff.delete_face_row(connection, staff_id, face_id)
        if gone is None:
            raise NotFoundError(f"The staff member {staff_id} has no face {face_id}.")
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


def staff_face(services: Services, tenant_id: TenantId, row: FaceRow) -> StaffFace:
    """As the API shows it, with a URL that works for minutes."""
    return StaffFace(
        face_id=row.face_id,
        staff_id=row.staff_id,
        box=row.box,
        landmarks=row.landmarks,
        quality=row.quality,
        model_version=row.model_version,
        background_faces=row.background_faces,
        image_url=services.objects.presigned_url(tenant_id, "derived", row.image_key),
        created_at=row.created_at,
        expires_at=row.expires_at,
        liveness=row.liveness,
    )
