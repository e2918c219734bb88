"""Rows past their term, counted and deleted in batches: sightings and visits, audit entries, rows of the marts, answers
and snapshots that lapsed. What the term is, is decided in `footfall.retention_terms`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, text

from footfall.stores.postgres.legal_holds import HELD_EVENTS

_FREE_EVENTS = f"""case
    when not exists (select from footfall.legal_holds where lifted_at is null) then true
    else not {HELD_EVENTS}
end"""

_FREE_VISITS = """case
    when not exists (select from footfall.legal_holds where lifted_at is null) then true
    else not exists (
        select from footfall.legal_holds as h
        where h.lifted_at is null and (
            h.subject_kind = 'tenant'
            or (h.subject_kind = 'camera' and h.subject_id = any(v.camera_ids))
            or (h.subject_kind = 'staff' and h.subject_id = v.staff_id)
            or (h.subject_kind = 'customer' and (h.subject_id = v.customer_id or h.subject_id in (
                select c.customer_id from footfall.customers as c where c.merged_into = v.customer_id
            )))
        )
    )
end"""

# The first visit of somebody who is known stays as long as the person: without it the next one would count as new.
_VISITS_DUE = f"""
    v.ended_at < :cutoff
    and not (v.is_first_visit and (v.customer_id is not null or v.staff_id is not null))
    and {_FREE_VISITS}
"""


@dataclass(frozen=True, slots=True)
class AgedEvents:
    """`until`: the latest of the batch, from which the next one goes on; None when there was nothing."""

    events: int
    templates: int
    until: datetime | None


def select_sites(connection: Connection) -> list[UUID]:
    return list(connection.execute(text("select site_id from footfall.sites order by site_id")).scalars())


def count_events(connection: Connection, cutoff: datetime) -> int:
    found = connection.execute(
        text(f"select count(*) from footfall.face_events as e where e.captured_at < :cutoff and {_FREE_EVENTS}"),  # noqa: S608
        {"cutoff": cutoff},
    )
    return int(found.scalar_one())


def count_visits(connection: Connection, cutoff: datetime) -> int:
    found = connection.execute(
        text(f"select count(*) from footfall.visits as v where {_VISITS_DUE}"),  # noqa: S608
        {"cutoff": cutoff},
    )
    return int(found.scalar_one())


def delete_events(
    connection: Connection, site_id: UUID, cutoff: datetime, *, since: datetime | None, most: int
) -> AgedEvents:
    """Up to `most` of the site's sightings that were captured before `cutoff`, earliest first, from `since` on, with
    their templates. Keys that nothing needs any more go by a trigger."""
    row = connection.execute(
        text(f"""
            with old as materialized (
                select e.tenant_id, e.event_id, e.captured_at, e.ctid from footfall.face_events as e
                where e.tenant_id = footfall.current_tenant() and e.site_id = :site_id
                  and e.captured_at < :cutoff
                  and e.captured_at >= coalesce(cast(:since as timestamptz), '-infinity')
                  and {_FREE_EVENTS}
                order by e.captured_at
                limit :most
            ),
            -- Before the reference would, one by one.
            versions as (
                delete from footfall.event_template_versions as v using old
                where v.tenant_id = old.tenant_id and v.event_id = old.event_id
            ),
            templates as (
                delete from footfall.event_templates as t using old
                where t.tenant_id = old.tenant_id and t.event_id = old.event_id
                returning 1
            ),
            gone as (
                delete from footfall.face_events as e where e.ctid = any(array(select ctid from old)) returning 1
            )
            select (select count(*) from gone) as events, (select count(*) from templates) as templates,
                   (select max(captured_at) from old) as until
        """),  # noqa: S608 - constants of this module
        {"site_id": site_id, "cutoff": cutoff, "since": since, "most": most},
    ).one()
    return AgedEvents(row.events, row.templates, row.until)


def delete_visits(connection: Connection, cutoff: datetime, *, most: int) -> int:
    """Visits that ended before `cutoff` and of which no sighting is left; the first one of somebody who is known
    stays."""
    return connection.execute(
        text(f"""
            delete from footfall.visits as gone
            where gone.ctid = any(array(
                select v.ctid from footfall.visits as v
                where v.tenant_id = footfall.current_tenant() and {_VISITS_DUE}
                  and not exists (
                      select from footfall.face_events as e
                      where e.tenant_id = v.tenant_id and e.visit_id = v.visit_id
                  )
                order by v.ended_at
                limit :most
            ))
        """),  # noqa: S608 - constants of this module
        {"cutoff": cutoff, "most": most},
    ).rowcount


def count_audit(connection: Connection, cutoff: datetime) -> int:
    found = connection.execute(text("select count(*) from footfall.audit_log where at < :cutoff"), {"cutoff": cutoff})
    return int(found.scalar_one())


@dataclass(frozen=True, slots=True)
class Shortened:
    entries: int
    through_seq: int
    through_link: bytes


def shorten_audit(connection: Connection, cutoff: datetime, *, most: int, held: Collection[UUID]) -> Shortened | None:
    """Takes up to `most` of the oldest entries out; None when none could go. For footfall_operator."""
    row = connection.execute(
        text("select * from footfall.shorten_audit(:cutoff, :most, cast(:held as text[]))"),
        {"cutoff": cutoff, "most": most, "held": [str(subject) for subject in held]},
    ).one_or_none()
    return None if row is None else Shortened(row.entries, row.through_seq, bytes(row.through_link))


def mart_tables(connection: Connection) -> list[str]:
    """Tables of the marts that hold rows of tenants by time, in alphabetical order. For footfall_transform."""
    rows = connection.execute(
        text("""
            select c.relname from pg_class as c
            where c.relnamespace = 'marts'::regnamespace and c.relkind = 'r'
              and 2 = (
                  select count(*) from pg_attribute as a
                  where a.attrelid = c.oid and a.attname in ('tenant_id', 'bucket_start') and not a.attisdropped
              )
            order by c.relname
        """)
    )
    return list(rows.scalars())


def count_mart(connection: Connection, table: str, cutoff: datetime) -> int:
    """`table` is one that `mart_tables` named."""
    found = connection.execute(
        text(
            f'select count(*) from marts."{table}"'  # noqa: S608 - from the catalogue
            " where tenant_id = footfall.current_tenant() and bucket_start < :cutoff"
        ),
        {"cutoff": cutoff},
    )
    return int(found.scalar_one())


def delete_mart(connection: Connection, table: str, cutoff: datetime, *, most: int) -> int:
    """`table` is one that `mart_tables` named."""
    return connection.execute(
        text(
            f'delete from marts."{table}" where ctid = any(array('  # noqa: S608 - from the catalogue
            f'select ctid from marts."{table}"'
            " where tenant_id = footfall.current_tenant() and bucket_start < :cutoff limit :most))"
        ),
        {"cutoff": cutoff, "most": most},
    ).rowcount


def delete_lapsed_answers(connection: Connection, *, most: int) -> int:
    """Idempotency keys that expired and that no request holds."""
    return connection.execute(
        text("""
            delete from footfall.idempotency_keys
            where (tenant_id, principal, key) in (
                select tenant_id, principal, key from footfall.idempotency_keys
                where expires_at <= clock_timestamp() and lease_until <= clock_timestamp()
                limit :most
                for update skip locked
            )
        """),
        {"most": most},
    ).rowcount
