"""The table retention_terms: a tenant's own terms, and since when its record is whole. No rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class TermsRow:
    """None: the installation's."""

    audit_days: int | None = None
    event_days: int | None = None
    mart_days: int | None = None
    whole_since: datetime | None = None


def select_terms(connection: Connection) -> TermsRow:
    row = connection.execute(
        text("select audit_days, event_days, mart_days, whole_since from footfall.retention_terms")
    ).one_or_none()
    return TermsRow() if row is None else TermsRow(*row)


def upsert_terms(connection: Connection, terms: TermsRow, *, updated_by: str) -> None:
    """Writes the three terms; since when the record is whole stays as it is."""
    connection.execute(
        text("""
            insert into footfall.retention_terms (tenant_id, audit_days, event_days, mart_days, updated_by)
            values (footfall.current_tenant(), :audit_days, :event_days, :mart_days, :updated_by)
            on conflict (tenant_id) do update
            set audit_days = excluded.audit_days, event_days = excluded.event_days, mart_days = excluded.mart_days,
                updated_at = now(), updated_by = excluded.updated_by
        """),
        {
            "audit_days": terms.audit_days,
            "event_days": terms.event_days,
            "mart_days": terms.mart_days,
            "updated_by": updated_by,
        },
    )


def note_whole_since(connection: Connection, whole_since: datetime, *, updated_by: str) -> None:
    """From when on the record is whole: never earlier than it was noted before."""
    connection.execute(
        text("""
            insert into footfall.retention_terms (tenant_id, whole_since, updated_by)
            values (footfall.current_tenant(), :whole_since, :updated_by)
            on conflict (tenant_id) do update
            set whole_since = greatest(retention_terms.whole_since, excluded.whole_since)
        """),
        {"whole_since": whole_since, "updated_by": updated_by},
    )
