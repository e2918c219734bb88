"""Tables live_events and live_heads. Rows in and out; visits and cameras write theirs by triggers, and every event gets
its position when its transaction commits (migrations/sql/0008_workers.sql)."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.live import LiveEvent, LiveKind


def publish(
    connection: Connection,
    kind: LiveKind,
    subject_id: UUID,
    site_ids: Collection[UUID],
    detail: Mapping[str, str] | None = None,
) -> None:
    """Tells the bound tenant's listeners, if the transaction commits. `detail`: as in LiveEvent."""
    connection.execute(
        text("""
            insert into footfall.live_events (tenant_id, kind, subject_id, site_ids, detail)
            values (footfall.current_tenant(), :kind, :subject_id, cast(:site_ids as uuid[]), cast(:detail as jsonb))
        """),
        {
            "kind": kind,
            "subject_id": subject_id,
            "site_ids": sorted(site_ids),
            "detail": json.dumps(dict(detail or {})),
        },
    )


def head(connection: Connection) -> int:
    """The position of the latest event; 0 before the first."""
    found: int | None = connection.execute(text("select position from footfall.live_heads")).scalar_one_or_none()
    return found or 0


def oldest(connection: Connection) -> int | None:
    """The position of the oldest event that is still kept."""
    found: int | None = connection.execute(text("select min(position) from footfall.live_events")).scalar_one()
    return found


def select_after(connection: Connection, position: int, *, limit: int) -> list[LiveEvent]:
    """Events after the position, in their order."""
    rows = connection.execute(
        text("""
            select position, kind, subject_id, site_ids, detail, at
            from footfall.live_events
            where position > :position
            order by position
            limit :limit
        """),
        {"position": position, "limit": limit},
    )
    return [_event(row) for row in rows.mappings()]


def _event(row: RowMapping) -> LiveEvent:
    sites = row["site_ids"]
    return LiveEvent(
        id=row["position"],
        kind=row["kind"],
        at=row["at"],
        subject_id=row["subject_id"],
        site_ids=None if sites is None else tuple(sites),
        person_kind=row["detail"].get("person_kind"),
        state=row["detail"].get("state"),
    )
