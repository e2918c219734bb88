"""Reading every store back after an erasure, at the strictest consistency that it has. Nothing is deleted here, and
nothing is signed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, text

from contracts.erasure import ErasureStep, StepName, Store, StoreProof
from footfall.erasure_steps import BUCKETS, Erasing, template_ids
from footfall.stores.postgres import erasure_catalogue as catalogue
from footfall.stores.postgres import erasure_workers, erasures
from footfall.tenancy import tenant_transaction

_STEPS_OF: Mapping[Store, tuple[StepName, ...]] = {
    "postgres": ("rows", "remains"),
    "keys": ("keys",),
    "vectors": ("vectors",),
    "objects": ("objects",),
    "workers": ("workers",),
    "marts": ("marts",),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a store still held. `found`: by table, bucket or mart, where there was any."""

    store: Store
    looked_for: int
    looked_at: int
    found: dict[str, int]
    consistency: str

    def proven(self, steps: Mapping[StepName, ErasureStep]) -> StoreProof:
        """Raises ValueError where something was found."""
        if self.found:
            raise ValueError("what was found is not gone")
        erased: dict[str, int] = {}
        for step in _STEPS_OF[self.store]:
            if step in steps:
                for name, count in steps[step].counts.items():
                    erased[name] = erased.get(name, 0) + count
        return StoreProof(
            store=self.store,
            erased=erased,
            looked_for=self.looked_for,
            looked_at=self.looked_at,
            consistency=self.consistency,
        )


def steps_to_repeat(readings: list[Reading]) -> set[StepName]:
    """What must be done again where something was found. Of rows that came back every store may have got something."""
    found = {reading.store for reading in readings if reading.found}
    return {step for store, steps in _STEPS_OF.items() if "postgres" in found or store in found for step in steps}


def read_back(erasing: Erasing, *, erased_at: datetime) -> list[Reading]:
    """Every store, whatever the steps said. `erased_at`: when the rows were gone; marts must be younger.

    Raises ServiceUnavailableError while a store is away.
    """
    with tenant_transaction(erasing.engine, erasing.tenant_id) as connection:
        ids = erasures.select_items(connection, erasing.request_id, "person", "event", "template", "face")
        return [
            _rows(connection, erasing, ids),
            _keys(connection, erasing),
            _vectors(erasing),
            _objects(erasing),
            _workers(connection, erasing),
            _marts(connection, erasing, ids, erased_at),
        ]


def _rows(connection: Connection, erasing: Erasing, ids: list[str]) -> Reading:
    if connection.execute(text("select pg_is_in_recovery()")).scalar_one():
        found, tables = {"a replica, which may lag": 1}, 0
    elif erasing.whole:
        names = [name for name in catalogue.tenant_tables(connection) if name not in catalogue.KEPT | catalogue.KEYS]
        found, tables = catalogue.count_of_tenant(connection, names), len(names)
    else:
        found, tables = catalogue.find_ids(connection, ids)
        seen = _seen_in_period(connection, erasing)
        if seen:
            found["face_events"] = found.get("face_events", 0) + seen
    return Reading(
        "postgres", len(ids), tables, found, "the primary, committed rows of every table that its catalogue names"
    )


def _seen_in_period(connection: Connection, erasing: Erasing) -> int:
    """Sightings of the camera in the period, whether they were noted or came later."""
    request = erasing.request
    if request.camera_id is None:
        return 0
    return int(
        connection.execute(
            text("""
                select count(*) from footfall.face_events
                where camera_id = :camera_id and captured_at >= :since and captured_at < :until
            """),
            {"camera_id": request.camera_id, "since": request.since, "until": request.until},
        ).scalar_one()
    )


def _keys(connection: Connection, erasing: Erasing) -> Reading:
    faces = None
    if not erasing.whole:
        faces = erasures.select_items(connection, erasing.request_id, "event", "face", "template")
    left = catalogue.count_keys(connection, faces)
    return Reading("keys", len(faces or ()), 1, _where_any({"face_keys": left}), "the primary, committed rows")


def _vectors(erasing: Erasing) -> Reading:
    wanted = None if erasing.whole else template_ids(erasing)
    left, collections = erasing.vectors.remaining(erasing.tenant_id, wanted)
    return Reading(
        "vectors",
        len(wanted or ()),
        collections,
        _where_any({"vectors": left}),
        "strong, in every collection of the alias, served or kept",
    )


def _objects(erasing: Erasing) -> Reading:
    found: dict[str, int] = {}
    looked_for = 0
    for bucket in BUCKETS:
        keys = None if erasing.whole else erasing.items(bucket)
        found[bucket] = erasing.objects.remaining(erasing.tenant_id, bucket, keys)
        looked_for += len(keys or ())
    return Reading(
        "objects", looked_for, len(BUCKETS), _where_any(found), "read after write, versions and delete markers included"
    )


def _workers(connection: Connection, erasing: Erasing) -> Reading:
    answers = erasure_workers.select_answers(connection, erasing.request_id)
    silent = sum(not answer.succeeded for answer in answers)
    return Reading(
        "workers", len(answers), len(answers), _where_any({"workers": silent}), "each registered worker's own answer"
    )


def _marts(connection: Connection, erasing: Erasing, ids: list[str], erased_at: datetime) -> Reading:
    found, marts = catalogue.find_in_marts(connection, ids, whole=erasing.whole, rebuilt_after=erased_at)
    return Reading(
        "marts", len(ids), marts, found, "committed rows, rebuilt after the erasure of what they are made of"
    )


def _where_any(counts: dict[str, int]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if count}
