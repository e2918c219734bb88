"""Examples of answers and bodies that are no single contract's: CSV made of the JSON examples, text, forms of files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, cast
from uuid import UUID

from api.examples import FACE_EVENT, RESPONSES
from api.version import VERSION
from contracts.base import Contract
from contracts.corrections import Evidence, PersonRef, ReviewItem, ReviewPage
from contracts.enrolment import FaceConsistency, StaffConsistency
from contracts.reports import ComponentHealth, Liveness, Readiness, VisitPage
from footfall.export_tables import AnyReport, report_csv
from footfall.exports import VISIT_COLUMNS, csv_lines

_SEEN = FACE_EVENT.captured_at
_VISITS = cast("VisitPage", RESPONSES["listVisits"])
_STAFF = UUID("9a4b0c1d-2e3f-4a5b-8c6d-7e8f9a0b1c04")
_CUSTOMER = UUID("2b3c4d5e-6f70-4182-93a4-b5c6d7e8f007")
_ITEM = UUID("8192a3b4-c5d6-47e8-b9f0-a1b2c3d4e50d")
_FACES = (UUID("92a3b4c5-d6e7-48f9-80a1-b2c3d4e5f60e"), UUID("a3b4c5d6-e7f8-490a-91b2-c3d4e5f6070f"))

REST_RESPONSES: Mapping[str, Contract] = MappingProxyType(
    {
        "listCustomerVisits": _VISITS,
        "getLiveness": Liveness(version=VERSION),
        "getReadiness": Readiness(
            ready=True,
            version=VERSION,
            components=(ComponentHealth(name="postgres", healthy=True, detail="answers in 1 ms"),),
        ),
        "staffConsistency": StaffConsistency(
            staff_id=_STAFF,
            model_version="arcface-mbf-512-v1",
            score=0.71,
            lowest=0.71,
            faces=tuple(
                FaceConsistency(face_id=face, agreement=0.71, outlier=False, expired=False, crop="ok")
                for face in _FACES
            ),
        ),
        "listReviewQueue": ReviewPage(
            items=(
                ReviewItem(
                    item_id=_ITEM,
                    kind="mixture",
                    people=(PersonRef(person_kind="customer", person_id=_CUSTOMER),),
                    evidence=Evidence(
                        score=0.18,
                        threshold_low=0.32,
                        threshold_high=0.45,
                        threshold_source="calibration of 2026-11-22",
                        templates=(3, 2),
                        sightings=(7, 4),
                        last_seen_at=(_SEEN, None),
                        event_ids=(FACE_EVENT.event_id,),
                    ),
                    found_at=_SEEN,
                ),
            ),
        ),
    }
)
"""By operation id: bodies of successful answers in JSON."""


def text_example(operation: str, media_type: str, reports: Mapping[str, Contract]) -> str | None:
    """What an operation answers in text: a report's CSV is made of its JSON example, among `reports`."""
    if media_type == "text/plain":
        return "# TYPE footfall_http_requests_total counter\n"
    if media_type != "text/csv":
        return None
    if operation == "exportVisits":
        row = _VISITS.items[0].model_dump(mode="json")
        cells = [";".join(cell) if isinstance(cell, list) else cell for cell in (row[name] for name in VISIT_COLUMNS)]
        return csv_lines(VISIT_COLUMNS, [cells]).decode()
    return report_csv(cast("AnyReport", reports[operation])).decode()


_KEY_SET: Mapping[str, Any] = {
    "keys": [
        {"kty": "RSA", "n": "0vx7agoebGcQSuu...", "e": "AQAB", "kid": "NzbLsXh8uDCc...", "use": "sig", "alg": "RS256"}
    ]
}
PLAIN_RESPONSES: Mapping[str, Mapping[str, Any]] = MappingProxyType({"getSigningKeys": _KEY_SET})
"""By operation id: JSON answers that are no contract's."""

FORMS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {
        "recordFaceEvents": {"events": "@events.jsonl", "images": [f"@{FACE_EVENT.event_id}.jpg"]},
        "enrolFace": {"image": "@ada.jpg"},
        "enrolPhotographs": {"images": ["@ada.jpg", "@ada-2.jpg"]},
        "testRecognition": {"image": "@door.jpg"},
        "tryRecognition": {"image": "@door.jpg"},
        "registerOptOut": {"image": "@grace.jpg", "consent": "Form 17 of 2026-11-22"},
    }
)
"""By operation id: the parts of multipart bodies; files by name, as curl takes them."""
