"""Many face events, each recorded by itself, and the list of those that raised an alarm. What is made of one event is
`footfall.sightings`'."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TenantId
from contracts.event_batches import EventAlarmPage
from contracts.events import FaceDetectedV1
from contracts.people import EventReceipt
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import FootfallError, ServiceUnavailableError
from footfall.services import Services
from footfall.sightings import record_sighting
from footfall.stores.postgres.event_alarms import select_alarms
from footfall.tenancy import tenant_transaction

_ALARMS = "event-alarms"


def record_batch(
    services: Services,
    tenant_id: TenantId,
    batch: Sequence[tuple[FaceDetectedV1, bytes | None]],
    *,
    actor: str,
    allowed_cameras: Collection[UUID] | None,
) -> list[EventReceipt | FootfallError]:
    """Of each event with its picture the receipt, or the error that refused it, in their order. Each stands by itself:
    what was refused keeps nothing else from being recorded.

    Once a store is found to be away the rest is not tried: waiting for it event by event would take minutes.
    """
    results: list[EventReceipt | FootfallError] = []
    away: ServiceUnavailableError | None = None
    for event, picture in batch:
        if away is not None:
            results.append(away)
            continue
        try:
            results.append(
                record_sighting(services, tenant_id, event, picture, actor=actor, allowed_cameras=allowed_cameras)
            )
        except FootfallError as error:
            results.append(error)
            if isinstance(error, ServiceUnavailableError):
                away = error
    return results


def list_alarms(engine: Engine, tenant_id: TenantId, *, limit: int, cursor: str | None) -> EventAlarmPage:
    """Events whose template and picture disagree, the latest recorded first. Raises InputError."""
    check_limit(limit)
    after = decode_cursor(_ALARMS, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = select_alarms(connection, after=after, limit=limit + 1)
    shown, more = found[:limit], len(found) > limit
    last = Position(shown[-1].committed_at, shown[-1].event_id) if more else None
    return EventAlarmPage(items=tuple(shown), next_cursor=None if last is None else encode_cursor(_ALARMS, last))
