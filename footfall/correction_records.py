"""What the log of corrections holds of each: every move, before and after, and what stands in an undo's way. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import AwareDatetime

from contracts.base import Contract, CustomerId, EventId, StaffId
from contracts.corrections import CorrectionKind, PersonRef
from footfall.stores.postgres.visits import Person


class EventMove(Contract):
    """A sighting that changed hands; None is nobody."""

    event_id: UUID
    before: PersonRef | None
    after: PersonRef | None


class VisitMove(Contract):
    """A sighting that is filed under another visit than before."""

    event_id: UUID
    before: UUID | None
    after: UUID | None


class TemplateMove(Contract):
    """A template that went to another customer's gallery; None is no gallery. Never the vector."""

    template_id: UUID
    event_id: UUID
    before: UUID | None
    after: UUID | None
    created_at: AwareDatetime


class FaceMove(Contract):
    """An enrolled photograph that went to another staff member."""

    face_id: UUID
    before: UUID
    after: UUID


class Changes(Contract):
    """Everything that a correction did. `retired`: the customer who became another or staff; `created`: the person whom
    it made, with `source`, whose they were before."""

    events: tuple[EventMove, ...] = ()
    visits: tuple[VisitMove, ...] = ()
    templates: tuple[TemplateMove, ...] = ()
    faces: tuple[FaceMove, ...] = ()
    retired: UUID | None = None
    created: PersonRef | None = None
    source: PersonRef | None = None
    named: tuple[PersonRef, ...] = ()

    def people(self) -> set[PersonRef]:
        """Everybody whom it named or moved something from or to."""
        moved = (person for move in self.events for person in (move.before, move.after) if person is not None)
        faces = (
            PersonRef(person_kind="staff", person_id=staff_id)
            for move in self.faces
            for staff_id in (move.before, move.after)
        )
        return {*self.named, *moved, *faces}

    def givers(self) -> set[UUID]:
        """Whom an undo gives something back to, but for the one whom it brings back first."""
        from_events = {move.before.person_id for move in self.events if move.before is not None}
        from_faces = {move.before for move in self.faces}
        source = set() if self.source is None else {self.source.person_id}
        return (from_events | from_faces | source) - ({self.retired} if self.retired is not None else set())


@dataclass(frozen=True, slots=True)
class CorrectionRow:
    """An entry of the log. `number` orders them; `undone_by` is the undo that took it back."""

    correction_id: UUID
    number: int
    kind: CorrectionKind
    at: datetime
    actor: str
    changes: Changes
    undoes: UUID | None
    undone_by: UUID | None


def standing_in_the_way(row: CorrectionRow, later: Iterable[CorrectionRow]) -> CorrectionRow | None:
    """The latest correction that must be undone before `row` can be; None when it can be undone now.

    In the way is one that moved a sighting or photograph on, that used the person whom `row` made, or that retired
    somebody to whom the undo would give something back.
    """
    moved = {move.event_id for move in row.changes.events}
    faces = {move.face_id for move in row.changes.faces}
    givers = row.changes.givers()
    for other in sorted(later, key=lambda entry: entry.number, reverse=True):
        if other.kind == "undo" or other.undone_by is not None or other.number <= row.number:
            continue
        changes = other.changes
        if (
            any(move.event_id in moved for move in changes.events)
            or any(move.face_id in faces for move in changes.faces)
            or (row.changes.created is not None and row.changes.created in changes.people())
            or changes.retired in givers
        ):
            return other
    return None


def replay(initial: Mapping[EventId, Person | None], log: Iterable[CorrectionRow]) -> dict[EventId, Person | None]:
    """Whose each sighting is, from whom it was first decided to be and the log alone.

    Raises ValueError where an entry takes a sighting from somebody who does not have it: the log is then not whole.
    """
    state = dict(initial)
    for row in sorted(log, key=lambda entry: entry.number):
        for move in row.changes.events:
            event_id = EventId(move.event_id)
            if event_id not in state:
                continue  # erased since
            if state[event_id] != person_of(move.before):
                raise ValueError(f"the correction {row.correction_id} does not follow from those before it")
            state[event_id] = person_of(move.after)
    return state


def first_owners(
    current: Mapping[EventId, Person | None], log: Iterable[CorrectionRow]
) -> dict[EventId, Person | None]:
    """Whom each sighting was first decided to be: what its first correction took it from, else whose it is."""
    first = dict(current)
    for row in sorted(log, key=lambda entry: entry.number, reverse=True):
        first.update(
            (EventId(move.event_id), person_of(move.before))
            for move in row.changes.events
            if EventId(move.event_id) in first
        )
    return first


def person_of(ref: PersonRef | None) -> Person | None:
    return None if ref is None else Person(ref.person_kind, ref.person_id)


def ref_of(person: Person | None) -> PersonRef | None:
    return None if person is None else PersonRef(person_kind=person.person_kind, person_id=person.person_id)


def customer_ref(customer_id: CustomerId) -> PersonRef:
    return PersonRef(person_kind="customer", person_id=customer_id)


def staff_ref(staff_id: StaffId) -> PersonRef:
    return PersonRef(person_kind="staff", person_id=staff_id)
