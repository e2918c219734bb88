"""Correcting who somebody is: merge, split, detach, promote, move. Here is decided what goes to whom; doing it is
`footfall.correction_plan`'s, undoing `footfall.correction_undo`'s, reading the log `footfall.correction_log`'s."""

from __future__ import annotations

from collections.abc import Collection
from uuid import uuid4

from contracts.base import CustomerId, EventId, FaceId, StaffId, TenantId
from contracts.corrections import Correction, PersonRef, PromoteRequest
from contracts.people import StaffCreate
from footfall.correction_ledger import Ledger, correcting
from footfall.correction_plan import Plan, carry_out, give_face, log
from footfall.correction_records import Changes, FaceMove, customer_ref, person_of, staff_ref
from footfall.errors import ConflictError, InputError, NotFoundError
from footfall.roster import missing_staff
from footfall.services import Services
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres import customers, reassignments, staff
from footfall.stores.postgres.corrections import CustomerRow
from footfall.stores.postgres.visits import Person


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
        return carry_out(
            ledger,
            Plan("merge", people, (customer_ref(into), customer_ref(customer_id)), inherits=(customer_id, into)),
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
        return carry_out(
            ledger,
            Plan(
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
        return carry_out(ledger, Plan("detach", {event_id: None}, ()), actor=actor)


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
        return carry_out(ledger, Plan("move_sighting", {event_id: person_of(to)}, (to,)), actor=actor)


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
        return carry_out(
            ledger,
            Plan(
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
