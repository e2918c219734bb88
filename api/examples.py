"""Example bodies for the OpenAPI document, as contract values, so that none can be wrong."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from uuid import UUID

from contracts.access import TokenResponse
from contracts.base import Contract, FaceBox, FaceQualityReport
from contracts.events import DetectedFaceV1, FaceDetectedV1, FrameSize, Pipeline, Track
from contracts.people import Decision, EventReceipt, Staff, StaffCreate
from contracts.places import Camera, CameraCreate, Site, SiteCreate
from contracts.records import VisitRecordV1
from contracts.reports import TrafficReport, TrafficRow, VisitPage

_TENANT = UUID("0b1e5c3e-6f5d-4a59-9a52-6a0c8f1d2e01")
_SITE = UUID("5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02")
_CAMERA = UUID("c3a1d6a4-3c52-4a1e-9d0a-7d6b5b0f3c03")
_STAFF = UUID("9a4b0c1d-2e3f-4a5b-8c6d-7e8f9a0b1c04")
_EVENT = UUID("e7d6c5b4-a392-4817-b605-f4e3d2c1b005")
_VISIT = UUID("1f2e3d4c-5b6a-4978-8695-a4b3c2d1e006")
_TOKEN = "eyJhbGciOiJSUzI1NiIs..."  # noqa: S105 - the beginning of every RS256 token
_MORNING = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
_SEEN = datetime(2026, 11, 22, 8, 31, 2, tzinfo=UTC)

_SITE_CREATE = SiteCreate(name="Main Street 1", timezone="Europe/Vienna", visit_gap_minutes=30)
_CAMERA_CREATE = CameraCreate(site_id=_SITE, name="Entrance")
_STAFF_CREATE = StaffCreate(display_name="Ada Lovelace", external_ref="P-1815")
_DECISION = Decision(
    kind="staff",
    reason="over the threshold and ahead of everybody else",
    person_kind="staff",
    person_id=_STAFF,
    score=0.71,
    margin=0.44,
    threshold_low=0.32,
    threshold_high=0.45,
    threshold_source="LFW development pairs; FAR 0.001 / 1e-05",
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
        "createSite": _SITE_CREATE.model_dump(mode="json"),
        "createCamera": _CAMERA_CREATE.model_dump(mode="json"),
        "createStaff": _STAFF_CREATE.model_dump(mode="json"),
    }
)
"""By operation id: the JSON body of the request. The token request has two, which stand with its route."""

RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "issueToken": TokenResponse(
            access_token=_TOKEN, expires_in=900, tenant_id=_TENANT, tenant_name="Acme", role="worker"
        ),
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
