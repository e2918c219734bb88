"""Example bodies for the OpenAPI document, as contract values, so that none can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from api.examples_access import ACCESS_REQUESTS, ACCESS_RESPONSES
from api.examples_analytics import ANALYTICS_RESPONSES
from api.examples_marts import MART_RESPONSES
from contracts.base import Contract, FaceBox, FaceQualityReport
from contracts.calibration import CalibratedThreshold, CalibrationReport, ScoreDistribution, VersionCoverage
from contracts.corrections import (
    Correction,
    MergeRequest,
    MoveFaceRequest,
    MoveRequest,
    OptOutRequest,
    PersonRef,
    PromoteRequest,
    SplitRequest,
)
from contracts.enrolment import EnrolmentReport, PhotographResult, Reminder, ReminderList
from contracts.events import DetectedFaceV1, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.people import Decision, EventReceipt, MatchCandidate, Staff, StaffCreate, StaffPatch
from contracts.places import Camera, CameraCreate, CameraPatch, Site, SiteCreate, SitePatch
from contracts.records import CustomerProfileV1, VisitRecordV1
from contracts.reports import TrafficReport, TrafficRow, VisitPage

_TENANT = UUID("0b1e5c3e-6f5d-4a59-9a52-6a0c8f1d2e01")
_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_STAFF = UUID("9a4b0c1d-2e3f-4a5b-8c6d-7e8f9a0b1c04")
_EVENT = UUID("e7d6c5b4-a392-4817-b605-f4e3d2c1b005")
_VISIT = UUID("1f2e3d4c-5b6a-4978-8695-a4b3c2d1e006")
_CUSTOMER = UUID("2b3c4d5e-6f70-4182-93a4-b5c6d7e8f007")
_OTHER_CUSTOMER = UUID("3c4d5e6f-7081-4293-a4b5-c6d7e8f90108")
_CORRECTION = UUID("4d5e6f70-8192-43a4-b5c6-d7e8f9010209")
_MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
_SEEN = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)

_SITE_CREATE = SiteCreate(name="Main Street 1", timezone="Europe/Vienna", visit_gap_minutes=30)
_CAMERA_CREATE = CameraCreate(site_id=_SITE, name="Entrance")
_STAFF_CREATE = StaffCreate(display_name="Ada Lovelace", external_ref="P-1815")
_SERVED = VersionCoverage(
    model_version="arcface-mbf-512-v1",
    role="served",
    paused=False,
    staff_faces=24,
    staff_faces_known=24,
    customers=188,
    customers_known=188,
    sightings=640,
    sightings_known=640,
    opt_outs=2,
    opt_outs_known=2,
    set_aside=0,
    untried=0,
)
_CANDIDATE = _SERVED.model_copy(
    update={
        "model_version": "arcface-mbf-512-mirrored-v1",
        "role": "candidate",
        "staff_faces_known": 23,
        "customers_known": 151,
        "sightings_known": 402,
        "opt_outs_known": 0,
        "set_aside": 1,
        "untried": 212,
    }
)
_PERSON = PersonRef(person_kind="customer", person_id=_CUSTOMER)
_DECISION = Decision(
    kind="staff",
    reason="over the threshold and ahead of everybody else",
    person_kind="staff",
    person_id=_STAFF,
    score=0.71,
    margin=0.44,
    threshold_low=0.32,
    threshold_high=0.45,
    threshold_source="calibration of 2026-11-22: 212 own people at 68%, else a background of 1,473 people in news "
    "photographs; FPIR 0.1 / 0.003 in a gallery worth 240",
)

FACE_EVENT = FaceDetectedV1(
    event_id=_EVENT,
    revision=0,
    camera_id=_CAMERA,
    worker="entrance-1",
    captured_at=_SEEN,
    track=Track(started_at=_SEEN.replace(second=1), ended_at=_SEEN.replace(second=3), frames=24),
    face=DetectedFaceV1(
        box=FaceBox(x=512, y=180, width=118, height=141),
        landmarks=((544, 236), (597, 235), (571, 266), (549, 294), (593, 293)),
        quality=FaceQualityReport(
            score=0.82, size_px=118, sharpness=240.5, yaw_deg=-4.0, roll_deg=1.1, detection_score=0.94
        ),
        frame=FrameSize(width=1280, height=720),
    ),
    pipeline=Pipeline(detector="yunet", embedder="arcface-mbf-512-v1", backend="openvino-f32"),
)

REQUESTS: Mapping[str, Mapping[str, object]] = MappingProxyType(
    {
        **ACCESS_REQUESTS,
        "createSite": _SITE_CREATE.model_dump(mode="json"),
        "createCamera": _CAMERA_CREATE.model_dump(mode="json"),
        "createStaff": _STAFF_CREATE.model_dump(mode="json"),
        "changeSite": SitePatch(name="Main Street 1, ground floor").model_dump(mode="json", exclude_unset=True),
        "changeCamera": CameraPatch(enabled=False).model_dump(mode="json", exclude_unset=True),
        "changeStaff": StaffPatch(external_ref="P-1852").model_dump(mode="json", exclude_unset=True),
        "mergeCustomer": MergeRequest(into=_CUSTOMER).model_dump(mode="json"),
        "splitCustomer": SplitRequest(event_ids=(_EVENT,)).model_dump(mode="json"),
        "promoteCustomer": PromoteRequest(staff_id=_STAFF).model_dump(mode="json", exclude_none=True),
        "moveSighting": MoveRequest(to=_PERSON).model_dump(mode="json"),
        "moveFace": MoveFaceRequest(to_staff_id=_STAFF).model_dump(mode="json"),
        "optOutCustomer": OptOutRequest(consent="Form 17 of 2026-11-22").model_dump(mode="json"),
    }
)
"""By operation id: the JSON body of the request. The token request has two, which stand with its route."""

RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "getCustomer": CustomerProfileV1(
            customer_id=_CUSTOMER,
            tenant_id=_TENANT,
            first_seen_at=_MORNING,
            last_seen_at=_SEEN,
            visits=2,
            site_ids=(_SITE,),
            templates=3,
        ),
        "mergeCustomer": Correction(
            correction_id=_CORRECTION,
            kind="merge",
            at=_SEEN,
            actor=f"user:{_STAFF}",
            people=(_PERSON, PersonRef(person_kind="customer", person_id=_OTHER_CUSTOMER)),
            sightings=4,
            templates=2,
        ),
        **ACCESS_RESPONSES,
        **ANALYTICS_RESPONSES,
        **MART_RESPONSES,
        "createSite": Site(**_SITE_CREATE.model_dump(), site_id=_SITE, created_at=_MORNING),
        "createCamera": Camera(
            **_CAMERA_CREATE.model_dump(),
            camera_id=_CAMERA,
            enabled=True,
            privacy_mode="identify",
            model_version="arcface-mbf-512-v1",
            created_at=_MORNING,
        ),
        "createStaff": Staff(**_STAFF_CREATE.model_dump(), staff_id=_STAFF, faces=0, created_at=_MORNING),
        "enrolPhotographs": EnrolmentReport(
            staff_id=_STAFF,
            enrolled=0,
            items=(
                PhotographResult(
                    filename="ada.jpg",
                    verdict="blurred",
                    reason="The face is blurred: its sharpness is 11.3; enrolment needs 20.",
                    hint="Hold the camera still, focus on the face and give it light; do not enlarge a small picture.",
                    quality=FaceQualityReport(
                        score=0.41, size_px=131, sharpness=11.3, yaw_deg=-3.0, roll_deg=0.4, detection_score=0.93
                    ),
                ),
                PhotographResult(
                    filename="ada-2.jpg",
                    verdict="already_enrolled_as",
                    reason="This face is already enrolled as Augusta Byron: score 0.712, a match from 0.512.",
                    hint="If it is one person under two names, keep one of them.",
                    other=MatchCandidate(
                        person_kind="staff", person_id=_VISIT, display_name="Augusta Byron", score=0.712
                    ),
                ),
            ),
        ),
        "listReminders": ReminderList(
            items=(
                Reminder(
                    kind="expiring",
                    staff_id=_STAFF,
                    display_name=_STAFF_CREATE.display_name,
                    message="Ada Lovelace's last photograph expires in 12 days: enrol a new one.",
                    due_at=_MORNING.replace(month=12, day=4),
                ),
            ),
            checked_at=_MORNING,
        ),
        "recordFaceEvent": EventReceipt(
            event_id=_EVENT, revision=0, duplicate=False, decision=_DECISION, visit_id=_VISIT, committed_at=_SEEN
        ),
        "listVisits": VisitPage(
            items=(
                VisitRecordV1(
                    visit_id=_VISIT,
                    tenant_id=_TENANT,
                    site_id=_SITE,
                    site_name=_SITE_CREATE.name,
                    person_kind="staff",
                    person_id=_STAFF,
                    display_name=_STAFF_CREATE.display_name,
                    started_at=_SEEN.replace(second=1),
                    ended_at=_SEEN.replace(second=3),
                    dwell_seconds=2,
                    sightings=1,
                    camera_ids=(_CAMERA,),
                    is_first_visit=True,
                    is_open=True,
                    best_score=0.71,
                ),
            ),
        ),
        "reportCalibration": CalibrationReport(
            model_version="arcface-mbf-512-v1",
            calibrated_at=_MORNING,
            source=_DECISION.threshold_source,
            target_fpir=0.003,
            unsure_fpir=0.1,
            gallery_people=212,
            gallery_size=240.5,
            own_people=212,
            own_pairs=22_366,
            own_genuine_pairs=96,
            own_weight=0.68,
            background_people=1473,
            threshold_low=CalibratedThreshold(value=0.32, low=0.31, high=0.33),
            threshold_high=CalibratedThreshold(value=0.45, low=0.43, high=0.47),
            expected_miss_rate=0.05,
            notes=("Fewer than 100 genuine scores of its own: the share that is missed is the background's.",),
            bin_width=0.5,
            impostors=ScoreDistribution(background=(0.0, 0.47, 0.53, 0.0), own=(0.0, 0.45, 0.55, 0.0)),
            genuine=ScoreDistribution(background=(0.0, 0.0, 0.12, 0.88), own=(0.0, 0.0, 0.1, 0.9)),
            versions=(_SERVED, _CANDIDATE),
        ),
        "reportTraffic": TrafficReport(
            bucket="hour",
            source="marts",
            as_of=_MORNING.replace(hour=9),
            rows=(
                TrafficRow(
                    site_id=_SITE,
                    site_name=_SITE_CREATE.name,
                    bucket_start=_MORNING,
                    staff_visits=1,
                    visitor_visits=12,
                    new_visitors=9,
                    returning_visitors=3,
                    unidentified_sightings=2,
                    mean_dwell_seconds=412.5,
                ),
            ),
        ),
    }
)
"""By operation id: the body of the successful answer."""
