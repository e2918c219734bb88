"""Which images the bound tenant's rows name. Images themselves are in `footfall.stores.objects`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import PurePosixPath
from uuid import UUID

from sqlalchemy import Connection, TextClause, text

from footfall.stores.base import BucketKind
from footfall.stores.postgres.legal_holds import HELD_EVENTS

_RECORDED: Mapping[BucketKind, TextClause] = {
    "raw": text("select image_key from footfall.face_events where image_key is not null"),
    "derived": text(
        "select image_key from footfall.staff_face_images union all select crop_key from footfall.staff_face_images"
    ),
}


def recorded(connection: Connection, bucket: BucketKind) -> frozenset[str]:
    """Keys in that bucket that a row of the bound tenant names."""
    return frozenset(connection.execute(_RECORDED[bucket]).scalars())


def recorded_between(connection: Connection, *, since: datetime, until: datetime) -> frozenset[str]:
    """Keys of raw images that events of the bound tenant name which were recorded in [since, until)."""
    rows = connection.execute(
        text(
            "select e.image_key from footfall.sites as s"
            " inner join footfall.face_events as e on e.tenant_id = s.tenant_id and e.site_id = s.site_id"
            " where e.image_key is not null and e.captured_at >= :since and e.received_at < :until"
        ),
        {"since": since, "until": until},
    )
    return frozenset(rows.scalars())


def captured_before(connection: Connection, keys: Iterable[str], cutoff: datetime) -> set[str]:
    """Those of the keys of raw images whose event of the bound tenant was captured before `cutoff`. An image is named
    after its event, so this asks by the event's id and needs no index of its own."""
    by_event = _by_event(keys)
    rows = connection.execute(
        text(
            "select event_id from footfall.face_events"
            " where tenant_id = footfall.current_tenant() and event_id = any(:ids) and captured_at < :cutoff"
        ),
        {"ids": list(by_event), "cutoff": cutoff},
    )
    return {by_event[event_id] for event_id in rows.scalars()}


def held(connection: Connection, keys: Iterable[str]) -> set[str]:
    """Those of the keys of raw images whose event of the bound tenant is under a legal hold; all of them where the
    tenant is."""
    wanted = set(keys)
    standing = connection.execute(
        text("select count(*), bool_or(subject_kind = 'tenant') from footfall.legal_holds where lifted_at is null")
    ).one()
    if not standing[0]:
        return set()
    if standing[1]:
        return wanted
    by_event = _by_event(wanted)
    rows = connection.execute(
        text(f"select e.event_id from footfall.face_events as e where e.event_id = any(:ids) and {HELD_EVENTS}"),  # noqa: S608
        {"ids": list(by_event)},
    )
    return {by_event[event_id] for event_id in rows.scalars()}


def _by_event(keys: Iterable[str]) -> dict[UUID, str]:
    """An image is named after its event."""
    by_event: dict[UUID, str] = {}
    for key in keys:
        try:
            by_event[UUID(PurePosixPath(key).stem)] = key
        except ValueError:
            continue
    return by_event
