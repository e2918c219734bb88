"""Table visits. Rows in and out; what makes a visit is decided in `footfall.visits`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import CameraId, PersonKind, SiteId, StaffId, TenantId, VisitId
from footfall.cursors import Position
from footfall.visits import Visit


@dataclass(frozen=True, slots=True)
class Person:
    person_kind: PersonKind
    person_id: UUID


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit with the names that a record shows."""

    visit: Visit
    tenant_id: TenantId
    site_id: SiteId
    site_name: str
    person: Person
    display_name: str | None
    is_first_visit: bool
    visit_gap: timedelta


def select_visits_near(
    connection: Connection, person: Person, site_id: SiteId, *, started_at: datetime, ended_at: datetime, gap: timedelta
) -> list[Visit]:
    """The person's visits at the site that lie closer to the span than the gap."""
    rows = connection.execute(
        text("""
            select visit_id, started_at, ended_at, sightings, camera_ids, best_score
            from footfall.visits
            where site_id = :site_id
              and (staff_id = cast(:staff_id as uuid) or customer_id = cast(:customer_id as uuid))
              and started_at < :before and ended_at > :after
        """),
        {"site_id": site_id, "before": ended_at + gap, "after": started_at - gap, **_person(person)},
    )
    return [_visit(row) for row in rows.mappings()]


def upsert_visit(connection: Connection, tenant_id: TenantId, person: Person, site_id: SiteId, visit: Visit) -> None:
    """Writes the visit; a new one is not the person's first until `mark_first_visit` says so."""
    connection.execute(
        text("""
            insert into footfall.visits (
                tenant_id, visit_id, site_id, person_kind, staff_id, customer_id, started_at, ended_at, sightings,
                camera_ids, is_first_visit, best_score
            )
            values (
                :tenant_id, :visit_id, :site_id, :person_kind, :staff_id, :customer_id, :started_at, :ended_at,
                :sightings, cast(:camera_ids as uuid[]), false, :best_score
            )
            on conflict (tenant_id, visit_id) do update
            set started_at = excluded.started_at,
                ended_at = excluded.ended_at,
                sightings = excluded.sightings,
                camera_ids = excluded.camera_ids,
                best_score = excluded.best_score,
                updated_at = now()
        """),
        {
            "tenant_id": tenant_id,
            "visit_id": visit.visit_id,
            "site_id": site_id,
            "person_kind": person.person_kind,
            "started_at": visit.started_at,
            "ended_at": visit.ended_at,
            "sightings": visit.sightings,
            "camera_ids": list(visit.camera_ids),
            "best_score": visit.best_score,
            **_person(person),
        },
    )


def replace_visits(connection: Connection, replaced_ids: Collection[VisitId], kept: VisitId) -> None:
    """Points the events of the replaced visits at the one that is kept, and deletes them."""
    parameters = {"replaced": list(replaced_ids), "kept": kept}
    connection.execute(
        text("""
            update footfall.face_events
            set visit_id = :kept
            where visit_id = any(cast(:replaced as uuid[]))
        """),
        parameters,
    )
    connection.execute(
        text("delete from footfall.visits where visit_id = any(cast(:replaced as uuid[]))"),
        {"replaced": list(replaced_ids)},
    )


def mark_first_visit(connection: Connection, person: Person) -> None:
    """Makes the person's earliest visit in the tenant, and no other, the first one."""
    connection.execute(
        text("""
            with ranked as (
                select visit_id, row_number() over (order by started_at, visit_id) = 1 as earliest
                from footfall.visits
                where staff_id = cast(:staff_id as uuid) or customer_id = cast(:customer_id as uuid)
            )
            update footfall.visits as v
            set is_first_visit = r.earliest, updated_at = now()
            from ranked as r
            where v.visit_id = r.visit_id and v.is_first_visit <> r.earliest
        """),
        _person(person),
    )


def delete_visits_of_staff(connection: Connection, staff_id: StaffId) -> int:
    """How many visits were deleted. The staff member's events must be gone."""
    return connection.execute(
        text("delete from footfall.visits where staff_id = :staff_id"), {"staff_id": staff_id}
    ).rowcount


def select_visit_page(
    connection: Connection,
    *,
    site_id: SiteId | None,
    allowed_sites: Collection[UUID] | None,
    camera_id: CameraId | None,
    person_kind: PersonKind | None,
    person: Person | None,
    since: datetime | None,
    until: datetime | None,
    after: Position | None,
    limit: int,
) -> list[VisitRow]:
    """Visits that began in [since, until), latest first."""
    rows = connection.execute(
        text("""
            select v.visit_id, v.tenant_id, v.site_id, s.name as site_name, v.person_kind, v.staff_id, v.customer_id,
                   p.display_name, v.started_at, v.ended_at, v.sightings, v.camera_ids, v.is_first_visit, v.best_score,
                   s.visit_gap_minutes
            from footfall.visits as v
            inner join footfall.sites as s on s.tenant_id = v.tenant_id and s.site_id = v.site_id
            left join footfall.staff as p on p.tenant_id = v.tenant_id and p.staff_id = v.staff_id
            where (cast(:site_id as uuid) is null or v.site_id = cast(:site_id as uuid))
              and (cast(:allowed_sites as uuid[]) is null or v.site_id = any(cast(:allowed_sites as uuid[])))
              and (cast(:camera_id as uuid) is null or cast(:camera_id as uuid) = any(v.camera_ids))
              and (cast(:person_kind as text) is null or v.person_kind = cast(:person_kind as text))
              and (not :one_person
                   or v.staff_id = cast(:staff_id as uuid) or v.customer_id = cast(:customer_id as uuid))
              and (cast(:since as timestamptz) is null or v.started_at >= cast(:since as timestamptz))
              and (cast(:until as timestamptz) is null or v.started_at < cast(:until as timestamptz))
              and (cast(:after_at as timestamptz) is null
                   or (v.started_at, v.visit_id) < (cast(:after_at as timestamptz), cast(:after_id as uuid)))
            order by v.started_at desc, v.visit_id desc
            limit :limit
        """),
        {
            "site_id": site_id,
            "allowed_sites": None if allowed_sites is None else list(allowed_sites),
            "camera_id": camera_id,
            "person_kind": person_kind,
            "one_person": person is not None,
            **({"staff_id": None, "customer_id": None} if person is None else _person(person)),
            "since": since,
            "until": until,
            "after_at": None if after is None else after.at,
            "after_id": None if after is None else after.row_id,
            "limit": limit,
        },
    )
    return [
        VisitRow(
            visit=_visit(row),
            tenant_id=row["tenant_id"],
            site_id=row["site_id"],
            site_name=row["site_name"],
            person=Person(row["person_kind"], row["staff_id"] or row["customer_id"]),
            display_name=row["display_name"],
            is_first_visit=row["is_first_visit"],
            visit_gap=timedelta(minutes=row["visit_gap_minutes"]),
        )
        for row in rows.mappings()
    ]


def _person(person: Person) -> dict[str, UUID | None]:
    staff = person.person_kind == "staff"
    return {"staff_id": person.person_id if staff else None, "customer_id": None if staff else person.person_id}


def _visit(row: RowMapping) -> Visit:
    return Visit(
        visit_id=row["visit_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        sightings=row["sightings"],
        camera_ids=tuple(row["camera_ids"]),
        best_score=row["best_score"],
    )
