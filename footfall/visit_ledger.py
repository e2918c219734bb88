"""Keeps the table of visits in step with sightings as they come. The arithmetic is in `footfall.visits`."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection

from contracts.base import SiteId, TenantId, VisitId
from contracts.people import DecisionKind
from footfall.stores.postgres import visits as table
from footfall.stores.postgres.visits import Person
from footfall.visits import Sighting, absorb


def match_score(kind: DecisionKind, score: float | None) -> float | None:
    """The score that a sighting brings to its visit. A newcomer's says how near somebody else is, which is nothing
    about the visit."""
    return None if kind == "new_customer" else score


def settle(
    connection: Connection,
    tenant_id: TenantId,
    person: Person,
    sighting: Sighting,
    *,
    site_id: SiteId,
    gap: timedelta,
    counted_in: VisitId | None = None,
) -> VisitId:
    """The visit that the sighting belongs to, made or stretched as needed; visits that it joins become one, and their
    events are pointed at it. `counted_in`: the visit that already counts this sighting, whose span has grown.

    The caller holds the tenant's gallery: nobody else changes its visits meanwhile.
    """
    near = table.select_visits_near(
        connection, person, site_id, started_at=sighting.started_at, ended_at=sighting.ended_at, gap=gap
    )
    absorbed = absorb(near, sighting, gap, counted_in=counted_in)
    visit = absorbed.visit
    table.upsert_visit(connection, tenant_id, person, site_id, visit)
    if absorbed.replaced_ids:
        table.replace_visits(connection, absorbed.replaced_ids, visit.visit_id)
    before = next((known for known in near if known.visit_id == visit.visit_id), None)
    # Nothing else changes which visit is first: one that takes the place of others began before them.
    if before is None or visit.started_at < before.started_at:
        table.mark_first_visit(connection, person)
    return visit.visit_id
