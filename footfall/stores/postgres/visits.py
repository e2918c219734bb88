"""Table visits. Rows in and out; what makes a visit is decided in `footfall.visits`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import Connection, RowMapping, text

from contracts.base import PersonKind, SiteId, StaffId, TenantId, VisitId
from footfall.visits import Visit


@dataclass(frozen=True, slots=True)
class Person:
    person_kind: PersonKind
    person_id: UUID


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
        {"site_id": site_id, "before": ended_at + gap, "after": started_at - gap, **person_columns(person)},
    )
    return [visit_of(row) for row in rows.mappings()]


def upsert_visit(connection: Connection, tenant_id: TenantId, person: Person, site_id: SiteId, visit: Visit) -> None:
    """The visit as given, whoever's it was; a new one is not the person's first until `mark_first_visit` says so."""
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
            set site_id = excluded.site_id,
                person_kind = excluded.person_kind,
                staff_id = excluded.staff_id,
                customer_id = excluded.customer_id,
                started_at = excluded.started_at,
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
            **person_columns(person),
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
    delete_visits(connection, replaced_ids)


def delete_visits(connection: Connection, visit_ids: Collection[VisitId]) -> None:
    """No event may be filed under them any more."""
    connection.execute(
        text("delete from footfall.visits where visit_id = any(cast(:ids as uuid[]))"), {"ids": list(visit_ids)}
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
        person_columns(person),
    )


def delete_visits_of_staff(connection: Connection, staff_id: StaffId) -> int:
    """How many visits were deleted. The staff member's events must be gone."""
    return connection.execute(
        text("delete from footfall.visits where staff_id = :staff_id"), {"staff_id": staff_id}
    ).rowcount


def person_columns(person: Person) -> dict[str, UUID | None]:
    """Parameters `staff_id` and `customer_id`, of which one is None."""
    staff = person.person_kind == "staff"
    return {"staff_id": person.person_id if staff else None, "customer_id": None if staff else person.person_id}


def visit_of(row: RowMapping) -> Visit:
    """From a row of the visit's own columns."""
    return Visit(
        visit_id=row["visit_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        sightings=row["sightings"],
        camera_ids=tuple(row["camera_ids"]),
        best_score=row["best_score"],
    )
