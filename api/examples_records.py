"""Example answers of places, people and the audit log, as contract values, so that none can be wrong. Those of making a
record are in `api.examples`, whose places and people these are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from uuid import UUID

from contracts.audit import AuditEntry, AuditPage
from contracts.base import Contract, FaceBox, FaceQualityReport
from contracts.corrections import Correction, CorrectionPage, OptOut, OptOutPage, PersonRef
from contracts.customers import CustomerPage, CustomerPatch, Sighting, SightingPage
from contracts.erasure import (
    CameraSubject,
    Certificate,
    CertificateSubject,
    ErasureOrder,
    ErasureRequest,
    ErasureRequestCreate,
    ErasureRequestPage,
    ErasureStep,
    SignedCertificate,
    StoreProof,
    TenantErasure,
)
from contracts.legal_holds import LegalHold, LegalHoldCreate, LegalHoldPage
from contracts.people import (
    Decision,
    MatchCandidate,
    RecognitionTestResult,
    RecognitionTrial,
    Staff,
    StaffFace,
    StaffFaceList,
    StaffPage,
    TestedFace,
)
from contracts.places import Camera, CameraPage, CameraSettings, Site, SitePage
from contracts.records import CustomerProfileV1
from footfall.picture_paths import crop_path, photograph_path, sighting_path

_TENANT = UUID("0b1e5c3e-6f5d-4a59-9a52-6a0c8f1d2e01")
_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_STAFF = UUID("9a4b0c1d-2e3f-4a5b-8c6d-7e8f9a0b1c04")
_EVENT = UUID("e7d6c5b4-a392-4817-b605-f4e3d2c1b005")
_VISIT = UUID("1f2e3d4c-5b6a-4978-8695-a4b3c2d1e006")
_CUSTOMER = UUID("2b3c4d5e-6f70-4182-93a4-b5c6d7e8f007")
_CORRECTION = UUID("4d5e6f70-8192-43a4-b5c6-d7e8f9010209")
_REQUEST = UUID("5e6f7081-92a3-44b5-86d7-e8f901021310")
_FACE = UUID("6f708192-a3b4-45c6-97e8-f90102132411")
_OPT_OUT = UUID("708192a3-b4c5-46d7-a8f9-010213243512")
_ACTOR = f"user:{UUID('8192a3b4-c5d6-47e8-b901-021324354613')}"
_MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
_SEEN = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)

_SITE_NOW = Site(
    site_id=_SITE,
    name="Main Street 1, ground floor",
    timezone="Europe/Vienna",
    visit_gap_minutes=30,
    created_at=_MORNING,
    version=2,
)
_CAMERA_NOW = Camera(
    camera_id=_CAMERA,
    site_id=_SITE,
    name="Entrance",
    enabled=False,
    source_url="rtsp://10.20.0.11/stream1",
    masks=(((0.0, 0.0), (0.3, 0.0), (0.3, 0.4)),),
    settings=CameraSettings(sure_after_seconds=0.8),
    privacy_mode="identify",
    model_version="arcface-mbf-512-v1",
    created_at=_MORNING,
    version=3,
)
_STAFF_NOW = Staff(
    staff_id=_STAFF, display_name="Ada Lovelace", external_ref="P-1852", faces=2, created_at=_MORNING, version=2
)
_QUALITY = FaceQualityReport(score=0.82, size_px=118, sharpness=240.5, yaw_deg=-4.0, roll_deg=1.1, detection_score=0.94)
_BOX = FaceBox(x=512, y=180, width=118, height=141)
_LANDMARKS = ((544.0, 236.0), (597.0, 235.0), (571.0, 266.0), (549.0, 294.0), (593.0, 293.0))
_FACE_NOW = StaffFace(
    face_id=_FACE,
    staff_id=_STAFF,
    box=_BOX,
    landmarks=_LANDMARKS,
    quality=_QUALITY,
    model_version="arcface-mbf-512-v1",
    image_url=photograph_path(_STAFF, _FACE),
    crop_url=crop_path(_STAFF, _FACE),
    created_at=_MORNING,
)
_TESTED = TestedFace(
    box=_BOX,
    landmarks=_LANDMARKS,
    quality=_QUALITY,
    decision=Decision(
        kind="staff",
        reason="over the threshold and ahead of everybody else",
        person_kind="staff",
        person_id=_STAFF,
        score=0.71,
        margin=0.44,
        threshold_low=0.32,
        threshold_high=0.45,
        threshold_source="calibration of 2026-11-22",
    ),
    candidates=(
        MatchCandidate(person_kind="staff", person_id=_STAFF, display_name="Ada Lovelace", score=0.71),
        MatchCandidate(person_kind="customer", person_id=_CUSTOMER, score=0.27),
    ),
)
_CUSTOMER_NOW = CustomerProfileV1(
    customer_id=_CUSTOMER,
    tenant_id=_TENANT,
    first_seen_at=_MORNING,
    last_seen_at=_SEEN,
    visits=2,
    site_ids=(_SITE,),
    templates=3,
    external_ref="L-2214",
    version=2,
)
_ERASURE = ErasureRequest(
    request_id=_REQUEST,
    customer_id=_CUSTOMER,
    status="open",
    reference="Letter of 2026-11-20",
    requested_at=_SEEN,
    requested_by=_ACTOR,
    due_at=_SEEN + timedelta(days=30),
)
_PERIOD = _ERASURE.model_copy(
    update={
        "subject_kind": "camera",
        "customer_id": None,
        "camera_id": _CAMERA,
        "since": _MORNING,
        "until": _SEEN,
        "status": "waiting",
        "error": "Not yet forgotten by the workers entrance-pi.",
        "steps": (
            ErasureStep(step="rows", state="done", attempts=1, counts={"face_events": 12}, finished_at=_SEEN),
            ErasureStep(step="workers", state="waiting", attempts=1, counts={"registered": 1}),
        ),
    }
)
_CERTIFICATE = SignedCertificate(
    certificate=Certificate(
        certificate_id=_REQUEST,
        request_sha256="0" * 64,
        tenant_sha256="1" * 64,
        subject=CertificateSubject(kind="customer", sha256="2" * 64),
        salt="3" * 32,
        requested_at=_MORNING,
        started_at=_MORNING,
        verified_at=_SEEN,
        issued_at=_SEEN,
        stores=(
            StoreProof(
                store="vectors",
                erased={"vectors": 3},
                looked_for=3,
                looked_at=2,
                consistency="strong, every collection",
            ),
        ),
        kept=("audit log: ids alone, under its own term",),
        code_version="0.1.0",
        key_thumbprint="NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    ),
    jws="eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl",
    key={"kty": "RSA", "n": "0vx7", "e": "AQAB"},
)
_OPT_OUT_NOW = OptOut(opt_out_id=_OPT_OUT, consent="Form 17 of 2026-11-22", templates=1, active=True, created_at=_SEEN)


def _correction(kind: str, *, sightings: int, templates: int) -> Correction:
    return Correction.model_validate(
        {
            "correction_id": _CORRECTION,
            "kind": kind,
            "at": _SEEN,
            "actor": _ACTOR,
            "people": (PersonRef(person_kind="customer", person_id=_CUSTOMER),),
            "sightings": sightings,
            "templates": templates,
        }
    )


_HOLD = LegalHold(
    hold_id=_VISIT,
    subject_kind="customer",
    subject_id=_CUSTOMER,
    reference="File 12 of 2026-11-20",
    placed_at=_MORNING,
    placed_by=_ACTOR,
)

RECORD_REQUESTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        "placeLegalHold": LegalHoldCreate(
            subject_kind="customer", subject_id=_CUSTOMER, reference=_HOLD.reference
        ).model_dump(mode="json"),
        "changeCustomer": CustomerPatch(external_ref="L-2214").model_dump(mode="json"),
        "requestErasure": ErasureRequestCreate(reference=_ERASURE.reference).model_dump(mode="json"),
        "orderErasure": ErasureOrder(
            reference=_ERASURE.reference,
            subject=CameraSubject(kind="camera", camera_id=_CAMERA, since=_MORNING, until=_SEEN),
        ).model_dump(mode="json"),
    }
)
"""By operation id: the JSON body of the request."""

RECORD_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "placeLegalHold": _HOLD,
        "listLegalHolds": LegalHoldPage(items=(_HOLD,)),
        "liftLegalHold": _HOLD.model_copy(update={"lifted_at": _SEEN, "lifted_by": _ACTOR}),
        "listSites": SitePage(items=(_SITE_NOW,)),
        "getSite": _SITE_NOW,
        "changeSite": _SITE_NOW,
        "listCameras": CameraPage(items=(_CAMERA_NOW,)),
        "getCamera": _CAMERA_NOW,
        "changeCamera": _CAMERA_NOW,
        "listStaff": StaffPage(items=(_STAFF_NOW,)),
        "getStaff": _STAFF_NOW,
        "changeStaff": _STAFF_NOW,
        "listFaces": StaffFaceList(items=(_FACE_NOW,)),
        "enrolFace": _FACE_NOW,
        "testRecognition": RecognitionTestResult(staff_id=_STAFF, matches=True, faces=(_TESTED,)),
        "tryRecognition": RecognitionTrial(faces=(_TESTED,)),
        "listCustomers": CustomerPage(items=(_CUSTOMER_NOW,)),
        "changeCustomer": _CUSTOMER_NOW,
        "listSightings": SightingPage(
            items=(
                Sighting(
                    event_id=_EVENT,
                    site_id=_SITE,
                    camera_id=_CAMERA,
                    started_at=_SEEN - timedelta(seconds=2),
                    ended_at=_SEEN,
                    visit_id=_VISIT,
                    decision="customer",
                    score=0.64,
                    in_gallery=True,
                    crop_url=sighting_path(_EVENT),
                ),
            )
        ),
        "requestErasure": _ERASURE,
        "orderErasure": _PERIOD,
        "getErasureRequest": _PERIOD,
        "getPurgeCertificate": _CERTIFICATE,
        "getTenantErasure": TenantErasure(request=_ERASURE, certificate=_CERTIFICATE),
        "listErasureRequests": ErasureRequestPage(items=(_ERASURE,)),
        "splitCustomer": _correction("split", sightings=3, templates=1),
        "promoteCustomer": _correction("promote", sightings=4, templates=0),
        "detachSighting": _correction("detach", sightings=1, templates=1),
        "moveSighting": _correction("move_sighting", sightings=1, templates=0),
        "moveFace": _correction("move_face", sightings=0, templates=1),
        "undoCorrection": _correction("undo", sightings=4, templates=2),
        "listCorrections": CorrectionPage(items=(_correction("merge", sightings=4, templates=2),)),
        "optOutCustomer": _OPT_OUT_NOW,
        "registerOptOut": _OPT_OUT_NOW,
        "listOptOuts": OptOutPage(items=(_OPT_OUT_NOW,)),
        "listAudit": AuditPage(
            items=(
                AuditEntry(
                    audit_id=1815,
                    at=_SEEN,
                    actor=_ACTOR,
                    action="site.changed",
                    subject_kind="site",
                    subject_id=str(_SITE),
                    detail={"name": ["Main Street 1", _SITE_NOW.name]},
                    client_address="10.20.0.7",
                    request_id="5b0c6a6a8f0e4b7d9d1e2f3a4b5c6d7e",
                    seq=412,
                    link="9f" * 32,
                ),
            )
        ),
    }
)
"""By operation id: the answer of a success."""
