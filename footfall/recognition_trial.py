"""Trying recognition out on a photograph. Nothing of it is stored, and no visit comes of it."""

from __future__ import annotations

import numpy as np
from sqlalchemy import Connection

from contracts.base import StaffId, TenantId
from contracts.people import MatchCandidate, RecognitionTestResult, RecognitionTrial, TestedFace
from footfall.calibration_policy import policy_of
from footfall.face_reports import box_of, landmarks_of, quality_report
from footfall.matching import MatchDecision, MatchPolicy
from footfall.recognition import Recognition, describe, recognise
from footfall.roster import recognisable_staff, recognising_mode
from footfall.services import Services
from footfall.stores.postgres import staff
from footfall.tenancy import tenant_transaction
from footfall.vision.types import AnalysedFace

_CANDIDATES_SHOWN = 5


def recognition_test(services: Services, tenant_id: TenantId, staff_id: StaffId, image: bytes) -> RecognitionTestResult:
    """What would be made of each face in the photograph, and whether one is this staff member. Nothing of it is stored.

    Raises NotFoundError, and as `try_recognition` does.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        recognisable_staff(connection, tenant_id, staff_id)
    faces = try_recognition(services, tenant_id, image).faces
    return RecognitionTestResult(
        staff_id=staff_id,
        matches=any(face.decision.kind == "staff" and face.decision.person_id == staff_id for face in faces),
        faces=faces,
    )


def try_recognition(services: Services, tenant_id: TenantId, image: bytes) -> RecognitionTrial:
    """What would be made of each face in any photograph, best detection first. Nothing of it is stored.

    Raises PrivacyModeError in count_only, NotAnImageError, ImageTooLargeError, ServiceUnavailableError.
    """
    with tenant_transaction(services.engine, tenant_id) as connection:
        recognising_mode(connection, tenant_id)
    picture = services.vision.decode(image)
    faces = services.vision.analyse(picture)
    liveness = services.vision.liveness
    with tenant_transaction(services.engine, tenant_id) as connection:
        staff_only = recognising_mode(connection, tenant_id) == "staff_only"
        policy = policy_of(connection, services, tenant_id, staff_only=staff_only)
        recognitions = _recognise_all(connection, services, tenant_id, faces, policy, staff_only=staff_only)
        names = staff.select_names(
            connection, {person.person_id for found in recognitions for person in found.people[:_CANDIDATES_SHOWN]}
        )
    return RecognitionTrial(
        faces=tuple(
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
                liveness=None if liveness is None else liveness.judge(picture, face.face.box).report(),
            )
            for face, found in zip(faces, recognitions, strict=True)
        )
    )


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
