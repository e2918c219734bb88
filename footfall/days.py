"""Days of UTC, tenant by tenant: what the record holds of one, and having the marts rebuild it. What a visit is, and
what the marts count, is not decided here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import Engine, text

from contracts.base import TenantId
from footfall.tenancy import tenant_transaction


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What the record holds of one tenant's day of UTC. `sightings` by what was decided about them."""

    tenant_id: TenantId
    day: date
    sightings: dict[str, int]
    visits: int
    anonymous_visits: int


def count_day(engine: Engine, tenant_id: TenantId, day: date) -> DayCounts:
    """Raises PostgresUnavailableError."""
    span = {"since": _start(day), "until": _start(day + timedelta(days=1))}
    with tenant_transaction(engine, tenant_id) as connection:
        sightings = connection.execute(
            text("""
                select e.decision, count(*) as found
                from footfall.sites as s
                inner join footfall.face_events as e on e.tenant_id = s.tenant_id and e.site_id = s.site_id
                where e.captured_at >= :since and e.captured_at < :until
                group by e.decision
            """),
            span,
        )
        decisions = {row.decision: row.found for row in sightings}
        visits = connection.execute(
            text("""
                select count(*) as visits, count(*) filter (where anonymous_since is not null) as anonymous
                from footfall.visits where started_at >= :since and started_at < :until
            """),
            span,
        ).one()
    return DayCounts(tenant_id, day, decisions, visits.visits, visits.anonymous)


def reopen_days(engine: Engine, tenant_id: TenantId, days: Iterable[date]) -> int:
    """Notes that everything of these days may have changed: the next refresh of the marts rebuilds every local day that
    one of them reaches into, at every site. How many notes were made. Raises PostgresUnavailableError."""
    instants = [
        instant
        for day in days
        # The first and the last quarter of an hour: two local days at most lie in a day of UTC.
        for instant in (_start(day), _start(day + timedelta(days=1)) - timedelta(minutes=15))
    ]
    with tenant_transaction(engine, tenant_id) as connection:
        return connection.execute(
            text("""
                insert into footfall.traffic_changes (tenant_id, site_id, touched_at)
                select s.tenant_id, s.site_id, t.touched_at
                from footfall.sites as s
                cross join unnest(cast(:instants as timestamptz[])) as t (touched_at)
            """),
            {"instants": instants},
        ).rowcount


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
