"""Which image a face event names. Images themselves are in `footfall.stores.objects`."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import Connection, text

from contracts.base import EventId


def select_image_key(
    connection: Connection, event_id: EventId, *, allowed_sites: Collection[UUID] | None
) -> str | None:
    """None for an event that is not there, is of no allowed site, or has no image."""
    found: str | None = connection.execute(
        text("""
            select image_key from footfall.face_events
            where event_id = :event_id
              and (cast(:sites as uuid[]) is null or site_id = any(cast(:sites as uuid[])))
        """),
        {"event_id": event_id, "sites": None if allowed_sites is None else list(allowed_sites)},
    ).scalar_one_or_none()
    return found
