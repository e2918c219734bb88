"""Workers that were names in events before they could be managed: kept by the migration, there and back."""

from __future__ import annotations

from uuid import uuid4

from sqlalchemy import text

from contracts.base import TenantId
from footfall import provisioning
from footfall.stores.postgres.engine import owner_engine
from footfall.stores.postgres.places import touch_worker
from footfall.tenancy import tenant_transaction
from tests.databases import fresh_database
from tests.servers import MigratedPostgres

BEFORE = "0007"


def tenant_of(database: MigratedPostgres) -> TenantId:
    return provisioning.create_tenant(
        database.owner_dsn,
        slug=f"t-{uuid4().hex[:8]}",
        name="A tenant",
        privacy_mode="count_only",
        legal_basis=None,
        retention_days=None,
        admin_email="admin@example.com",
        admin_password="correct-horse-battery",
    )


def names(database: MigratedPostgres, tenant_id: TenantId, condition: str) -> list[str]:
    with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
        found = connection.execute(text(f"select worker from footfall.workers where {condition} order by worker"))
        return list(found.scalars())


def test_a_name_in_events_stays_one_and_a_worker_without_events_goes_with_its_table(
    postgres: MigratedPostgres,
) -> None:
    with fresh_database(postgres) as database:
        tenant_id = tenant_of(database)
        provisioning.downgrade_schema(database.owner_dsn, BEFORE)
        with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
            touch_worker(connection, tenant_id, "seen-before")

        provisioning.upgrade_schema(database.owner_dsn)

        assert names(database, tenant_id, "not managed and last_seen_at is not null") == ["seen-before"]
        with owner_engine(database.owner_dsn) as engine, tenant_transaction(engine, tenant_id) as connection:
            touch_worker(connection, tenant_id, "seen-after")
            connection.execute(
                text(
                    "insert into footfall.workers (tenant_id, worker, managed, first_seen_at, last_seen_at)"
                    " values (:tenant_id, 'never-seen', true, null, null)"
                ),
                {"tenant_id": tenant_id},
            )

        provisioning.downgrade_schema(database.owner_dsn, BEFORE)
        assert names(database, tenant_id, "true") == ["seen-after", "seen-before"]
