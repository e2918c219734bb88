"""The table audit_log: rows in. What is worth an entry is decided by the callers of `footfall.audit`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import Connection, text


def insert(
    connection: Connection,
    *,
    actor: str,
    action: str,
    subject_kind: str,
    subject_id: str,
    detail: Mapping[str, JsonValue],
) -> None:
    """Adds an entry to the bound tenant's log."""
    connection.execute(
        text(
            "insert into footfall.audit_log (tenant_id, actor, action, subject_kind, subject_id, detail)"
            " values (footfall.current_tenant(), :actor, :action, :subject_kind, :subject_id, cast(:detail as jsonb))"
        ),
        {
            "actor": actor,
            "action": action,
            "subject_kind": subject_kind,
            "subject_id": subject_id,
            "detail": json.dumps(detail, allow_nan=False),
        },
    )
