"""How a tenant is bound: to one transaction, by its id, carried nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

import pytest
from psycopg.errors import DivisionByZero
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError

from contracts.base import TenantId
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_rows, tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.servers import MigratedPostgres


@pytest.fixture
def one_connection(postgres: MigratedPostgres) -> Iterator[Engine]:
    """A pool of a single connection, so that every transaction gets the same one."""
    engine = open_engine(postgres.app_dsn, PostgresSettings(pool_size=1), application="footfall-tests")
    yield engine
    engine.dispose()


def _sites(connection: Connection) -> list[object]:
    return list(connection.execute(text("select distinct tenant_id from footfall.sites")).scalars())


def _backend(connection: Connection) -> int:
    return int(connection.execute(text("select pg_backend_pid()")).scalar_one())


def test_a_pooled_connection_carries_nothing_over(one_connection: Engine, two: TwoTenants) -> None:
    with tenant_transaction(one_connection, two.first.tenant_id) as connection:
        assert _sites(connection) == [two.first.tenant_id]
        backend = _backend(connection)
    with unbound_transaction(one_connection) as connection:
        assert _backend(connection) == backend
        assert _sites(connection) == []
    with tenant_transaction(one_connection, two.second.tenant_id) as connection:
        assert _backend(connection) == backend
        assert _sites(connection) == [two.second.tenant_id]


def test_a_failed_transaction_carries_nothing_over(one_connection: Engine, two: TwoTenants) -> None:
    with pytest.raises(DataError), tenant_transaction(one_connection, two.first.tenant_id) as connection:
        connection.execute(text("select 1 / 0 from footfall.sites"))
    with unbound_transaction(one_connection) as connection:
        assert _sites(connection) == []


def test_one_trip_sees_its_tenant_alone_and_carries_nothing_over(one_connection: Engine, two: TwoTenants) -> None:
    sites = b"select distinct tenant_id from footfall.sites"
    for tenant_id in (two.first.tenant_id, two.second.tenant_id):
        assert tenant_rows(one_connection, tenant_id, (sites, {})) == [(tenant_id,)]
    with pytest.raises(DivisionByZero):
        tenant_rows(one_connection, two.first.tenant_id, (b"select 1 / 0 from footfall.sites", {}))
    with unbound_transaction(one_connection) as connection:
        assert _sites(connection) == []


def test_an_error_undoes_what_was_written(one_connection: Engine, two: TwoTenants) -> None:
    def rename_and_fail() -> None:
        with tenant_transaction(one_connection, two.first.tenant_id) as connection:
            connection.execute(text("update footfall.sites set name = 'renamed'"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        rename_and_fail()
    with tenant_transaction(one_connection, two.first.tenant_id) as connection:
        names = connection.execute(text("select name from footfall.sites")).scalars()
        assert "renamed" not in list(names)


@pytest.mark.parametrize(
    "injected",
    ["' or true --", "00000000-0000-0000-0000-000000000000' or 'a'='a", "null", "*", "'; drop schema footfall; --"],
)
def test_an_injected_tenant_is_an_error_and_no_rows(one_connection: Engine, two: TwoTenants, injected: str) -> None:
    with (
        pytest.raises(DataError, match="invalid input syntax for type uuid"),
        tenant_transaction(one_connection, cast("TenantId", injected)) as connection,
    ):
        _sites(connection)


def test_an_empty_tenant_is_no_tenant(one_connection: Engine, two: TwoTenants) -> None:
    with tenant_transaction(one_connection, cast("TenantId", "")) as connection:
        assert _sites(connection) == []
