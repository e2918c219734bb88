"""Who did what to whom, written in the transaction that does it. Reading the log is not here."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from pydantic import JsonValue
from sqlalchemy import Connection

from footfall.stores.postgres import audit as table


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
    key, for the log can be read by more people than those and is never shortened.
    """
    table.insert(
        connection,
        actor=actor,
        action=action,
        subject_kind=subject_kind,
        subject_id=str(subject_id),
        detail=detail or {},
    )
