"""Carries corrections out: sightings change hands, and visits, gallery and vectors follow. Which sightings, and why, is
decided in `footfall.corrections`; how an undo differs, in `footfall.correction_undo`."""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from uuid import uuid5

from sqlalchemy import Connection

from contracts.base import CustomerId, EventId, TemplateId, TenantId, VisitId
from footfall.correction_records import EventMove, TemplateMove, VisitMove, ref_of
from footfall.errors import ConflictError, ServiceUnavailableError
from footfall.services import Services
from footfall.serving import hold_gallery
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import customers, event_templates, filed_templates, reassignments, visits
from footfall.stores.postgres.filed_templates import FiledTemplate
from footfall.stores.postgres.reassignments import FiledEvent
from footfall.stores.postgres.visits import Person
from footfall.templates import decode_vector
from footfall.tenancy import tenant_transaction
from footfall.visit_repair import refile
from footfall.visits import visit_id_for

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Ledger:
    """A correction under way, in its transaction. `gone`: templates whose vectors go after the commit."""

    connection: Connection
    services: Services
    tenant_id: TenantId
    gone: set[TemplateId] = field(default_factory=set)


@contextmanager
def correcting(services: Services, tenant_id: TenantId, *, embedded_with: str | None = None) -> Iterator[Ledger]:
    """A transaction that holds the tenant's gallery, as sightings do, and commits on leaving. Vectors that must be
    there are written before the commit, those that must not be go after it: docs/adr/one-sighting-at-a-time.md."""
    with tenant_transaction(services.engine, tenant_id) as connection:
        hold_gallery(connection, services, tenant_id, embedded_with=embedded_with)
        ledger = Ledger(connection, services, tenant_id)
        yield ledger
    if ledger.gone:
        try:
            services.vectors.delete(tenant_id, sorted(ledger.gone))
        except ServiceUnavailableError as error:
            logger.warning("%d templates stay in the vector store without a row: %s", len(ledger.gone), error)


def move_events(
    ledger: Ledger,
    people: Mapping[EventId, Person | None],
    *,
    restored: Mapping[EventId, VisitId] | None = None,
) -> tuple[tuple[EventMove, ...], tuple[VisitMove, ...]]:
    """Gives the sightings to these people and makes the visits that they touch anew.

    `restored`: an undo's, the visits under which sightings were filed before. Raises ConflictError when some sightings
    of a touched visit are erased: made anew from the rest, the visit would be lost.
    """
    connection = ledger.connection
    receivers = {person for person in people.values() if person is not None}
    touched = reassignments.select_touched_visits(connection, list(people), receivers)
    events = reassignments.select_filed_events(
        connection, event_ids=list(people), visit_ids=[filed.visit.visit_id for filed in touched]
    )
    _require_whole(touched, events)
    moved = [replace(event, person=people.get(event.event_id, event.person)) for event in events]
    before = {event.event_id: event.visit_id for event in events}
    former = {event_id: visit_id for event_id, visit_id in before.items() if visit_id is not None}
    former.update((event_id, visit_id) for event_id, visit_id in (restored or {}).items() if event_id in before)
    here = {filed.visit.visit_id for filed in touched}
    wanted = {*former.values(), *map(visit_id_for, before)}
    refiled = refile(
        moved,
        former=former,
        owners={} if restored is not None else {filed.visit.visit_id: filed.person for filed in touched},
        taken=reassignments.select_taken_visit_ids(connection, wanted - here),
    )
    after: dict[EventId, VisitId | None] = dict.fromkeys(before)
    for made in refiled:
        filed = made.filed
        visits.upsert_visit(connection, ledger.tenant_id, filed.person, filed.site_id, filed.visit)
        after.update((event_id, made.filed.visit.visit_id) for event_id in made.event_ids)
    reassignments.update_event_people(connection, people)
    changed = {event_id: visit_id for event_id, visit_id in after.items() if visit_id != before[event_id]}
    reassignments.update_event_visits(connection, changed)
    visits.delete_visits(connection, here - {made.filed.visit.visit_id for made in refiled})
    for person in {event.person for event in (*events, *moved) if event.person is not None}:
        visits.mark_first_visit(connection, person)
        if person.person_kind == "customer":
            reassignments.refresh_seen(connection, CustomerId(person.person_id))
    return (
        tuple(
            EventMove(event_id=event.event_id, before=ref_of(event.person), after=ref_of(people[event.event_id]))
            for event in events
            if event.event_id in people
        ),
        tuple(
            VisitMove(event_id=event_id, before=before[event_id], after=visit_id)
            for event_id, visit_id in changed.items()
        ),
    )


def _require_whole(touched: Sequence[reassignments.FiledVisit], events: Sequence[FiledEvent]) -> None:
    for filed in touched:
        if filed.anonymous:
            raise ConflictError(
                f"The visit {filed.visit.visit_id} is nobody's any more.",
                hint="Its person was forgotten when the retention days had passed; it can no longer be corrected.",
            )
        held = sum(event.visit_id == filed.visit.visit_id for event in events)
        if held != filed.visit.sightings:
            raise ConflictError(
                f"Of the visit {filed.visit.visit_id} only {held} of {filed.visit.sightings} sightings are kept.",
                hint="What was partly erased can no longer be corrected.",
            )


def move_templates(
    ledger: Ledger, before: Mapping[TemplateId, FiledTemplate], after: Mapping[TemplateId, FiledTemplate]
) -> tuple[TemplateMove, ...]:
    """Makes the gallery's templates in `before` be those in `after`, and has the vectors follow."""
    moves: list[TemplateMove] = []
    for template_id in sorted(before.keys() | after.keys()):
        old, new = before.get(template_id), after.get(template_id)
        if new is None:
            customers.delete_template(ledger.connection, template_id)
            ledger.gone.add(template_id)
        elif old is None:
            filed_templates.insert_template(ledger.connection, ledger.tenant_id, new)
        elif old.customer_id != new.customer_id:
            filed_templates.update_template_owner(ledger.connection, template_id, new.customer_id)
        else:
            continue
        known = new or before[template_id]
        moves.append(
            TemplateMove(
                template_id=template_id,
                event_id=known.event_id,
                before=None if old is None else old.customer_id,
                after=None if new is None else new.customer_id,
                created_at=known.created_at,
            )
        )
    moved = (TemplateId(move.template_id) for move in moves if move.after is not None)
    follow(ledger, {template_id: after[template_id] for template_id in moved})
    return tuple(moves)


def follow(ledger: Ledger, templates: Mapping[TemplateId, FiledTemplate]) -> None:
    """Writes the vectors of these templates for the people whose they are by now. Raises VectorsUnavailableError, which
    leaves everything in Postgres as it was."""
    version = ledger.services.model_version
    owners = customers.select_owners(ledger.connection, list(templates), version)
    stored = [
        StoredTemplate(template_id, ledger.tenant_id, *owners[template_id], decode_vector(template.embedding))
        for template_id, template in sorted(templates.items())
        if template_id in owners
    ]
    if stored:
        ledger.services.vectors.upsert(version, stored)


def gallery_after(
    before: Mapping[TemplateId, FiledTemplate],
    people: Mapping[EventId, Person | None],
    *,
    staff_customers: Mapping[CustomerId, Person],
) -> dict[TemplateId, FiledTemplate]:
    """The templates once their sightings have changed hands: a template goes with its sighting to a customer, and out
    of the gallery with one that is now a staff member's or nobody's. `staff_customers`: customers who were found to be
    staff, whose templates stay with them and stand for that staff member."""
    after = dict(before)
    for template_id, template in before.items():
        if template.event_id not in people:
            continue
        person = people[template.event_id]
        if person is not None and person.person_kind == "customer":
            after[template_id] = replace(template, customer_id=CustomerId(person.person_id))
        elif person is None or staff_customers.get(template.customer_id) != person:
            del after[template_id]
    return after


def refill(
    ledger: Ledger,
    after: dict[TemplateId, FiledTemplate],
    hungry: Collection[CustomerId],
) -> None:
    """Gives each of these customers who is left without a template of the served model the best ones of their own
    sightings: a customer without any would be a stranger at the next visit."""
    services = ledger.services
    version = services.model_version
    for customer_id in sorted(hungry):
        if any(held.customer_id == customer_id and held.model_version == version for held in after.values()):
            continue
        for best in event_templates.select_best(
            ledger.connection, customer_id, version, most=services.settings.recognition.max_templates_per_customer
        ):
            template_id = template_id_of(ledger.tenant_id, best.event_id)
            after[template_id] = FiledTemplate(
                template_id=template_id,
                customer_id=customer_id,
                event_id=best.event_id,
                model_version=best.model_version,
                embedding=best.embedding,
                quality_score=best.quality_score,
                created_at=datetime.now(UTC),
            )


def template_id_of(tenant_id: TenantId, event_id: EventId) -> TemplateId:
    """The id of the template that was taken from a sighting: the same whenever it enters the gallery."""
    return TemplateId(uuid5(tenant_id, f"template:{event_id}"))


def snapshot(
    connection: Connection,
    *,
    event_ids: Collection[EventId] = (),
    customer_ids: Collection[CustomerId] = (),
    template_ids: Collection[TemplateId] = (),
) -> dict[TemplateId, FiledTemplate]:
    """The gallery's templates of these sightings and customers, and those of these ids."""
    rows = filed_templates.select_templates(
        connection, event_ids=event_ids, customer_ids=customer_ids, template_ids=template_ids
    )
    return {row.template_id: row for row in rows}
