"""API v1: correcting identities, their log, the review queue and opt-outs. Profiles are in `contracts.customers`."""

from __future__ import annotations

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field, model_validator

from contracts.base import Contract, Cosine, Name, PersonKind

CorrectionKind = Literal["merge", "split", "detach", "promote", "move_sighting", "move_face", "undo"]


class PersonRef(Contract):
    """A customer or a staff member."""

    person_kind: PersonKind
    person_id: UUID


class MergeRequest(Contract):
    into: UUID = Field(description="The customer who stays, and who gets every visit, sighting and template.")


class SplitRequest(Contract):
    event_ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=10_000)] = Field(
        description="The sightings that are somebody else's. Their templates go with them."
    )


class PromoteRequest(Contract):
    """Either an existing staff member or the name of a new one."""

    staff_id: UUID | None = None
    display_name: Name | None = None
    external_ref: Name | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> PromoteRequest:
        if (self.staff_id is None) == (self.display_name is None):
            raise ValueError("give either staff_id or display_name")
        if self.staff_id is not None and self.external_ref is not None:
            raise ValueError("external_ref is for a new staff member")
        return self


class MoveRequest(Contract):
    to: PersonRef = Field(description="Whose the sighting is.")


class MoveFaceRequest(Contract):
    to_staff_id: UUID = Field(description="Whose the photograph is.")


class Correction(Contract):
    """An entry of the log of corrections. `undone_by` is set once it was taken back."""

    correction_id: UUID
    kind: CorrectionKind
    at: AwareDatetime
    actor: str
    people: tuple[PersonRef, ...] = Field(description="Everybody whom it concerned.")
    created: PersonRef | None = Field(default=None, description="The person whom it made.")
    sightings: int = Field(ge=0, description="Sightings that changed hands.")
    templates: int = Field(ge=0, description="Templates that changed galleries.")
    undoes: UUID | None = None
    undone_by: UUID | None = None


class CorrectionPage(Contract):
    items: tuple[Correction, ...]
    next_cursor: str | None = None


class Evidence(Contract):
    """Why a question is asked. Scores are cosines of templates; `threshold_*` are those that matching uses."""

    score: Cosine = Field(description="Duplicate: of the two nearest templates. Mixture: of the two groups' nearest.")
    threshold_low: Cosine
    threshold_high: Cosine
    threshold_source: str
    templates: tuple[int, int] = Field(description="Templates on each side.")
    sightings: tuple[int, int] = Field(description="Sightings on each side.")
    last_seen_at: tuple[AwareDatetime | None, AwareDatetime | None]
    at_once: int = Field(default=0, ge=0, description="Times that both were seen at once by two cameras of one site.")
    event_ids: tuple[UUID, ...] = Field(default=(), description="Mixture: the sightings that a split would take out.")
    crops: tuple[str, ...] = Field(default=(), description="Paths of faces' pictures on this API, first side first.")


class ReviewItem(Contract):
    """Two people who may be one (`duplicate`), or one customer who may be two (`mixture`)."""

    item_id: UUID
    kind: Literal["duplicate", "mixture"]
    people: tuple[PersonRef, ...]
    evidence: Evidence
    found_at: AwareDatetime


class ReviewPage(Contract):
    items: tuple[ReviewItem, ...]
    next_cursor: str | None = None


class OptOutRequest(Contract):
    consent: Name = Field(description="Where the consent to keeping the template is recorded: a form, a letter.")


class OptOut(Contract):
    """Somebody whose faces are dropped at once. `active`: not withdrawn, and recognisable by the served model."""

    opt_out_id: UUID
    consent: str
    templates: int = Field(ge=0)
    active: bool
    created_at: AwareDatetime
    withdrawn_at: AwareDatetime | None = None


class OptOutPage(Contract):
    items: tuple[OptOut, ...]
    next_cursor: str | None = None
