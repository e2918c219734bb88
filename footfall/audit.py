"""Who did what to whom, from where, written in the transaction that does it; and reading the log. Whether it is whole
is `footfall.audit_chain`'s."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection, Engine

from contracts.audit import AuditPage, AuditSort
from contracts.base import TenantId
from footfall.cursors import check_limit, read_cursor, refused_cursor, write_cursor
from footfall.errors import TakenOverError
from footfall.origin import current_origin
from footfall.stores.postgres import audit as table
from footfall.stores.postgres import idempotency
from footfall.stores.postgres.audit import AuditFilter
from footfall.tenancy import tenant_transaction

_LARGEST_ID = 2**63 - 1


def record(
    connection: Connection,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str | UUID,
    detail: Mapping[str, JsonValue] | None = None,
) -> None:
    """Adds an entry to the bound tenant's log; it stands or falls with the caller's transaction.

    `actor` is a principal's subject, or the name of the job that acts by itself. `action` is `<subject>.<verb>`, as
    in `staff.face_enrolled`. `detail` holds counts, ids and settings: never a template, an image, a password or a
    key, for the log can be read by more people than those and is never shortened. From where is `footfall.origin`'s to
    know. Raises TakenOverError when the request's idempotency key is another's by now: docs/adr/idempotency-keys.md.
    """
    origin = current_origin()
    table.insert(
        connection,
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        detail=detail or {},
        client_address=origin.client_address,
        request_id=origin.request_id,
    )
    if origin.claim_id is not None and not idempotency.note_deed(
        connection, origin.claim_id, action=action, subject_kind=subject_kind, subject_id=str(subject_id)
    ):
        raise TakenOverError("Another request with the same idempotency key has taken this one's place.")


def list_entries(
    engine: Engine, tenant_id: TenantId, wanted: AuditFilter, *, sort: AuditSort, limit: int, cursor: str | None
) -> AuditPage:
    """Entries that fit, latest first or oldest first. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = _after(sort, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_page(connection, wanted, latest_first=sort == "-at", after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    return AuditPage(
        items=tuple(shown), next_cursor=write_cursor(_listing(sort), str(shown[-1].audit_id)) if more else None
    )


def _after(sort: AuditSort, cursor: str | None) -> int | None:
    if cursor is None:
        return None
    try:
        [last] = read_cursor(_listing(sort), cursor)
        audit_id = int(last)
    except ValueError as error:
        raise refused_cursor() from error
    if not 0 < audit_id <= _LARGEST_ID:
        raise refused_cursor()
    return audit_id


def _listing(sort: AuditSort) -> str:
    return f"audit:{sort}"
