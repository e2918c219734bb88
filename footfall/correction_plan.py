"""What a correction does, once it is decided which sightings go to whom: carrying it out and entering it in the log.
Deciding, and refusing, is `footfall.corrections`'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

from contracts.base import CustomerId, EventId, StaffId, TemplateId
from contracts.corrections import Correction, CorrectionKind, PersonRef
from footfall import audit
from footfall.correction_ledger import (
    Ledger,
    follow,
    gallery_after,
    move_events,
    move_templates,
    refill,
    snapshot,
)
from footfall.correction_log import shown
from footfall.correction_records import Changes, FaceMove
from footfall.stores.base import StoredTemplate
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres import customers, event_templates
from footfall.stores.postgres.filed_templates import FiledTemplate
from footfall.stores.postgres.visits import Person
from footfall.templates import decode_vector


@dataclass(frozen=True, slots=True)
class Plan:
    """What a correction is to do. `inherits`: (from, to) of a merge; `becomes_staff`: of a promotion."""

    kind: CorrectionKind
    people: Mapping[EventId, Person | None]
    named: tuple[PersonRef, ...]
    inherits: tuple[CustomerId, CustomerId] | None = None
    becomes_staff: tuple[CustomerId, StaffId] | None = None
    created: PersonRef | None = None
    source: PersonRef | None = None


def carry_out(ledger: Ledger, plan: Plan, *, actor: str) -> Correction:
    """Does what the plan says, visits, gallery and vectors included, and enters it in the log.

    Raises ConflictError for visits of which a part was erased, ServiceUnavailableError.
    """
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
