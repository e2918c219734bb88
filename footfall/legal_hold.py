"""Legal holds: what retention and erasure must leave alone until somebody lifts it. Placing, lifting, asking; deleting
nothing. What is held is asked in the transaction that would delete, so that the answer holds until it commits."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from contracts.legal_holds import HoldSubject, LegalHold, LegalHoldPage
from footfall import audit
from footfall.errors import ConflictError, NotFoundError
from footfall.listing import PageRequest, choose_order, cut_page
from footfall.stores.postgres import legal_holds as table
from footfall.stores.postgres import tenants
from footfall.tenancy import tenant_transaction

LATEST_FIRST = PageRequest(sort="-placed_at", limit=50)


@dataclass(frozen=True, slots=True)
class Subject:
    """What can be held, and what can be asked about."""

    kind: HoldSubject
    subject_id: UUID

    def __str__(self) -> str:
        return f"{self.kind} {self.subject_id}"


def held(connection: Connection, tenant_id: TenantId, subject: Subject) -> bool:
    """Whether anything about the subject must stay. The tenant must be bound to the transaction; no hold can be placed
    in it until the transaction ends.

    A tenant is held as soon as anything of it is. A person is held by name, under every id that a merge or promotion
    gave them, and as soon as a held camera saw them; a camera, also as soon as a held person passed it.
    """
    table.hold_still(connection)
    if subject.kind == "tenant" and subject.subject_id != tenant_id:
        return False
    return table.is_held(connection, subject.kind, [subject.subject_id])


def require_not_held(connection: Connection, tenant_id: TenantId, subject: Subject) -> None:
    """Raises ConflictError for a subject that is held."""
    if held(connection, tenant_id, subject):
        raise ConflictError(
            f"A legal hold keeps the {subject} as it is.",
            hint="`footfall retention holds` lists them; nothing goes until the hold is lifted.",
        )


def place_hold(engine: Engine, tenant_id: TenantId, subject: Subject, *, reference: str, actor: str) -> LegalHold:
    """From its return on, neither retention nor erasure touches the subject; one under way is waited for.

    Raises NotFoundError for a subject that the tenant does not have.
    """
    with tenant_transaction(engine, tenant_id) as connection:
        tenants.bound(connection, locked=True)
        if not table.subject_exists(connection, subject.kind, subject.subject_id):
            raise NotFoundError(f"There is no {subject}.")
        made = table.insert_hold(connection, subject.kind, subject.subject_id, reference=reference, placed_by=actor)
        _record(connection, made, "placed", actor)
    return made


def lift_hold(engine: Engine, tenant_id: TenantId, hold_id: UUID, *, actor: str) -> LegalHold:
    """What reached its term meanwhile goes with the next run. Raises NotFoundError, also for one that is lifted."""
    with tenant_transaction(engine, tenant_id) as connection:
        lifted = table.lift_row(connection, hold_id, lifted_by=actor)
        if lifted is None:
            raise NotFoundError(f"No legal hold {hold_id} stands.")
        _record(connection, lifted, "lifted", actor)
    return lifted


def list_holds(
    engine: Engine, tenant_id: TenantId, page: PageRequest, *, standing: bool | None = None
) -> LegalHoldPage:
    """Holds in the page's order; `standing`: those that stand, or those that were lifted, alone. Raises InputError."""
    order = choose_order("legal-holds", table.SORTS, table.ID_COLUMN, page.sort)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_holds(connection, order, standing=standing, cursor=page.cursor, limit=page.rows)
    items, next_cursor = cut_page(order, found, page.limit, lambda hold: hold.hold_id)
    return LegalHoldPage(items=items, next_cursor=next_cursor)


def _record(connection: Connection, hold: LegalHold, what: str, actor: str) -> None:
    audit.record(
        connection,
        actor=actor,
        action=f"legal_hold.{what}",
        subject_kind=hold.subject_kind,
        subject_id=hold.subject_id,
        detail={"hold_id": str(hold.hold_id), "reference": hold.reference},
    )
