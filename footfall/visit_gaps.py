"""A site's visits cut anew when its visit gap changes. The arithmetic is `footfall.visits`', keeping ids
`footfall.visit_repair`'s."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import timedelta

from sqlalchemy import Connection

from contracts.base import EventId, SiteId, TenantId, VisitId
from footfall.stores.postgres import reassignments, visits
from footfall.stores.postgres.reassignments import FiledVisit
from footfall.stores.postgres.visit_gaps import select_visits_to_cut, select_whole
from footfall.visit_repair import refile
from footfall.visits import visit_id_for

_VISITS_AT_ONCE = 2_000


def recut_visits(connection: Connection, tenant_id: TenantId, site_id: SiteId, gap: timedelta) -> int:
    """Joins and splits the site's visits as if the gap had always been this one; how many it looked at.

    The site must have the new gap already, and the caller holds the tenant's gallery. A visit of which sightings were
    erased stays as it is: made anew from the rest, it would shrink.
    """
    concerned = select_visits_to_cut(connection, site_id, gap)
    for batch in _by_person(concerned):
        _recut(connection, tenant_id, batch)
    return len(concerned)


def _recut(connection: Connection, tenant_id: TenantId, concerned: Sequence[FiledVisit]) -> None:
    whole = select_whole(connection, list(concerned))
    owners = {filed.visit.visit_id: filed.person for filed in concerned if filed.visit.visit_id in whole}
    events = reassignments.select_filed_events(connection, visit_ids=list(owners))
    former = {event.event_id: event.visit_id for event in events if event.visit_id is not None}
    wanted = {visit_id_for(event_id) for event_id in former}
    made = refile(
        events,
        former=former,
        owners=owners,
        taken=reassignments.select_taken_visit_ids(connection, wanted - owners.keys()),
    )
    changed: dict[EventId, VisitId | None] = {}
    for refiled in made:
        filed = refiled.filed
        visits.upsert_visit(connection, tenant_id, filed.person, filed.site_id, filed.visit)
        changed.update(
            (event_id, filed.visit.visit_id)
            for event_id in refiled.event_ids
            if former[event_id] != filed.visit.visit_id
        )
    reassignments.update_event_visits(connection, changed)
    visits.delete_visits(connection, owners.keys() - {refiled.filed.visit.visit_id for refiled in made})
    for person in set(owners.values()):
        visits.mark_first_visit(connection, person)


def _by_person(concerned: Sequence[FiledVisit]) -> Iterator[list[FiledVisit]]:
    """Batches that keep a person's visits together, which is how they are sorted."""
    batch: list[FiledVisit] = []
    for filed in concerned:
        if len(batch) >= _VISITS_AT_ONCE and batch[-1].person != filed.person:
            yield batch
            batch = []
        batch.append(filed)
    if batch:
        yield batch
