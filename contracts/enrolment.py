"""API v1: several photographs enrolled in one request, how well a person's agree, and who needs new ones."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from contracts.base import Contract, Cosine, FaceQualityReport
from contracts.people import LivenessReport, MatchCandidate, StaffFace
from contracts.verdicts import PhotographVerdict

MAX_PHOTOGRAPHS = 8
"""Of one enrolment request."""

Objection = Literal["already_enrolled_as", "disagrees_with_others"]
"""The verdicts that an administrator who knows better may set aside, for instance for twins."""


class PhotographResult(Contract):
    """What became of one photograph. Nothing is stored of one that was not enrolled."""

    filename: str
    verdict: PhotographVerdict
    reason: str = Field(description="In a sentence, with what was measured and what is needed.")
    hint: str | None = Field(default=None, description="What to do about it.")
    face: StaffFace | None = Field(default=None, description="The enrolled face.")
    quality: FaceQualityReport | None = Field(
        default=None, description="Of the face that was looked at, if there is one."
    )
    agreement: Cosine | None = Field(
        default=None, description="Best cosine with another photograph of the person; none when there is no other."
    )
    other: MatchCandidate | None = Field(default=None, description="Whom the face clearly matches instead.")
    liveness: LivenessReport | None = None


class EnrolmentReport(Contract):
    """A result for every photograph, in the order in which they were sent."""

    staff_id: UUID
    enrolled: int = Field(ge=0)
    items: tuple[PhotographResult, ...]


CropState = Literal["ok", "missing", "corrupt"]


class FaceConsistency(Contract):
    """How one photograph stands to the person's others. `agreement`: its best cosine with another."""

    face_id: UUID
    agreement: Cosine | None = None
    outlier: bool = Field(description="It may show somebody else: it does not reach the low threshold with any other.")
    expired: bool
    crop: CropState
    note: str | None = None


class StaffConsistency(Contract):
    """Pairwise cosines of a person's own templates, of the served model version."""

    staff_id: UUID
    model_version: str
    score: Cosine | None = Field(default=None, description="Mean pairwise cosine; none under two templates.")
    lowest: Cosine | None = Field(default=None, description="Least pairwise cosine.")
    faces: tuple[FaceConsistency, ...]


ReminderKind = Literal[
    "empty_gallery", "no_photograph", "other_model", "expired", "expiring", "outlier", "resembles_other"
]


class Reminder(Contract):
    """Something about a staff member's enrolment that somebody should see to."""

    kind: ReminderKind
    staff_id: UUID | None = Field(default=None, description="None when it is about the whole gallery.")
    display_name: str | None = None
    message: str
    due_at: AwareDatetime | None = None
    other: MatchCandidate | None = Field(default=None, description="`resembles_other`: whom.")


class ReminderList(Contract):
    items: tuple[Reminder, ...]
    checked_at: AwareDatetime
