"""The steps of an erasure, each of which can be done again without harm: what it does, and what it counts. In which
order, and what is remembered of it, is `footfall.erasure`'s; whether it worked, `footfall.erasure_proof`'s."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection, Engine

from contracts.base import TemplateId, TenantId
from contracts.erasure import ErasureRequest, StepName
from footfall import erasure_workers
from footfall.errors import ConfigurationError, NotFoundError
from footfall.face_keys import destroy_face_keys, destroy_tenant_keys
from footfall.key_ring import refresh_key_rings
from footfall.legal_hold import Subject, held
from footfall.settings import Settings
from footfall.stores.base import BucketKind, ObjectStore, VectorStore
from footfall.stores.postgres import erasure_catalogue as catalogue
from footfall.stores.postgres import erasure_rows as rows
from footfall.stores.postgres import erasures
from footfall.stores.postgres.locks import lock_gallery
from footfall.tenancy import tenant_transaction

ROWS_AT_ONCE = 5_000
"""Of one transaction: what it locks is free again within a second."""
BUCKETS: tuple[BucketKind, ...] = ("raw", "derived")

Tick = Callable[[], None]
"""Told after every transaction of a step that has several."""


@dataclass(frozen=True, slots=True)
class Erasing:
    """An erasure under way, with what it works on. `refresh_marts`: brings every mart up to date, or raises; None where
    nobody has marts."""

    engine: Engine
    vectors: VectorStore
    objects: ObjectStore
    settings: Settings
    tenant_id: TenantId
    request: ErasureRequest
    refresh_marts: Callable[[], None] | None = None

    @property
    def request_id(self) -> UUID:
        return self.request.request_id

    @property
    def whole(self) -> bool:
        return self.request.subject_kind == "tenant"

    def items(self, *kinds: erasures.ItemKind) -> list[str]:
        """Raises PostgresUnavailableError."""
        with tenant_transaction(self.engine, self.tenant_id) as connection:
            return erasures.select_items(connection, self.request_id, *kinds)


def held_back(connection: Connection, erasing: Erasing) -> str | None:
    """Why nothing may be erased now; the answer holds until the transaction ends."""
    request = erasing.request
    subject_id = request.customer_id or request.staff_id or request.camera_id or erasing.tenant_id
    if held(connection, erasing.tenant_id, Subject(request.subject_kind, subject_id)):
        return "A legal hold keeps it as it is; the erasure goes on when the hold is lifted."
    return None


def erase_rows(erasing: Erasing, tick: Tick) -> str | None:
    """Rows of Postgres, and in the same transactions a note of what other stores hold. Answers why it waits."""
    if erasing.whole:
        return _erase_tenant_rows(erasing, tick)
    while True:
        with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
            lock_gallery(connection, erasing.tenant_id)
            waits = held_back(connection, erasing)
            if waits is not None:
                return waits
            taken = _take(connection, erasing)
            for kind, items in taken.items.items():
                erasures.note_items(connection, erasing.request_id, kind, items)
            erasures.add_counts(connection, erasing.request_id, "rows", taken.counts)
            erasures.add_counts(connection, erasing.request_id, "keys", {"keys": taken.face_keys})
        tick()
        if erasing.request.subject_kind != "camera" or taken.counts.get("face_events", 0) < ROWS_AT_ONCE:
            return None


def destroy_keys(erasing: Erasing, _tick: Tick) -> str | None:
    """Without its key no copy of an image or template opens, in whichever backup it lies. Most went with their rows,
    or before those of a whole tenant, and were counted there."""
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        if erasing.whole:
            gone = destroy_tenant_keys(connection, erasing.tenant_id)
        else:
            faces = erasures.select_items(connection, erasing.request_id, "event", "face", "template")
            gone = destroy_face_keys(connection, erasing.tenant_id, [UUID(face) for face in faces])
        erasures.add_counts(connection, erasing.request_id, "keys", {"keys": gone})
    return None


def erase_vectors(erasing: Erasing, _tick: Tick) -> str | None:
    wanted = None if erasing.whole else template_ids(erasing)
    held_before, _ = erasing.vectors.remaining(erasing.tenant_id, wanted)
    collections = erasing.vectors.erase(erasing.tenant_id, wanted)
    _count(erasing, "vectors", {"vectors": held_before})
    _set(erasing, "vectors", "collections", collections)
    return None


def erase_objects(erasing: Erasing, _tick: Tick) -> str | None:
    for bucket in BUCKETS:
        keys = None if erasing.whole else erasing.items(bucket)
        there = erasing.objects.remaining(erasing.tenant_id, bucket, keys)
        erasing.objects.erase(erasing.tenant_id, bucket, keys)
        _count(erasing, "objects", {bucket: there})
    return None


def tell_workers(erasing: Erasing, _tick: Tick) -> str | None:
    """Has the key rings of backups written anew, which are as far away as a worker may be. Answers who has not said yet
    that it has forgotten, or which ring still has the keys."""
    behind = _rings_behind(erasing)
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        told = erasure_workers.tell(connection, erasing.tenant_id, erasing.request)
        erasures.set_counts(connection, erasing.request_id, "workers", told.counts)
    return told.waits or behind


def rebuild_marts(erasing: Erasing, _tick: Tick) -> str | None:
    """The days that were touched have been noted by the deletions themselves: the marts' own refresh finds them."""
    if erasing.refresh_marts is None:
        raise ConfigurationError(
            "The marts cannot be rebuilt from here.",
            hint="Set FOOTFALL_POSTGRES__TRANSFORM_DSN, or let the job `erase` go on with it.",
        )
    erasing.refresh_marts()
    _set(erasing, "marts", "refreshes", 1)
    return None


def erase_remains(erasing: Erasing, tick: Tick) -> str | None:
    """What of a tenant its workers needed until they had answered, and the tenant's name."""
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        waits = held_back(connection, erasing)
    if waits is not None:
        return waits
    _empty(erasing, "remains", lambda table: table not in catalogue.KEPT, tick)
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        rows.bury_tenant(connection)
    return None


def _rings_behind(erasing: Erasing) -> str | None:
    faults = [state.fault for state in refresh_key_rings(erasing.settings, erasing.engine) if state.fault is not None]
    return f"{faults[0]} It still has the keys; `footfall keys rings`." if faults else None


def template_ids(erasing: Erasing) -> list[TemplateId]:
    """Of the vector store: customers' templates and enrolled faces."""
    return [TemplateId(UUID(item)) for item in erasing.items("template", "face")]


def _take(connection: Connection, erasing: Erasing) -> rows.Taken:
    request = erasing.request
    known = erasures.select_items(connection, request.request_id, "event")
    if request.camera_id is not None and request.since is not None and request.until is not None:
        return rows.delete_period(
            connection, request.camera_id, request.since, request.until, at_once=ROWS_AT_ONCE, also_known=known
        )
    people = {UUID(person) for person in erasures.select_items(connection, request.request_id, "person")}
    if request.staff_id is not None:
        people.update([request.staff_id, *rows.people_of_staff(connection, request.staff_id)])
    elif request.customer_id is not None:
        people.update([request.customer_id, *rows.people_of_customer(connection, request.customer_id)])
    else:
        raise NotFoundError("The request names nobody.")
    return rows.delete_person(connection, sorted(people), also_known=known)


def _erase_tenant_rows(erasing: Erasing, tick: Tick) -> str | None:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        waits = held_back(connection, erasing)
        if waits is None:
            rows.note_sites(connection)
    if waits is not None:
        return waits
    # Ahead of the rows, with each of which the database would destroy its face's key uncounted.
    for table in catalogue.KEYS:
        _empty_table(erasing, table, "keys", "keys", tick)
    _empty(erasing, "rows", lambda table: table not in catalogue.KEPT | catalogue.FOR_WORKERS, tick)
    return None


def _empty(erasing: Erasing, step: StepName, wanted: Callable[[str], bool], tick: Tick) -> None:
    """Deletes the tenant's rows table by table, those first that refer to others. Tables that this role may not delete
    from are left, and found by the proof; keys of faces are counted apart."""
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        tables = [
            table
            for table in catalogue.tenant_tables(connection)
            if table not in catalogue.KEYS and wanted(table) and catalogue.deletable(connection, table)
        ]
    for table in tables:
        _empty_table(erasing, table, step, table, tick)


def _empty_table(erasing: Erasing, table: str, step: StepName, counted_as: str, tick: Tick) -> None:
    gone = ROWS_AT_ONCE
    while gone == ROWS_AT_ONCE:
        with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
            gone = rows.delete_of_tenant(connection, table, at_once=ROWS_AT_ONCE)
            erasures.add_counts(connection, erasing.request_id, step, {counted_as: gone})
        if gone:
            tick()


def _count(erasing: Erasing, step: StepName, counts: dict[str, int]) -> None:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        erasures.add_counts(connection, erasing.request_id, step, counts)


def _set(erasing: Erasing, step: StepName, name: str, count: int) -> None:
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        counted = erasures.select_steps(connection, erasing.request_id)[step].counts
        erasures.set_counts(connection, erasing.request_id, step, {**counted, name: count})


STEPS: dict[StepName, Callable[[Erasing, Tick], str | None]] = {
    "rows": erase_rows,
    "keys": destroy_keys,
    "vectors": erase_vectors,
    "objects": erase_objects,
    "workers": tell_workers,
    "marts": rebuild_marts,
    "remains": erase_remains,
}
"""All but the proof, in their order. Each answers why it waits, or None when it is done."""
