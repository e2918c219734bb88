"""Pooled engines against a server that is slow, busy, or breaks a connection."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import ProgrammingError

from contracts.base import TenantId
from footfall.errors import ConflictError, PostgresUnavailableError
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from footfall.tenancy import tenant_rows, unbound_transaction
from tests.servers import MigratedPostgres


@pytest.fixture
def engine(postgres: MigratedPostgres) -> Iterator[Engine]:
    settings = PostgresSettings(pool_size=1, connect_timeout_seconds=1, statement_timeout_seconds=0.2)
    engine = open_engine(postgres.app_dsn, settings, application="footfall-tests")
    yield engine
    engine.dispose()


def _setting(connection: Connection, name: str) -> str:
    return str(connection.execute(text("select current_setting(:name)"), {"name": name}).scalar_one())


def test_a_session_tells_its_name_counts_in_utc_and_limits_its_statements(engine: Engine) -> None:
    with unbound_transaction(engine) as connection:
        assert _setting(connection, "application_name") == "footfall-tests"
        assert _setting(connection, "timezone") == "UTC"
        assert _setting(connection, "statement_timeout") == "200ms"


def test_a_statement_that_takes_too_long_is_stopped_and_the_pool_goes_on(engine: Engine) -> None:
    with (
        pytest.raises(PostgresUnavailableError, match="statement timeout"),
        unbound_transaction(engine) as connection,
    ):
        connection.execute(text("select pg_sleep(30)"))
    with unbound_transaction(engine) as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1


def test_whoever_finds_the_pool_empty_is_told_what_to_raise(engine: Engine) -> None:
    with (
        unbound_transaction(engine),
        pytest.raises(PostgresUnavailableError, match="Every connection") as refused,
        unbound_transaction(engine),
    ):
        pass
    assert "FOOTFALL_POSTGRES__POOL_SIZE" in (refused.value.hint or "")


def _end(postgres: MigratedPostgres, backend: int) -> None:
    with psycopg.connect(postgres.app_dsn, autocommit=True) as connection:
        connection.execute("select pg_terminate_backend(%s, 5000)", (backend,))


def test_a_connection_that_broke_while_idle_is_replaced(engine: Engine, postgres: MigratedPostgres) -> None:
    with unbound_transaction(engine) as connection:
        backend = connection.execute(text("select pg_backend_pid()")).scalar_one()
    _end(postgres, backend)
    with unbound_transaction(engine) as connection:
        assert connection.execute(text("select pg_backend_pid()")).scalar_one() != backend


def test_a_connection_that_breaks_in_use_is_an_absent_server(engine: Engine, postgres: MigratedPostgres) -> None:
    def work() -> None:
        with unbound_transaction(engine) as connection:
            _end(postgres, connection.execute(text("select pg_backend_pid()")).scalar_one())
            connection.execute(text("select 1"))

    with pytest.raises(PostgresUnavailableError, match="did not answer"):
        work()
    with unbound_transaction(engine) as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1


def test_a_broken_constraint_is_a_conflict_that_names_it(engine: Engine) -> None:
    with pytest.raises(ConflictError, match="one_only"), unbound_transaction(engine) as connection:
        connection.exec_driver_sql(
            "create temporary table scratch (number integer constraint one_only check (number = 1)) on commit drop;"
            "insert into scratch values (2)",
            execution_options={"no_parameters": True},
        )


@pytest.mark.parametrize(
    "statement",
    [
        "select * from footfall.no_such_table",
        "select no_such_column from footfall.cameras",
        "select footfall.no_such_function()",
    ],
)
def test_a_database_that_was_not_migrated_is_named(engine: Engine, statement: str) -> None:
    """As one of another version is, by either way to it."""
    with pytest.raises(PostgresUnavailableError) as refused, unbound_transaction(engine) as connection:
        connection.execute(text(statement))
    assert "footfall db migrate" in (refused.value.hint or "")
    with pytest.raises(PostgresUnavailableError, match="of another version"):
        tenant_rows(engine, TenantId(uuid4()), (statement.encode(), {}))
    with unbound_transaction(engine) as connection:
        assert connection.execute(text("select 1")).scalar_one() == 1


def test_a_mistake_of_ours_is_not_dressed_up(engine: Engine) -> None:
    with pytest.raises(ProgrammingError, match="syntax error"), unbound_transaction(engine) as connection:
        connection.execute(text("select from where"))
    with pytest.raises(psycopg.ProgrammingError, match="syntax error"):
        tenant_rows(engine, TenantId(uuid4()), (b"select from where", {}))


def test_what_a_statement_was_given_never_shows_in_its_error(engine: Engine) -> None:
    with pytest.raises(ProgrammingError) as refused, unbound_transaction(engine) as connection:
        connection.execute(text("select :template from where"), {"template": "hunter2"})
    assert "hunter2" not in str(refused.value)


def test_one_trip_reads_for_a_tenant_and_says_when_the_server_goes(engine: Engine, postgres: MigratedPostgres) -> None:
    tenant_id = TenantId(uuid4())

    def backend_and(number: int) -> tuple[int, int]:
        asked = b"select pg_backend_pid(), %(x)s, current_setting('app.tenant_id')"
        [(backend, found, bound)] = tenant_rows(engine, tenant_id, (asked, {"x": number}))
        assert bound == str(tenant_id)
        return backend, found

    backend, five = backend_and(5)
    assert five == 5
    with unbound_transaction(engine) as connection:
        # The pool's one connection, on which the tenant is bound no more.
        assert connection.execute(text("select pg_backend_pid()")).scalar_one() == backend
        assert _setting(connection, "app.tenant_id") == ""
    for sql in (b"select pg_sleep(5)", b"select pg_terminate_backend(pg_backend_pid())"):
        with pytest.raises(PostgresUnavailableError, match="did not answer"):
            tenant_rows(engine, tenant_id, (sql, {}))
        assert backend_and(6)[1] == 6
