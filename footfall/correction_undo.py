"""Taking a correction back: every sighting, visit, photograph and template where it was. What a correction does is in
`footfall.corrections`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID, uuid4

from contracts.base import CustomerId, EventId, StaffId, TemplateId, TenantId, VisitId
from contracts.corrections import Correction, PersonRef
from footfall.correction_ledger import (
    Ledger,
    correcting,
    follow,
    gallery_after,
    move_events,
    move_templates,
    refill,
    snapshot,
)
from footfall.correction_plan import give_face, log
from footfall.correction_records import Changes, CorrectionRow, FaceMove, person_of, standing_in_the_way
from footfall.errors import ConflictError, NotFoundError
from footfall.services import Services
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres import event_templates, reassignments, staff
from footfall.stores.postgres.filed_templates import FiledTemplate
from footfall.stores.postgres.visits import Person


def undo(services: Services, tenant_id: TenantId, correction_id: UUID, *, actor: str) -> Correction:
    """Takes the correction back, whatever was corrected elsewhere since.

    What came since stays with whom it was given to; only a person whom the correction made goes, and leaves what they
    have got since to the one they were made of. What was erased since stays erased.

    Raises NotFoundError; ConflictError for an undo, for a correction that is undone already, and for one in whose way
    a later correction stands, which it names; ServiceUnavailableError. After an error nothing is changed.
    """
    with correcting(services, tenant_id) as ledger:
        row = _undoable(ledger, correction_id)
        undo_id = uuid4()
        changes = row.changes
        people = _given_back(ledger, changes)
        restored = {EventId(move.event_id): VisitId(move.before) for move in changes.visits if move.before is not None}
        events, filed = move_events(ledger, people, restored=restored)
        before = _concerned(ledger, changes, people)
        if changes.retired is not None:
            table.bring_back_customer(ledger.connection, CustomerId(changes.retired))
        after = gallery_after(before, people, staff_customers=_staff_customers(ledger, before))
        _restore_templates(ledger, after, changes)
        _leave_to_source(after, changes)
        templates = move_templates(ledger, before, after)
        if changes.retired is not None:
            follow(ledger, after)
        faces = tuple(FaceMove(face_id=move.face_id, before=move.after, after=move.before) for move in changes.faces)
        for face in faces:
            give_face(ledger, face)
        if changes.created is not None:
            _remove_created(ledger, changes.created)
        done = Changes(events=events, visits=filed, templates=templates, faces=faces, named=changes.named)
        made = log(ledger, undo_id, "undo", done, actor=actor, undoes=correction_id)
        table.mark_undone(ledger.connection, correction_id, undo_id)
    return made


def _undoable(ledger: Ledger, correction_id: UUID) -> CorrectionRow:
    row = table.select_correction(ledger.connection, correction_id)
    if row is None:
        raise NotFoundError(f"There is no correction {correction_id}.")
    if row.kind == "undo":
        raise ConflictError("An undo cannot be undone.", hint="Make the correction again.")
    if row.undone_by is not None:
        raise ConflictError(f"The correction {correction_id} is undone already, by {row.undone_by}.")
    obstacle = standing_in_the_way(row, table.select_standing_after(ledger.connection, row.number))
    if obstacle is not None:
        raise ConflictError(
            f"The later correction {obstacle.correction_id} ({obstacle.kind}) stands in the way.",
            hint="Undo that one first.",
        )
    return row


def _given_back(ledger: Ledger, changes: Changes) -> dict[EventId, Person | None]:
    """Whose each sighting is to be again; with them, whatever the person has got since whom the correction made."""
    moves = {EventId(move.event_id): move for move in changes.events}
    people: dict[EventId, Person | None] = {}
    for event in reassignments.select_filed_events(ledger.connection, event_ids=list(moves)):
        move = moves[event.event_id]
        if event.person != person_of(move.after):
            raise ConflictError(
                f"The sighting {event.event_id} is no longer whose the correction made it.",
                hint="Correct that sighting by itself.",
            )
        people[event.event_id] = person_of(move.before)
    created, source = person_of(changes.created), person_of(changes.source)
    if created is not None and source is not None:
        for event_id in reassignments.select_event_ids_of(ledger.connection, created):
            people.setdefault(event_id, source)
    return people


def _concerned(
    ledger: Ledger, changes: Changes, people: Mapping[EventId, Person | None]
) -> dict[TemplateId, FiledTemplate]:
    """The gallery's templates that the undo may touch, with the whole galleries that they are in by now."""
    template_ids = [TemplateId(move.template_id) for move in changes.templates]
    touched = snapshot(ledger.connection, event_ids=list(people), template_ids=template_ids)
    sightings = reassignments.select_filed_events(
        ledger.connection, event_ids=[move.event_id for move in changes.templates]
    )
    refs = {person_of(ref) for ref in changes.people()} | {event.person for event in sightings}
    customers = {CustomerId(ref.person_id) for ref in refs if ref is not None and ref.person_kind == "customer"}
    return snapshot(
        ledger.connection,
        event_ids=list(people),
        customer_ids=sorted(customers | {held.customer_id for held in touched.values()}),
        template_ids=template_ids,
    )


def _staff_customers(ledger: Ledger, templates: Mapping[TemplateId, FiledTemplate]) -> dict[CustomerId, Person]:
    found: dict[CustomerId, Person] = {}
    for customer_id in {held.customer_id for held in templates.values()}:
        row = table.select_customer(ledger.connection, customer_id)
        if row is not None and row.staff_id is not None:
            found[customer_id] = Person("staff", row.staff_id)
    return found


def _restore_templates(ledger: Ledger, after: dict[TemplateId, FiledTemplate], changes: Changes) -> None:
    """Takes out what the correction put into the gallery and puts back what it took out, as far as its sighting still
    has a template: with the customer whose the sighting is now."""
    event_ids = [move.event_id for move in changes.templates]
    stored = event_templates.select_templates_of_events(ledger.connection, event_ids)
    owners = {
        event.event_id: event.person
        for event in reassignments.select_filed_events(ledger.connection, event_ids=event_ids)
    }
    lost: set[CustomerId] = set()
    for move in changes.templates:
        template_id, event_id = TemplateId(move.template_id), EventId(move.event_id)
        if move.before is None:
            taken = after.pop(template_id, None)
            lost |= {taken.customer_id} if taken is not None else set()
            continue
        owner = _gallery_of(ledger, owners.get(event_id), CustomerId(move.before), erased=event_id not in owners)
        held, source = after.get(template_id), stored.get(event_id)
        if owner is None:
            after.pop(template_id, None)
        elif held is not None:
            after[template_id] = replace(held, customer_id=owner)
        elif source is not None:
            after[template_id] = FiledTemplate(
                template_id=template_id,
                customer_id=owner,
                event_id=event_id,
                model_version=source.model_version,
                embedding=source.embedding,
                quality_score=source.quality_score,
                created_at=move.created_at,
            )
    refill(ledger, after, lost)


def _leave_to_source(after: dict[TemplateId, FiledTemplate], changes: Changes) -> None:
    """What is left with the customer who goes: templates whose sightings are erased."""
    if changes.created is None or changes.source is None or changes.created.person_kind == "staff":
        return
    for template_id, held in after.items():
        if held.customer_id == changes.created.person_id:
            after[template_id] = replace(held, customer_id=CustomerId(changes.source.person_id))


def _gallery_of(ledger: Ledger, person: Person | None, former: CustomerId, *, erased: bool) -> CustomerId | None:
    """The customer whose gallery a template belongs to: of its sighting, or the former one where that is erased or the
    former customer stands for the sighting's staff member."""
    if person is not None and person.person_kind == "customer":
        return CustomerId(person.person_id)
    row = table.select_customer(ledger.connection, former)
    if row is None or row.merged_into is not None:
        return None
    if person is None:
        return former if erased else None
    return former if row.staff_id == person.person_id else None


def _remove_created(ledger: Ledger, created: PersonRef) -> None:
    if created.person_kind == "customer":
        table.delete_customer_row(ledger.connection, CustomerId(created.person_id))
        return
    staff_id = StaffId(created.person_id)
    if staff.select_faces(ledger.connection, staff_id):
        raise ConflictError(
            f"The staff member {staff_id} whom the correction made has enrolled photographs.",
            hint="Remove the photographs first.",
        )
    staff.delete_staff_row(ledger.connection, staff_id)
