"""A tenant's visits by the million, made in SQL: for benchmarks and tests of size. Nothing is measured here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID, uuid4

from sqlalchemy import Engine, text

from contracts.base import TenantId
from footfall.tenancy import tenant_transaction

_BATCH = 100_000
_VISITS_A_CUSTOMER = 10

_CUSTOMERS = text("""
    insert into footfall.customers (tenant_id, customer_id, first_seen_at, last_seen_at)
    select :tenant_id, gen_random_uuid(), now() - interval '300 days', now()
    from generate_series(1, :customers)
""")

_VISITS = text("""
    with people as (
        select customer_id, row_number() over (order by customer_id) - 1 as place
        from footfall.customers
    ),
    numbered as (
        select n, (n * 2654435761) % 1000003 as dice
        from generate_series(cast(:first as bigint), cast(:last as bigint)) as g (n)
    )
    insert into footfall.visits (
        tenant_id, visit_id, site_id, person_kind, customer_id, started_at, ended_at, sightings, camera_ids,
        is_first_visit, best_score
    )
    select
        :tenant_id, gen_random_uuid(), (cast(:site_ids as uuid[]))[1 + n % :sites], 'customer', p.customer_id,
        now() - n * interval '25 seconds', now() - n * interval '25 seconds' + dice % 3600 * interval '1 second',
        1 + dice % 5, array[(cast(:camera_ids as uuid[]))[1 + n % :sites]], n >= :total - :customers,
        case when n >= :total - :customers then null else 0.5 + dice % 400 / 1000.0 end
    from numbered
    inner join people as p on p.place = n % :customers
""")


_FORGET_NOTES = text("delete from footfall.traffic_changes")
_MARTS = text("""
    select tables.relname
    from pg_catalog.pg_class as tables
    inner join pg_catalog.pg_attribute as columns
        on tables.oid = columns.attrelid and columns.attname = 'built_at'
    where tables.relnamespace = 'marts'::regnamespace and tables.relkind = 'r'
""")


@dataclass(frozen=True, slots=True)
class FilledTenant:
    """Whose visits they are. `site_ids`: visits take turns between them."""

    tenant_id: TenantId
    site_ids: tuple[UUID, ...]


def fill(
    engine: Engine,
    tenant_id: TenantId,
    visits: int,
    *,
    sites: int = 4,
    say: Callable[[str], None] = lambda _line: None,
) -> FilledTenant:
    """Adds sites with a camera each, customers, and so many visits of theirs, one every 25 seconds back from now.

    `engine`: as the application's role, under row-level security and every constraint. Raises
    PostgresUnavailableError.
    """
    site_ids, camera_ids = [uuid4() for _ in range(sites)], [uuid4() for _ in range(sites)]
    customers = max(1, visits // _VISITS_A_CUSTOMER)
    with tenant_transaction(engine, tenant_id) as connection:
        for number, (site_id, camera_id) in enumerate(zip(site_ids, camera_ids, strict=True)):
            ids = {"tenant_id": tenant_id, "site_id": site_id, "camera_id": camera_id}
            connection.execute(
                text(
                    "insert into footfall.sites (tenant_id, site_id, name, timezone)"
                    " values (:tenant_id, :site_id, :name, 'Europe/Vienna')"
                ),
                {**ids, "name": f"Site {number} {site_id.hex[:6]}"},
            )
            connection.execute(
                text(
                    "insert into footfall.cameras (tenant_id, camera_id, site_id, name)"
                    " values (:tenant_id, :camera_id, :site_id, 'Door')"
                ),
                ids,
            )
        connection.execute(_CUSTOMERS, {"tenant_id": tenant_id, "customers": customers})
    for first in range(0, visits, _BATCH):
        last = min(first + _BATCH, visits)
        with tenant_transaction(engine, tenant_id) as connection:
            connection.execute(text("set local statement_timeout = 0"))
            connection.execute(
                _VISITS,
                {
                    "tenant_id": tenant_id,
                    "first": first,
                    "last": last - 1,
                    "site_ids": site_ids,
                    "camera_ids": camera_ids,
                    "sites": sites,
                    "customers": customers,
                    "total": visits,
                },
            )
        say(f"{last:,} of {visits:,} visits")
    return FilledTenant(tenant_id, tuple(site_ids))


def as_if_long_ago(owner: Engine, transform: Engine, tenant_id: TenantId) -> None:
    """As if the tenant's visits had come, and the marts had counted them, long ago: their notes of changes are gone, as
    they are after a month, and what was built is tested no more, as it is for two days.

    `owner`: as the owner of the tables, who alone may change the notes; `transform`: as the one of the marts.
    """
    with tenant_transaction(owner, tenant_id) as connection:
        connection.execute(_FORGET_NOTES)
    with transform.begin() as connection:
        for mart in connection.execute(_MARTS).scalars().all():
            connection.execute(text(f"update marts.{mart} set built_at = built_at - interval '10 days'"))  # noqa: S608
    for engine in (owner, transform):
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            # Time would have let autovacuum see to what was written; now it would do so beside what is measured.
            connection.execute(text("vacuum analyze"))
