"""Correcting who somebody is: merge, split, detach, promote, move. Undoing is in `footfall.correction_undo`, reading
the log in `footfall.correction_log`."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from contracts.base import CustomerId, EventId, FaceId, StaffId, TemplateId, TenantId
from contracts.corrections import Correction, CorrectionKind, PersonRef, PromoteRequest
from contracts.people import StaffCreate
from footfall import audit
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
from footfall.correction_log import shown
from footfall.correction_records import Changes, FaceMove, customer_ref, person_of, staff_ref
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres import customers, event_templates, reassignments, staff
from footfall.stores.postgres.corrections import CustomerRow
from footfall.stores.postgres.reassignments import FiledTemplate
from footfall.stores.postgres.visits import Person
from footfall.templates import decode_vector


def merge(
    services: Services, tenant_id: TenantId, customer_id: CustomerId, into: CustomerId, *, actor: str
) -> Correction:
    """Makes two customers one: `into` stays, with every sighting, visit and the best templates of both.

    Raises InputError for a customer with itself, NotFoundError, ConflictError for one that was merged or promoted
    already, ServiceUnavailableError. After an error nothing is changed.
    """
    if customer_id == into:
        raise InputError("A customer cannot be merged with itself.", hint="Name two customers.")
    with correcting(services, tenant_id) as ledger:
        _live(ledger, customer_id)
        _live(ledger, into)
        people = dict.fromkeys(
            reassignments.select_event_ids_of(ledger.connection, Person("customer", customer_id)),
            Person("customer", into),
        )
        return _carry_out(
            ledger,
            _Plan("merge", people, (customer_ref(into), customer_ref(customer_id)), inherits=(customer_id, into)),
            actor=actor,
        )


def split(
    services: Services, tenant_id: TenantId, customer_id: CustomerId, event_ids: Collection[EventId], *, actor: str
) -> Correction:
    """Makes a new customer of some of the customer's sightings; their templates go with them, and a half that is left
    without one gets the best of its own sightings.

    Raises InputError when no sighting or every sighting is named, or one that is not the customer's; NotFoundError,
    ConflictError, ServiceUnavailableError.
    """
    with correcting(services, tenant_id) as ledger:
        row = _live(ledger, customer_id)
        held = set(reassignments.select_event_ids_of(ledger.connection, Person("customer", customer_id)))
        leaving = set(event_ids)
        if not leaving or not leaving <= held:
            raise InputError(
                f"{len(leaving - held)} of the sightings are not the customer's." if leaving else "Name the sightings.",
                hint="GET /v1/customers/{customer_id}/sightings lists them.",
            )
        if leaving == held:
            raise InputError(
                "Every sighting of the customer is named: that would only change an id.", hint="Leave one at least."
            )
        made = CustomerId(uuid4())
        customers.insert_customer(ledger.connection, tenant_id, made, row.first_seen_at, row.last_seen_at)
        return _carry_out(
            ledger,
            _Plan(
                "split",
                dict.fromkeys(sorted(leaving), Person("customer", made)),
                (customer_ref(customer_id), customer_ref(made)),
                created=customer_ref(made),
                source=customer_ref(customer_id),
            ),
            actor=actor,
        )


def detach(services: Services, tenant_id: TenantId, event_id: EventId, *, actor: str) -> Correction:
    """ "This is not that person": the sighting is nobody's, in no visit, and its template leaves the gallery.

    Raises NotFoundError, ConflictError for a sighting that is nobody's already, ServiceUnavailableError.
    """
    with correcting(services, tenant_id) as ledger:
        person = _person_of_event(ledger, event_id)
        if person is None:
            raise ConflictError(f"The sighting {event_id} is nobody's already.")
        return _carry_out(ledger, _Plan("detach", {event_id: None}, ()), actor=actor)


def move_sighting(
    services: Services, tenant_id: TenantId, event_id: EventId, to: PersonRef, *, actor: str
) -> Correction:
    """Gives one sighting, with its template, to another person. With a staff member the template leaves the gallery:
    staff are known by photographs that somebody chose.

    Raises NotFoundError, ConflictError for one who has it already, ServiceUnavailableError.
    """
    with correcting(services, tenant_id) as ledger:
        if to.person_kind == "customer":
            _live(ledger, CustomerId(to.person_id))
        else:
            _staff(ledger, StaffId(to.person_id))
        if _person_of_event(ledger, event_id) == person_of(to):
            raise ConflictError(f"The sighting {event_id} is that person's already.")
        return _carry_out(ledger, _Plan("move_sighting", {event_id: person_of(to)}, (to,)), actor=actor)


def promote(
    services: Services, tenant_id: TenantId, customer_id: CustomerId, request: PromoteRequest, *, actor: str
) -> Correction:
    """Makes a customer a staff member, new or known: sightings and visits become theirs, and the customer's templates
    stand for them from now on.

    Raises NotFoundError, ConflictError for a customer who was merged or promoted and for an external_ref in use,
    ServiceUnavailableError.
    """
    with correcting(services, tenant_id) as ledger:
        _live(ledger, customer_id)
        if request.staff_id is not None:
            staff_id = StaffId(request.staff_id)
            _staff(ledger, staff_id)
        else:
            new = StaffCreate(display_name=request.display_name or "", external_ref=request.external_ref)
            made = staff.insert_staff(ledger.connection, tenant_id, new)
            if made is None:
                raise ConflictError(
                    f"The external_ref {request.external_ref!r} belongs to another staff member.",
                    hint="Promote the customer to that staff member, or use another external_ref.",
                )
            staff_id = StaffId(made.staff_id)
        events = reassignments.select_event_ids_of(ledger.connection, Person("customer", customer_id))
        return _carry_out(
            ledger,
            _Plan(
                "promote",
                dict.fromkeys(events, Person("staff", staff_id)),
                (customer_ref(customer_id), staff_ref(staff_id)),
                becomes_staff=(customer_id, staff_id),
                created=staff_ref(staff_id) if request.staff_id is None else None,
                source=customer_ref(customer_id),
            ),
            actor=actor,
        )


def move_face(
    services: Services, tenant_id: TenantId, staff_id: StaffId, face_id: FaceId, to: StaffId, *, actor: str
) -> Correction:
    """Gives an enrolled photograph to another staff member: one person who was enrolled under two names, or a
    photograph that was filed wrongly.

    Raises NotFoundError, ConflictError where that staff member has the same photograph, ServiceUnavailableError.
    """
    if staff_id == to:
        raise ConflictError(f"The photograph {face_id} is that staff member's already.")
    with correcting(services, tenant_id) as ledger:
        _staff(ledger, staff_id)
        _staff(ledger, to)
        if all(face.face_id != face_id for face in staff.select_faces(ledger.connection, staff_id)):
            raise NotFoundError(f"The staff member {staff_id} has no face {face_id}.")
        move = FaceMove(face_id=face_id, before=staff_id, after=to)
        give_face(ledger, move)
        changes = Changes(faces=(move,), named=(staff_ref(staff_id), staff_ref(to)))
        return log(ledger, uuid4(), "move_face", changes, actor=actor)


def give_face(ledger: Ledger, move: FaceMove) -> None:
    """Files the photograph under its new owner, and has its vector follow."""
    table.update_face_owner(ledger.connection, move.face_id, move.after)
    version = ledger.services.model_version
    rows = customers.select_gallery_rows(ledger.connection, [move.face_id], version)
    if rows:
        ledger.services.vectors.upsert(
            version,
            [
                StoredTemplate(
                    row.template_id, ledger.tenant_id, row.person_kind, row.person_id, decode_vector(row.embedding)
                )
                for row in rows
            ],
        )


def log(
    ledger: Ledger,
    correction_id: UUID,
    kind: CorrectionKind,
    changes: Changes,
    *,
    actor: str,
    undoes: UUID | None = None,
) -> Correction:
    """Enters the correction in its log and in the audit log."""
    row = table.insert_correction(
        ledger.connection, ledger.tenant_id, correction_id, kind=kind, actor=actor, changes=changes, undoes=undoes
    )
    audit.record(
        ledger.connection,
        actor=actor,
        action=f"identity.{kind}",
        subject_kind="correction",
        subject_id=correction_id,
        detail={
            "people": [f"{person.person_kind}:{person.person_id}" for person in changes.named],
            "sightings": len(changes.events),
            "templates": len(changes.templates),
            **({} if undoes is None else {"undoes": str(undoes)}),
        },
    )
    return shown(row)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What a correction is to do. `inherits`: (from, to) of a merge; `becomes_staff`: of a promotion."""

    kind: CorrectionKind
    people: Mapping[EventId, Person | None]
    named: tuple[PersonRef, ...]
    inherits: tuple[CustomerId, CustomerId] | None = None
    becomes_staff: tuple[CustomerId, StaffId] | None = None
    created: PersonRef | None = None
    source: PersonRef | None = None


def _carry_out(ledger: Ledger, plan: _Plan, *, actor: str) -> Correction:
    correction_id = uuid4()
    events, filed = move_events(ledger, plan.people)
    givers = {
        CustomerId(move.before.person_id)
        for move in events
        if move.before is not None and move.before.person_kind == "customer"
    }
    merged = plan.inherits
    before = snapshot(
        ledger.connection,
        event_ids=list(plan.people),
        customer_ids=[*givers, *(merged or ())],
    )
    aliases: dict[CustomerId, Person] = {}
    if plan.becomes_staff is not None:
        customer_id, staff_id = plan.becomes_staff
        table.retire_customer(
            ledger.connection, customer_id, merged_into=None, staff_id=staff_id, retired_by=correction_id
        )
        aliases[customer_id] = Person("staff", staff_id)
    after = gallery_after(before, plan.people, staff_customers=aliases)
    if merged is not None:
        absorbed, survivor = merged
        table.retire_customer(
            ledger.connection, absorbed, merged_into=survivor, staff_id=None, retired_by=correction_id
        )
        after = _best_of_both(ledger, after, absorbed, survivor)
    elif plan.becomes_staff is None:
        refill(ledger, after, _left_without(before, after, plan.created))
    templates = move_templates(ledger, before, after)
    if plan.becomes_staff is not None:
        follow(ledger, after)
    retired = merged[0] if merged is not None else plan.becomes_staff[0] if plan.becomes_staff is not None else None
    changes = Changes(
        events=events,
        visits=filed,
        templates=templates,
        retired=retired,
        created=plan.created,
        source=plan.source,
        named=plan.named or tuple({move.before for move in events if move.before is not None}),
    )
    return log(ledger, correction_id, plan.kind, changes, actor=actor)


def _best_of_both(
    ledger: Ledger, after: Mapping[TemplateId, FiledTemplate], absorbed: CustomerId, survivor: CustomerId
) -> dict[TemplateId, FiledTemplate]:
    """Everything that is left of the absorbed customer, too, such as templates whose sighting is erased; then the best
    of the served model, as many as one customer may have. The others can be had back from their sightings."""
    version = ledger.services.model_version
    theirs = {
        template_id: replace(held, customer_id=survivor) if held.customer_id == absorbed else held
        for template_id, held in after.items()
    }
    restorable = event_templates.select_templates_of_events(
        ledger.connection, {held.event_id for held in theirs.values()}
    )
    ranked = sorted(
        (held for held in theirs.values() if held.model_version == version),
        key=lambda held: (-held.quality_score, held.template_id),
    )
    for held in ranked[ledger.services.settings.recognition.max_templates_per_customer :]:
        if held.event_id in restorable:  # an undo brings it back
            del theirs[held.template_id]
    return theirs


def _left_without(
    before: Mapping[TemplateId, FiledTemplate], after: Mapping[TemplateId, FiledTemplate], created: PersonRef | None
) -> set[CustomerId]:
    """Customers who had templates and lost some, and the one who was made of such a customer. One who had none before,
    such as a lookalike of staff, gets none."""
    lost = {
        held.customer_id
        for template_id, held in before.items()
        if template_id not in after or after[template_id].customer_id != held.customer_id
    }
    made = {CustomerId(created.person_id)} if created is not None and before else set()
    return lost | made


def _live(ledger: Ledger, customer_id: CustomerId) -> CustomerRow:
    row = table.select_customer(ledger.connection, customer_id)
    if row is None:
        raise NotFoundError(f"There is no customer {customer_id}.")
    if row.merged_into is not None:
        raise ConflictError(
            f"The customer {customer_id} was merged into {row.merged_into}.",
            hint="Use that customer, or undo the merge.",
        )
    if row.staff_id is not None:
        raise ConflictError(
            f"The customer {customer_id} was found to be the staff member {row.staff_id}.",
            hint="Undo the promotion first.",
        )
    return row


def _staff(ledger: Ledger, staff_id: StaffId) -> None:
    if staff.select_staff(ledger.connection, staff_id) is None:
        raise missing_staff(staff_id)


def _person_of_event(ledger: Ledger, event_id: EventId) -> Person | None:
    found = reassignments.select_filed_events(ledger.connection, event_ids=[event_id])
    if not found:
        raise NotFoundError(f"There is no sighting {event_id}.")
    return found[0].person
