"""Enrolling photographs of staff. What makes one fit is decided in `footfall.photographs`, whom it shows in
`footfall.enrolment_identity`; what is enrolled is the business of `footfall.enrolled_faces`; events are not here."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from types import MappingProxyType
from uuid import uuid4

from pydantic import JsonValue
from sqlalchemy import Connection

from contracts.base import FaceId, StaffId, TemplateId, TenantId
from contracts.enrolment import EnrolmentReport, Objection, PhotographResult
from contracts.people import StaffFace
from contracts.verdicts import PhotographVerdict
from footfall import audit
from footfall.enrolled_faces import staff_face
from footfall.enrolment_identity import Identity, identities_of
from footfall.enrolment_results import Candidate, Photograph, duplicate, enrolled, refusal, unfit, unreadable
from footfall.errors import (
    AlreadyEnrolledError,
    ConflictError,
    DisagreeingPhotographError,
    FootfallError,
    ImageTooLargeError,
    NoFaceError,
    NotAnImageError,
    PoorQualityError,
    ServiceUnavailableError,
    SeveralFacesError,
    SpoofedFaceError,
)
from footfall.face_reports import box_of, landmarks_of, quality_report
from footfall.photographs import Unfit, examine, template_of
from footfall.pictures import kind_of, png_of, put_picture
from footfall.roster import recognisable_staff
from footfall.services import Services
from footfall.serving import hold_gallery, open_companion, refresh
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import customers, staff
from footfall.stores.postgres.reembeddings import Twin, insert_twins
from footfall.stores.postgres.staff import NewFace
from footfall.stores.rules import object_key
from footfall.templates import encode_vector
from footfall.tenancy import tenant_transaction

logger = logging.getLogger(__name__)

# A photograph that comes alone is refused with the error of its verdict.
_ERRORS: Mapping[PhotographVerdict, type[FootfallError]] = MappingProxyType(
    {
        "duplicate_photograph": ConflictError,
        "not_an_image": NotAnImageError,
        "too_large": ImageTooLargeError,
        "no_face": NoFaceError,
        "several_faces": SeveralFacesError,
        "too_small": PoorQualityError,
        "blurred": PoorQualityError,
        "turned": PoorQualityError,
        "unclear": PoorQualityError,
        "spoof": SpoofedFaceError,
        "already_enrolled_as": AlreadyEnrolledError,
        "disagrees_with_others": DisagreeingPhotographError,
    }
)


def enrol_photographs(
    services: Services,
    tenant_id: TenantId,
    staff_id: StaffId,
    photographs: Sequence[Photograph],
    *,
    actor: str,
    overruled: Collection[Objection] = (),
) -> EnrolmentReport:
    """Adds the photographs that are fit and show this staff member, with a verdict for each of them.

    Those that are enrolled are written in one transaction, and from its commit on they are recognised; after an error
    nothing of any of them is stored. `overruled`: objections that the caller, who knows the people, sets aside for all
    of these photographs; where that mattered, the audit log says so.

    Customers who clearly are this person lose their templates, though not their visits: while both were in the gallery
    neither could win by the margin, and the staff member would stay unsure for ever.

    Raises NotFoundError, PrivacyModeError in count_only, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        recognisable_staff(connection, tenant_id, staff_id)
        digests = staff.select_digests(connection, staff_id)
        made_with = refresh(services, connection).served
    results: dict[int, PhotographResult] = {}
    candidates: list[Candidate] = []
    for position, photograph in enumerate(photographs):
        found = _look_at(services, position, photograph, digests)
        if isinstance(found, Candidate):
            digests.add(found.digest)
            candidates.append(found)
        else:
            results[position] = found
    if candidates:
        results.update(
            _enrol(
                services,
                tenant_id,
                staff_id,
                candidates,
                made_with=made_with,
                actor=actor,
                overruled=frozenset(overruled),
            )
        )
    return EnrolmentReport(
        staff_id=staff_id,
        enrolled=sum(result.verdict == "enrolled" for result in results.values()),
        items=tuple(results[position] for position in sorted(results)),
    )


def enrol_face(
    services: Services,
    tenant_id: TenantId,
    staff_id: StaffId,
    image: bytes,
    *,
    actor: str,
    overruled: Collection[Objection] = (),
) -> StaffFace:
    """`enrol_photographs` with one photograph, whose refusal is an error.

    Raises NotFoundError, PrivacyModeError in count_only, NotAnImageError, ImageTooLargeError, FaceRejectedError and its
    kinds, ConflictError for a photograph that is enrolled already and AlreadyEnrolledError for a face that is enrolled
    as somebody else, ServiceUnavailableError.
    """
    photograph = Photograph("photograph", image)
    report = enrol_photographs(services, tenant_id, staff_id, [photograph], actor=actor, overruled=overruled)
    [result] = report.items
    if result.face is None:
        raise _ERRORS[result.verdict](result.reason, hint=result.hint)
    return result.face


def _look_at(
    services: Services, position: int, photograph: Photograph, digests: Collection[bytes]
) -> PhotographResult | Candidate:
    """The photograph by itself. A file that is there already is not decoded again."""
    digest = hashlib.sha256(photograph.data).digest()
    if digest in digests:
        return duplicate(photograph)
    try:
        picture = services.vision.decode(photograph.data)
    except (NotAnImageError, ImageTooLargeError) as error:
        return unreadable(photograph, error)
    found = examine(services.vision, picture, services.settings.vision, services.settings.liveness)
    if isinstance(found, Unfit):
        return unfit(photograph, found)
    crop, companion = found.face.crop, open_companion(services)
    twin = None if companion is None else template_of(companion, crop)
    return Candidate(position, photograph, digest, found, template_of(services.vision, crop), twin)


def _enrol(
    services: Services,
    tenant_id: TenantId,
    staff_id: StaffId,
    candidates: Sequence[Candidate],
    *,
    made_with: str,
    actor: str,
    overruled: frozenset[Objection],
) -> dict[int, PhotographResult]:
    """Results by position. The vectors are written before the commit, as in `footfall.sightings`: without their rows
    they can match nobody."""
    results: dict[int, PhotographResult] = {}
    written: list[NewFace] = []
    templates: list[StoredTemplate] = []
    retired: list[TemplateId] = []
    with ExitStack() as undo:
        undo.callback(_withdraw, services, tenant_id, staff_id, written)
        with tenant_transaction(services.engine, tenant_id) as connection:
            hold_gallery(connection, services, tenant_id, embedded_with=made_with)
            recognisable_staff(connection, tenant_id, staff_id)
            vectors = [candidate.vector for candidate in candidates]
            identities = identities_of(connection, services, tenant_id, staff_id, vectors)
            for candidate, identity in zip(candidates, identities, strict=True):
                refused = refusal(candidate, identity, overruled)
                if refused is not None:
                    results[candidate.position] = refused
                    continue
                new = _new_face(services, tenant_id, staff_id, candidate)
                row = staff.insert_face(connection, tenant_id, new)
                if row is None:  # another request was faster
                    results[candidate.position] = duplicate(candidate.photograph)
                    continue
                written.append(new)
                _keep_twin(connection, services, tenant_id, new, candidate)
                templates.append(
                    StoredTemplate(TemplateId(new.face_id), tenant_id, "staff", staff_id, candidate.vector)
                )
                retired += customers.delete_templates_of(connection, identity.customers)
                _put(connection, services, tenant_id, candidate, new)
                _record(connection, new, identity, actor)
                results[candidate.position] = enrolled(candidate, identity, staff_face(services, row))
            if templates:
                services.vectors.upsert(services.model_version, templates)
        undo.pop_all()
    if retired:
        _forget(services, tenant_id, retired)
    return results


def _keep_twin(
    connection: Connection, services: Services, tenant_id: TenantId, new: NewFace, candidate: Candidate
) -> None:
    """The template in the version beside the one served. What could not be made here is brought over later, from the
    crop."""
    companion = services.serving.companion
    if companion is not None and candidate.twin is not None:
        twin = Twin(new.face_id, encode_vector(candidate.twin), None)
        insert_twins(connection, tenant_id, "face", companion.model_version, [twin])


def _new_face(services: Services, tenant_id: TenantId, staff_id: StaffId, candidate: Candidate) -> NewFace:
    face_id = FaceId(uuid4())
    face, seen = candidate.portrait.face, candidate.portrait.liveness
    suffix = kind_of(candidate.photograph.data).suffix
    return NewFace(
        face_id=face_id,
        staff_id=staff_id,
        image_key=object_key(tenant_id, f"staff/{staff_id}/{face_id}/photograph{suffix}"),
        image_sha256=candidate.digest,
        crop_key=object_key(tenant_id, f"staff/{staff_id}/{face_id}/crop.png"),
        box=box_of(face.face.box),
        landmarks=landmarks_of(face.face.landmarks),
        quality=quality_report(face.quality),
        model_version=services.model_version,
        embedding=encode_vector(candidate.vector),
        background_faces=candidate.portrait.background_faces,
        valid_days=services.settings.recognition.enrolment_valid_days,
        liveness=None if seen is None else seen.report(),
    )


def _put(connection: Connection, services: Services, tenant_id: TenantId, candidate: Candidate, new: NewFace) -> None:
    """Before the commit, so that no row ever names a picture that is not there."""
    image = candidate.photograph.data
    folder = f"staff/{new.staff_id}/{new.face_id}"
    for name, picture in (
        (f"{folder}/photograph{kind_of(image).suffix}", image),
        (f"{folder}/crop.png", png_of(candidate.portrait.face.crop)),
    ):
        put_picture(connection, services.objects, tenant_id, picture, bucket="derived", name=name, face_id=new.face_id)


def _record(connection: Connection, new: NewFace, identity: Identity, actor: str) -> None:
    detail: dict[str, JsonValue] = {
        "face_id": str(new.face_id),
        "background_faces": new.background_faces,
        "customers_retired": [str(customer) for customer in sorted(identity.customers)],
    }
    if identity.objections:
        detail["overruled"] = [objection.verdict for objection in identity.objections]
        detail["resembles_staff"] = None if identity.other is None else str(identity.other.person_id)
    audit.record(
        connection,
        actor=actor,
        action="staff.face_enrolled",
        subject_kind="staff",
        subject_id=new.staff_id,
        detail=detail,
    )


def _withdraw(services: Services, tenant_id: TenantId, staff_id: StaffId, written: Sequence[NewFace]) -> None:
    """Removes what a failed enrolment left outside Postgres, unless the commit went through after all."""
    try:
        with tenant_transaction(services.engine, tenant_id) as connection:
            committed = {face.face_id for face in staff.select_faces(connection, staff_id)}
        left = [face for face in written if face.face_id not in committed]
        if left:
            services.objects.delete(
                tenant_id, "derived", [key for face in left for key in (face.image_key, face.crop_key)]
            )
            services.vectors.delete(tenant_id, [TemplateId(face.face_id) for face in left])
    except ServiceUnavailableError as error:
        logger.warning("what the failed enrolment of %d faces left could not be withdrawn: %s", len(written), error)


def _forget(services: Services, tenant_id: TenantId, retired: Sequence[TemplateId]) -> None:
    try:
        services.vectors.delete(tenant_id, retired)
    except ServiceUnavailableError as error:
        logger.warning("%d retired templates stay in the vector store: %s", len(retired), error)
