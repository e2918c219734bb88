"""Which visits of a site a new visit gap concerns. Reading alone."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, text

from contracts.base import SiteId, VisitId
from footfall.stores.postgres.reassignments import FiledVisit
from footfall.stores.postgres.visits import Person, visit_of


def select_visits_to_cut(connection: Connection, site_id: SiteId, gap: timedelta) -> list[FiledVisit]:
    """The site's visits that would not be as they are with this gap: those that lie closer than it to another of the
    same person, and those with a silence inside that is as long. Person by person, earliest first. Of a visit without a
    person nobody can say what it belongs to: it stays."""
    rows = connection.execute(
        text("""
            with spaced as (
                select v.visit_id,
                       coalesce(v.started_at - lag(v.ended_at) over w < :gap, false)
                       or coalesce(lead(v.started_at) over w - v.ended_at < :gap, false) as joins
                from footfall.visits as v
                where v.site_id = :site_id and v.anonymous_since is null
                window w as (partition by v.staff_id, v.customer_id order by v.started_at, v.visit_id)
            ),
            heard as (
                select e.visit_id,
                       e.started_at - max(e.ended_at) over (
                           partition by e.visit_id order by e.started_at, e.event_id
                           rows between unbounded preceding and 1 preceding
                       ) as silence
                from footfall.face_events as e
                where e.site_id = :site_id and e.visit_id is not null
            )
            select v.visit_id, v.site_id, v.person_kind, v.staff_id, v.customer_id, v.started_at, v.ended_at,
                   v.sightings, v.camera_ids, v.best_score
            from footfall.visits as v
            where v.visit_id in (
                select s.visit_id from spaced as s where s.joins
                union
                select h.visit_id from heard as h where h.silence >= :gap
            )
              and v.anonymous_since is null
            order by v.staff_id, v.customer_id, v.started_at, v.visit_id
        """),
        {"site_id": site_id, "gap": gap},
    )
    return [
        FiledVisit(visit_of(row), Person(row["person_kind"], row["staff_id"] or row["customer_id"]), row["site_id"])
        for row in rows.mappings()
    ]


def select_whole(connection: Connection, visits: list[FiledVisit]) -> set[VisitId]:
    """Those of which every sighting is still kept."""
    rows = connection.execute(
        text("""
            select v.visit_id
            from footfall.visits as v
            where v.visit_id = any(cast(:ids as uuid[]))
              and v.sightings = (
                  select count(*) from footfall.face_events as e
                  where e.tenant_id = v.tenant_id and e.visit_id = v.visit_id
              )
        """),
        {"ids": [filed.visit.visit_id for filed in visits]},
    )
    return {VisitId(visit_id) for visit_id in rows.scalars()}
