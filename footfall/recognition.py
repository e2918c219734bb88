"""Probes against a tenant's gallery: search, verification, decision. What follows from a decision is not here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from contracts.base import TenantId
from contracts.people import Decision, DecisionKind
from footfall.errors import ModelVersionMismatchError, VectorsUnavailableError
from footfall.matching import (
    RESCORED_PEOPLE,
    MatchDecision,
    MatchPolicy,
    Person,
    PersonScore,
    decide,
    rank_people,
    rescore,
)
from footfall.services import Services
from footfall.stores.base import Hit
from footfall.stores.postgres import customers as table
from footfall.stores.postgres.calibrations import select_templates_of
from footfall.templates import decode_vector
from footfall.vision.types import Float32Array


@dataclass(frozen=True, slots=True)
class Recognition:
    """A probe's decision and the people it was made from, best first."""

    decision: MatchDecision
    people: tuple[PersonScore, ...]


def recognise(
    connection: Connection,
    services: Services,
    tenant_id: TenantId,
    probes: Float32Array,
    policy: MatchPolicy,
    *,
    staff_only: bool,
) -> list[Recognition]:
    """Decisions about (n, 512) probes of faces over the quality floor.

    A neighbour counts only when Postgres holds that template, and for the person whom Postgres says it is of, for
    Postgres is the record: a vector that a failed write or an unfinished deletion left behind matches nobody, and one
    that has not followed a correction yet matches the right person. The search proposes people; their scores are made
    from all their templates in the record. `staff_only` leaves customers out, where a tenant
    keeps nothing of strangers but has templates from before.
    Raises VectorsUnavailableError, also when another model's vectors are served: the caller's template is not to blame,
    and a worker that was told so would throw its events away instead of sending them again after the rebuild.
    """
    limit = services.settings.recognition.search_limit
    try:
        found = services.vectors.search(tenant_id, services.model_version, probes, limit=limit)
    except ModelVersionMismatchError as error:
        raise VectorsUnavailableError(error.message, hint=error.hint) from error
    owners = table.select_owners(
        connection, {hit.template_id for hits in found for hit in hits}, services.model_version
    )

    def owned(hits: Iterable[Hit]) -> Iterator[Hit]:
        for hit in hits:
            owner = owners.get(hit.template_id)
            if owner is not None and not (staff_only and owner[0] == "customer"):
                yield replace(hit, person_kind=owner[0], person_id=owner[1])

    proposed = [rank_people(owned(hits))[:RESCORED_PEOPLE] for hits in found]
    templates = _templates_of(
        connection, {(person.person_kind, person.person_id) for people in proposed for person in people}, services
    )
    return [_decided(rescore(probe, people, templates), policy) for probe, people in zip(probes, proposed, strict=True)]


def describe(decision: MatchDecision, policy: MatchPolicy) -> Decision:
    """The decision as the API shows it. A person is named only when the decision is that person."""
    kind: DecisionKind = decision.kind
    known = decision.best if decision.kind in {"staff", "customer"} else None
    return Decision(
        kind=kind,
        reason=decision.reason,
        person_kind=None if known is None else known.person_kind,
        person_id=None if known is None else known.person_id,
        score=None if decision.best is None else decision.best.score,
        margin=decision.margin,
        threshold_low=policy.threshold_low,
        threshold_high=policy.threshold_high,
        threshold_source=policy.source,
    )


def _templates_of(
    connection: Connection, people: Collection[Person], services: Services
) -> dict[Person, list[Float32Array]]:
    found: dict[Person, list[Float32Array]] = {}
    for row in select_templates_of(connection, {person_id for _, person_id in people}, services.model_version):
        found.setdefault((row.person_kind, row.person_id), []).append(decode_vector(row.embedding))
    return found


def _decided(people: list[PersonScore], policy: MatchPolicy) -> Recognition:
    return Recognition(decide(people, policy, acceptable=True), tuple(people))
