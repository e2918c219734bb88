"""Rows of the table face_events that raised an alarm. What raises one is `footfall.event_recheck`'s."""

from __future__ import annotations

from sqlalchemy import Connection, text

from contracts.event_batches import EventAlarm
from footfall.cursors import Position


def select_alarms(connection: Connection, *, after: Position | None, limit: int) -> list[EventAlarm]:
    """The latest recorded first."""
    rows = connection.execute(
        text("""
            select event_id, recheck as verdict, recheck_score as cosine, site_id, camera_id, worker, captured_at,
                   committed_at, decision
            from footfall.face_events
            where recheck in ('disagrees', 'no_face')
              and (cast(:after_at as timestamptz) is null
                   or (committed_at, event_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by committed_at desc, event_id desc
            limit :limit
        """),
        {
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [EventAlarm.model_validate(dict(row)) for row in rows.mappings()]
