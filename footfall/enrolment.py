"""Photographs of staff: enrolling, listing, removing, and trying one out. What makes a photograph fit is decided in
`footfall.photographs`; events are not here."""

from __future__ import annotations

import hashlib
import logging
from contextlib import ExitStack
from uuid import uuid4

import numpy as np
from sqlalchemy import Connection

from contracts.base import FaceId, PrivacyMode, StaffId, TemplateId, TenantId
from contracts.people import MatchCandidate, RecognitionTestResult, StaffFace, StaffFaceList, TestedFace
from footfall import audit
from footfall.errors import ConflictError, NotFoundError, PrivacyModeError, ServiceUnavailableError
from footfall.face_reports import box_of, landmarks_of, quality_report
from footfall.matching import MatchDecision, MatchPolicy
from footfall.photographs import portrait_of, template_of
from footfall.pictures import kind_of, png_of
from footfall.recognition import Recognition, describe, recognise
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import customers, places, staff
from footfall.stores.postgres.locks import lock_gallery
from footfall.stores.postgres.staff import FaceRow, NewFace
from footfall.stores.rules import object_key
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction
from footfall.vision.types import AnalysedFace, Float32Array

logger = logging.getLogger(__name__)

_CANDIDATES_SHOWN = 5


def enrol_face(services: Services, tenant_id: TenantId, staff_id: StaffId, image: bytes, *, actor: str) -> StaffFace:
    """Adds a photograph of a staff member to the gallery; from the commit on it is recognised.

    Customers who clearly are this person lose their templates, though not their visits: while both were in the gallery
    neither could win by the margin, and the staff member would stay unsure for ever.

    Raises NotFoundError, PrivacyModeError in count_only, NotAnImageError, ImageTooLargeError, FaceRejectedError and its
    kinds, ConflictError for a photograph that is enrolled already, ServiceUnavailableError. After an error nothing of
    the photograph is stored.
    """
    digest = hashlib.sha256(image).digest()
    with tenant_transaction(services.engine, tenant_id) as connection:
        _require_staff(connection, tenant_id, staff_id)
        if staff.photograph_enrolled(connection, staff_id, digest):
            raise _enrolled_already()
    picture = services.vision.decode(image)
    portrait = portrait_of(services.vision, picture, services.settings.vision)
    vector = template_of(services.vision, portrait.face.crop)
    face_id = FaceId(uuid4())
    image_name = f"staff/{staff_id}/{face_id}/photograph{kind_of(image).suffix}"
    crop_name = f"staff/{staff_id}/{face_id}/crop.png"
    new = NewFace(
        face_id=face_id,
        staff_id=staff_id,
        image_key=object_key(tenant_id, image_name),
        image_sha256=digest,
        crop_key=object_key(tenant_id, crop_name),
        box=box_of(portrait.face.face.box),
        landmarks=landmarks_of(portrait.face.face.landmarks),
        quality=quality_report(portrait.face.quality),
        model_version=services.model_version,
        embedding=encode_vector(vector),
        background_faces=portrait.background_faces,
    )
    with ExitStack() as undo:
        undo.callback(_withdraw, services, tenant_id, new)
        services.objects.put(tenant_id, "derived", image_name, image, kind_of(image).content_type)
        services.objects.put(tenant_id, "derived", crop_name, png_of(portrait.face.crop), "image/png")
        row, retired = _insert(services, tenant_id, new, vector, actor)
        undo.pop_all()
    if retired:
        _forget(services, tenant_id, retired)
    if portrait.background_faces:
        logger.info("face %s: %d background faces were left out", face_id, portrait.background_faces)
    return _staff_face(services, tenant_id, row)


def list_faces(services: Services, tenant_id: TenantId, staff_id: StaffId) -> StaffFaceList:
    """The staff member's photographs, oldest first, with URLs that work for minutes. Raises NotFoundError."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        if staff.select_staff(connection, staff_id) is None:
            raise missing_staff(staff_id)
        rows = staff.select_faces(connection, staff_id)
    return StaffFaceList(items=tuple(_staff_face(services, tenant_id, row) for row in rows))


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


def recognition_test(services: Services, tenant_id: TenantId, staff_id: StaffId, image: bytes) -> RecognitionTestResult:
    """What would be made of each face in the photograph, best detection first. Nothing of it is stored.

    Raises NotFoundError, PrivacyModeError in count_only, NotAnImageError, ImageTooLargeError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        _require_staff(connection, tenant_id, staff_id)
    faces = services.vision.analyse(services.vision.decode(image))
    policy = services.policy
    with tenant_transaction(services.engine, tenant_id) as connection:
        mode = _require_staff(connection, tenant_id, staff_id)
        recognitions = _recognise_all(connection, services, tenant_id, faces, policy, staff_only=mode == "staff_only")
        names = staff.select_names(
            connection, {person.person_id for found in recognitions for person in found.people[:_CANDIDATES_SHOWN]}
        )
    tested = tuple(
        TestedFace(
            box=box_of(face.face.box),
            landmarks=landmarks_of(face.face.landmarks),
            quality=quality_report(face.quality),
            decision=describe(found.decision, policy),
            candidates=tuple(
                MatchCandidate(
                    person_kind=person.person_kind,
                    person_id=person.person_id,
                    display_name=names.get(person.person_id),
                    score=person.score,
                )
                for person in found.people[:_CANDIDATES_SHOWN]
            ),
        )
        for face, found in zip(faces, recognitions, strict=True)
    )
    return RecognitionTestResult(
        staff_id=staff_id,
        matches=any(face.decision.kind == "staff" and face.decision.person_id == staff_id for face in tested),
        faces=tested,
    )


def _require_staff(connection: Connection, tenant_id: TenantId, staff_id: StaffId) -> PrivacyMode:
    mode = places.select_privacy_mode(connection, tenant_id)
    if mode is None or staff.select_staff(connection, staff_id) is None:
        raise missing_staff(staff_id)
    if mode == "count_only":
        raise PrivacyModeError(
            "The tenant only counts: no face is compared and no template is kept.",
            hint="Change the tenant's privacy mode to staff_only or identify to recognise staff.",
        )
    return mode


def _enrolled_already() -> ConflictError:
    return ConflictError("This photograph of the staff member is enrolled already.", hint="Choose another photograph.")


def _insert(
    services: Services, tenant_id: TenantId, new: NewFace, vector: Float32Array, actor: str
) -> tuple[FaceRow, list[TemplateId]]:
    """The row, and the templates of customers that it displaced. The vector is written before the commit, as in
    `footfall.sightings`: without its row it can match nobody."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        lock_gallery(connection, tenant_id)
        _require_staff(connection, tenant_id, new.staff_id)
        row = staff.insert_face(connection, tenant_id, new)
        if row is None:
            raise _enrolled_already()
        policy = services.policy
        near = recognise(connection, services, tenant_id, vector[np.newaxis], policy, staff_only=False)[0]
        lookalikes = {
            person.person_id
            for person in near.people
            if person.person_kind == "customer" and person.score >= policy.threshold_high
        }
        retired = customers.delete_templates_of(connection, lookalikes)
        audit.record(
            connection,
            actor=actor,
            action="staff.face_enrolled",
            subject_kind="staff",
            subject_id=new.staff_id,
            detail={
                "face_id": str(new.face_id),
                "background_faces": new.background_faces,
                "customers_retired": [str(customer) for customer in sorted(lookalikes)],
            },
        )
        services.vectors.upsert(
            services.model_version,
            [StoredTemplate(TemplateId(new.face_id), tenant_id, "staff", new.staff_id, vector)],
        )
    return row, retired


def _withdraw(services: Services, tenant_id: TenantId, new: NewFace) -> None:
    """Removes what a failed enrolment left outside Postgres, unless the commit went through after all."""
    try:
        with tenant_transaction(services.engine, tenant_id) as connection:
            if any(face.face_id == new.face_id for face in staff.select_faces(connection, new.staff_id)):
                return
        services.objects.delete(tenant_id, "derived", [new.image_key, new.crop_key])
        services.vectors.delete(tenant_id, [TemplateId(new.face_id)])
    except ServiceUnavailableError as error:
        logger.warning("what the failed enrolment of face %s left could not be withdrawn: %s", new.face_id, error)


def _forget(services: Services, tenant_id: TenantId, retired: list[TemplateId]) -> None:
    try:
        services.vectors.delete(tenant_id, retired)
    except ServiceUnavailableError as error:
        logger.warning("%d retired templates stay in the vector store: %s", len(retired), error)


def _recognise_all(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    faces: list[AnalysedFace],
    policy: MatchPolicy,
    *,
    staff_only: bool,
) -> list[Recognition]:
    vectors = [face.vector for face in faces if face.vector is not None]
    found = iter(
        recognise(connection, services, tenant_id, np.stack(vectors), policy, staff_only=staff_only) if vectors else ()
    )
    poor = Recognition(MatchDecision("poor_quality", "the face lies under the quality floor", None, None), ())
    return [poor if face.vector is None else next(found) for face in faces]


def _staff_face(services: Services, tenant_id: TenantId, row: FaceRow) -> StaffFace:
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
    )
