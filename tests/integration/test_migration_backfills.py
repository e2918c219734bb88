"""What migrations make of rows that were there before them."""

from __future__ import annotations

from uuid import uuid4

import pytest
from sqlalchemy import text

from footfall import provisioning
from footfall.schema_version import known_revisions
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction
from tests.databases import fresh_database
from tests.isolation.catalogue import open_relations
from tests.isolation.rows import Ids, insert, plant
from tests.servers import ADMIN_PASSWORD, MigratedPostgres

BEFORE_CORRECTIONS = ("sites", "cameras", "customers", "visits", "face_events", "customer_templates")


def tenant_of(database: MigratedPostgres) -> Ids:
    return Ids(
        provisioning.create_tenant(
            database.owner_dsn,
            slug=f"t-{uuid4().hex[:12]}",
            name="A tenant of the tests",
            privacy_mode="identify",
            legal_basis="consent",
            retention_days=30,
            admin_email="admin@example.com",
            admin_password=ADMIN_PASSWORD,
        )
    )


@pytest.mark.parametrize("erased", [False, True], ids=["with its sighting", "whose sighting is erased"])
def test_customers_from_before_corrections_have_their_templates_by_sighting(
    postgres: MigratedPostgres, erased: bool
) -> None:
    """Of every tenant, for policies are forced on the migration, too; and none of a sighting that is gone."""
    with fresh_database(postgres) as database, owner_engine(database.owner_dsn) as engine:
        everybody = [tenant_of(database), tenant_of(database)]
        for ids in everybody:
            with tenant_transaction(engine, ids.tenant_id) as connection:
                for table in BEFORE_CORRECTIONS:
                    insert(connection, table, ids)
                if erased:
                    connection.execute(text("delete from footfall.face_events"))
        provisioning.downgrade_schema(database.owner_dsn, "0002")
        provisioning.upgrade_schema(database.owner_dsn)
        for ids in everybody:
            columns = "tenant_id, event_id, model_version, embedding, quality_score"
            with tenant_transaction(engine, ids.tenant_id) as connection:
                kept = connection.execute(text(f"select {columns} from footfall.event_templates")).all()
                held = connection.execute(text(f"select {columns} from footfall.customer_templates")).all()
            assert [row.event_id for row in held] == [ids.event_id]
            assert kept == ([] if erased else held)


KEPT = ("sites", "cameras", "users", "staff", "customers", "visits", "face_events")


def test_every_migration_goes_back_and_forth_over_rows_of_every_table(postgres: MigratedPostgres) -> None:
    """Of two tenants. What was there from the beginning stays, whole."""
    with fresh_database(postgres) as database, owner_engine(database.owner_dsn) as engine:
        everybody = [tenant_of(database), tenant_of(database)]
        for ids in everybody:
            with tenant_transaction(engine, ids.tenant_id) as connection:
                plant(connection, ids)

        def counted() -> list[dict[str, int]]:
            found = []
            for ids in everybody:
                with tenant_transaction(engine, ids.tenant_id) as connection:
                    rows = {
                        table: connection.execute(text(f"select count(*) from footfall.{table}")).scalar_one()
                        for table in KEPT
                    }
                found.append(rows)
            return found

        before = counted()
        assert all(number for rows in before for number in rows.values())
        for revision in reversed(known_revisions()[:-1]):
            provisioning.downgrade_schema(database.owner_dsn, revision)
            assert counted() == before, revision
        provisioning.upgrade_schema(database.owner_dsn)
        assert counted() == before
        with engine.connect() as connection:
            assert open_relations(connection) == {}
