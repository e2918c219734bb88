"""The log of corrections, read: as pages of the API, and held against the record. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine

from contracts.base import EventId, TenantId
from contracts.corrections import Correction, CorrectionPage
from footfall.correction_records import CorrectionRow, first_owners, replay
from footfall.cursors import Position, check_limit, decode_cursor, encode_cursor
from footfall.stores.postgres import corrections as table
from footfall.stores.postgres import reassignments
from footfall.tenancy import tenant_transaction

_CORRECTIONS = "corrections"


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """Whether the log and the record tell the same: sightings that are another's than a replay says, and the sentence
    that says where the log is not whole (empty when it is)."""

    sightings: int
    astray: frozenset[EventId]
    broken: str

    @property
    def holds(self) -> bool:
        return not self.astray and not self.broken


def list_corrections(engine: Engine, tenant_id: TenantId, *, limit: int, cursor: str | None) -> CorrectionPage:
    """Latest first. Raises InputError for a bad limit or cursor."""
    check_limit(limit)
    after = decode_cursor(_CORRECTIONS, cursor)
    with tenant_transaction(engine, tenant_id) as connection:
        found = table.select_correction_page(connection, after=after, limit=limit + 1)
    rows, more = found[:limit], len(found) > limit
    last = Position(rows[-1].at, rows[-1].correction_id) if more else None
    return CorrectionPage(
        items=tuple(shown(row) for row in rows),
        next_cursor=None if last is None else encode_cursor(_CORRECTIONS, last),
    )


def shown(row: CorrectionRow) -> Correction:
    """The entry as the API shows it."""
    people = sorted(row.changes.people(), key=lambda person: (person.person_kind, person.person_id))
    return Correction(
        correction_id=row.correction_id,
        kind=row.kind,
        at=row.at,
        actor=row.actor,
        people=tuple(people),
        created=row.changes.created,
        sightings=len(row.changes.events) + len(row.changes.faces),
        templates=len(row.changes.templates),
        undoes=row.undoes,
        undone_by=row.undone_by,
    )


def hold_against_record(engine: Engine, tenant_id: TenantId) -> LogVerdict:
    """Replays the whole log from who everybody was first decided to be, at one moment."""
    with tenant_transaction(engine, tenant_id) as connection:
        log = table.select_log(connection)
        moved = {EventId(move.event_id) for row in log for move in row.changes.events}
        current = {
            event.event_id: event.person for event in reassignments.select_filed_events(connection, event_ids=moved)
        }
    try:
        expected = replay(first_owners(current, log), log)
    except ValueError as error:
        return LogVerdict(len(current), frozenset(), str(error))
    astray = frozenset(event_id for event_id, person in current.items() if expected[event_id] != person)
    return LogVerdict(len(current), astray, "")
