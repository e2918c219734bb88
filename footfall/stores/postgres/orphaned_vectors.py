"""The table orphaned_vectors: since when a vector is known to have no row. Rows in and out; no rules."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import TemplateId


def note_orphans(connection: Connection, template_ids: Collection[UUID], now: datetime) -> dict[TemplateId, datetime]:
    """Since when each was found: those that were noted before keep their time, others that are no orphans any more are
    forgotten."""
    ids = {"ids": list(template_ids)}
    connection.execute(
        text("delete from footfall.orphaned_vectors where not template_id = any(cast(:ids as uuid[]))"), ids
    )
    connection.execute(
        text("""
            insert into footfall.orphaned_vectors (tenant_id, template_id, found_at)
            select footfall.current_tenant(), found.template_id, :now
            from unnest(cast(:ids as uuid[])) as found (template_id)
            on conflict do nothing
        """),
        {**ids, "now": now},
    )
    rows = connection.execute(text("select template_id, found_at from footfall.orphaned_vectors"))
    return {TemplateId(row.template_id): row.found_at for row in rows}


def select_noted(connection: Connection) -> dict[TemplateId, datetime]:
    rows = connection.execute(text("select template_id, found_at from footfall.orphaned_vectors"))
    return {TemplateId(row.template_id): row.found_at for row in rows}


def forget(connection: Connection, template_ids: Collection[UUID]) -> None:
    connection.execute(
        text("delete from footfall.orphaned_vectors where template_id = any(cast(:ids as uuid[]))"),
        {"ids": list(template_ids)},
    )
