"""API v1: staff, their faces, recognition tests and the receipt of an event."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine, FaceBox, FaceQualityReport, Landmarks5, Name, Patch, PersonKind, Unit
from contracts.verdicts import PhotographVerdict

DecisionKind = Literal["staff", "customer", "new_customer", "unsure", "poor_quality", "stranger", "counted"]
"""What was made of a face. `stranger`: not staff, and the tenant keeps nothing of strangers (staff_only).
`counted`: the tenant only counts (count_only)."""


LivenessVerdict = Literal["live", "spoof", "unknown"]
"""`unknown`: between the limits, or too little of the surroundings was in the picture to judge."""


RecheckVerdict = Literal["agrees", "disagrees", "no_face"]
"""The server's own template of an event's picture beside the worker's. The last two are alarms; `no_face`: the picture
shows none."""


class LivenessReport(Contract):
    """What the liveness model said of a face. A note and no proof: its error rate under attack was not measured."""

    verdict: LivenessVerdict
    score: Unit | None = Field(default=None, description="1 a live face, 0 a picture of one; none when not judged.")
    model_version: str


class StaffCreate(Contract):
    display_name: Name
    external_ref: Name | None = Field(default=None, description="The company's own number for the person.")


class StaffPatch(Patch):
    """What is left out stays as it is; `external_ref` null takes the number away."""

    display_name: Name | None = None
    external_ref: Name | None = None


StaffSort = Literal["created_at", "-created_at", "name", "-name"]


class Staff(StaffCreate):
    staff_id: UUID
    faces: int = Field(ge=0, description="Enrolled photographs.")
    created_at: AwareDatetime
    version: int = Field(default=1, ge=1, description="Grows with every change; the ETag names it.")


class StaffPage(Contract):
    items: tuple[Staff, ...]
    next_cursor: str | None = None


class StaffFace(Contract):
    """An enrolled photograph. The picture itself is fetched from its path."""

    face_id: UUID
    staff_id: UUID
    box: FaceBox
    landmarks: Landmarks5
    quality: FaceQualityReport
    model_version: str
    background_faces: int = Field(
        default=0, ge=0, description="Smaller faces in the photograph that were left out; this is the largest one."
    )
    image_url: str = Field(description="Path of the photograph on this API, as it was sent.")
    crop_url: str | None = Field(default=None, description="Path of the aligned face, 112x112, on this API.")
    verdict: PhotographVerdict = Field(
        default="enrolled",
        description="What enrolment would say of the face today: limits may have been raised since. The photograph is "
        "matched either way.",
    )
    verdict_reason: str | None = Field(default=None, description="What was measured and is needed, where it would not.")
    created_at: AwareDatetime
    expires_at: AwareDatetime | None = Field(
        default=None, description="From then on the photograph is no longer matched; none when it never expires."
    )
    liveness: LivenessReport | None = Field(default=None, description="None when no liveness model was on.")


class StaffFaceList(Contract):
    items: tuple[StaffFace, ...]


class MatchCandidate(Contract):
    person_kind: PersonKind
    person_id: UUID
    display_name: str | None = None
    score: Cosine


class Decision(Contract):
    """A decision and everything it rested on."""

    kind: DecisionKind
    reason: str
    person_kind: PersonKind | None = None
    person_id: UUID | None = None
    score: Cosine | None = None
    margin: float | None = Field(default=None, description="Lead over the second person; none when there is no second.")
    threshold_low: Cosine
    threshold_high: Cosine
    threshold_source: str


class TestedFace(Contract):
    box: FaceBox
    landmarks: Landmarks5
    quality: FaceQualityReport
    decision: Decision
    candidates: tuple[MatchCandidate, ...]
    liveness: LivenessReport | None = Field(default=None, description="None when no liveness model is on.")


class RecognitionTrial(Contract):
    """What would be made of each face in any photograph; nothing of it is stored."""

    faces: tuple[TestedFace, ...] = Field(description="Best detection first; none where no face was found.")


class RecognitionTestResult(Contract):
    """What would be made of each face in a photograph; nothing of it is stored."""

    staff_id: UUID
    matches: bool = Field(description="True when some face in the photograph is recognised as this staff member.")
    faces: tuple[TestedFace, ...]


class EventReceipt(Contract):
    """The answer to a face event. A repeated event gets the first answer again, with `duplicate` true."""

    event_id: UUID
    revision: int
    duplicate: bool
    decision: Decision
    visit_id: UUID | None = None
    committed_at: AwareDatetime
    recheck: RecheckVerdict | None = Field(
        default=None, description="What the server's own look at the picture said; none when it did not look."
    )
