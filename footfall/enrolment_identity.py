"""Whom a photograph for enrolment shows: somebody else of the staff, or somebody else than the person's other
photographs. Nothing is stored here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from sqlalchemy import Connection

from contracts.base import StaffId, TenantId
from contracts.enrolment import Objection
from contracts.people import MatchCandidate
from footfall.agreement import Agreement, agreement_of
from footfall.calibration_policy import policy_of
from footfall.matching import LIKE_FACE_FAR, MatchPolicy, threshold_at
from footfall.recognition import Recognition, recognise
from footfall.services import Services
from footfall.stores.postgres import staff
from footfall.templates import decode_vector
from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True)
class Objected:
    """A reason against enrolling the photograph as this person, in words."""

    verdict: Objection
    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class Identity:
    """`agreement`: best cosine with another photograph of the person. `other`: the staff member who clearly matches.
    `customers`: those who clearly are the person."""

    objections: tuple[Objected, ...]
    agreement: float | None
    other: MatchCandidate | None
    customers: frozenset[UUID]


def same_person_cosine(services: Services) -> float:
    """The cosine under which two photographs are not even unsure to show one person: a comparison of one with one,
    at a stated false-accept rate, as the model was measured."""
    return threshold_at(services.vision.thresholds, LIKE_FACE_FAR)


def identities_of(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    staff_id: StaffId,
    vectors: Sequence[Float32Array],
) -> list[Identity]:
    """Of each (512,) template of a new photograph of `staff_id`. The caller holds the gallery.

    Raises VectorsUnavailableError.
    """
    policy = policy_of(connection, services, tenant_id, staff_only=False)
    least_cosine = same_person_cosine(services)
    found = recognise(connection, services, tenant_id, np.stack(vectors), policy, staff_only=False)
    own = [
        decode_vector(template.embedding)
        for template in staff.select_templates(connection, services.model_version, staff_id=staff_id)
    ]
    agreements = agreement_of(own, vectors, least_cosine=least_cosine)
    others = [_clear_other(recognition, staff_id, policy) for recognition in found]
    names = staff.select_names(connection, {other.person_id for other in others if other is not None})
    identities = []
    for recognition, agreement, other in zip(found, agreements, others, strict=True):
        named = None if other is None else other.model_copy(update={"display_name": names.get(other.person_id)})
        identities.append(
            Identity(
                objections=tuple(_objections(agreement, named, policy, least_cosine, enrolled=len(own))),
                agreement=agreement.best,
                other=named,
                customers=frozenset(
                    person.person_id
                    for person in recognition.people
                    if person.person_kind == "customer" and person.score >= policy.threshold_high
                ),
            )
        )
    return identities


def _clear_other(recognition: Recognition, staff_id: StaffId, policy: MatchPolicy) -> MatchCandidate | None:
    """The other staff member whom the photograph clearly matches, and better than the person it is enrolled for. One
    who is further away than the person themself is no objection: twins have been told apart by then."""
    members = [person for person in recognition.people if person.person_kind == "staff"]
    if not members or members[0].person_id == staff_id or members[0].score < policy.threshold_high:
        return None
    return MatchCandidate(person_kind="staff", person_id=members[0].person_id, score=members[0].score)


def _objections(
    agreement: Agreement, other: MatchCandidate | None, policy: MatchPolicy, least_cosine: float, *, enrolled: int
) -> Iterator[Objected]:
    if other is not None:
        yield Objected(
            "already_enrolled_as",
            f"This face is already enrolled as {other.display_name}: score {other.score:.3f}, a match from "
            f"{policy.threshold_high:.3f}.",
            f"If it is one person under two names, keep one of them. If they are two people who look alike, as twins "
            f"do, enrol it all the same: confirm that it is not {other.display_name}.",
        )
    if not agreement.agrees:
        against = f"the {enrolled} enrolled" if enrolled else "the others of this request"
        yield Objected(
            "disagrees_with_others",
            f"It shows somebody else than {against}: the best cosine is {agreement.best or 0.0:.3f}, one person's "
            f"photographs reach {least_cosine:.3f}.",
            "Check whose photograph it is. If it is the right person, who has changed, remove the old photographs or "
            "confirm it."
            if enrolled
            else "Send more photographs, so that it can be told which ones show the person, or confirm it.",
        )
