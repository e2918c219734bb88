"""No table without forced row-level security, and a check that would notice one."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from footfall.tenancy import unbound_transaction
from tests.isolation.catalogue import open_relations, tenant_tables
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS


def test_every_relation_keeps_tenants_apart(owner: Engine) -> None:
    with unbound_transaction(owner) as connection:
        assert open_relations(connection) == {}


def test_every_tenant_table_is_in_the_matrix_of_these_tests(owner: Engine) -> None:
    with unbound_transaction(owner) as connection:
        assert tenant_tables(connection) == {"tenants", *ROWS, *MADE_BY_TRIGGERS}


_TABLE = "create table footfall.leak (tenant_id uuid not null, note text);"
_ENABLE = "alter table footfall.leak enable row level security;"
_FORCE = "alter table footfall.leak force row level security;"
_RULE = "tenant_id = footfall.current_tenant()"
_POLICY = f"create policy tenant_isolation on footfall.leak using ({_RULE}) with check ({_RULE});"
_NO_POLICY = "no policy with USING and WITH CHECK for the bound tenant"


@pytest.mark.parametrize(
    ("statements", "reason"),
    [
        (_TABLE + _FORCE + _POLICY, "row-level security is not enabled"),
        (_TABLE + _ENABLE + _POLICY, "row-level security is not forced"),
        (_TABLE + _ENABLE + _FORCE, _NO_POLICY),
        (_TABLE + _ENABLE + _FORCE + f"create policy p on footfall.leak using ({_RULE});", _NO_POLICY),
        (_TABLE + _ENABLE + _FORCE + f"create policy p on footfall.leak for select using ({_RULE});", _NO_POLICY),
        (_TABLE + _ENABLE + _FORCE + "create policy p on footfall.leak using (true) with check (true);", _NO_POLICY),
        (
            _TABLE + _ENABLE + _FORCE + _POLICY + "create policy wide on footfall.leak for select using (true);",
            "policy wide widens the tenant's own",
        ),
        (
            _TABLE + _ENABLE + _FORCE + _POLICY + "create policy wide on footfall.leak to footfall_app using (true);",
            "policy wide widens the tenant's own",
        ),
        ("create table footfall.leak (note text);" + _ENABLE + _FORCE, "no tenant_id"),
        ("create view footfall.leak as select * from footfall.staff;", "a view without security_invoker"),
        (
            "create materialized view footfall.leak as select * from footfall.staff;",
            "a foreign table or materialised view",
        ),
    ],
)
def test_an_open_relation_is_noticed(owner: Engine, statements: str, reason: str) -> None:
    with unbound_transaction(owner) as connection, connection.begin_nested() as undone:
        connection.exec_driver_sql(statements, execution_options={"no_parameters": True})
        found = open_relations(connection)
        undone.rollback()
    assert set(found) == {"footfall.leak"}
    assert reason in found["footfall.leak"]


def test_a_table_of_the_marts_is_noticed_too(transform: Engine) -> None:
    with unbound_transaction(transform) as connection, connection.begin_nested() as undone:
        connection.execute(text("create table marts.leak (tenant_id uuid not null)"))
        found = open_relations(connection)
        undone.rollback()
    assert set(found) == {"marts.leak"}


def test_a_protected_table_passes(owner: Engine) -> None:
    with unbound_transaction(owner) as connection, connection.begin_nested() as undone:
        connection.exec_driver_sql(
            _TABLE + _ENABLE + _FORCE + _POLICY + "create policy t on footfall.leak to footfall_transform using (true)",
            execution_options={"no_parameters": True},
        )
        found = open_relations(connection)
        undone.rollback()
    assert found == {}


def test_every_reference_between_tenant_tables_goes_through_the_tenant(owner: Engine) -> None:
    with unbound_transaction(owner) as connection:
        loose = connection.execute(
            text("""
                select c.conname from pg_constraint as c
                where c.contype = 'f' and c.connamespace = 'footfall'::regnamespace
                and not exists (
                    select from unnest(c.conkey, c.confkey) as pair (from_column, to_column)
                    inner join pg_attribute as f on f.attrelid = c.conrelid and f.attnum = pair.from_column
                    inner join pg_attribute as t on t.attrelid = c.confrelid and t.attnum = pair.to_column
                    where f.attname = 'tenant_id' and t.attname = 'tenant_id'
                )
            """)
        ).scalars()
        assert list(loose) == []
