"""Login roles, their passwords, and the databases that they own. What a role may touch is decided in migrations."""

from __future__ import annotations

from psycopg import Connection as DriverConnection
from psycopg import sql
from sqlalchemy import Connection, text


def exists(connection: Connection, role: str) -> bool:
    return bool(
        connection.execute(
            text("select exists (select from pg_roles where rolname = :role)"), {"role": role}
        ).scalar_one()
    )


def make(connection: Connection, role: str) -> None:
    """A role that may log in and own what it is given, and nothing more; the connection's role may act as it."""
    _run(connection, sql.SQL("create role {} login nosuperuser nocreatedb nocreaterole").format(sql.Identifier(role)))


def allow_acting_as(connection: Connection, role: str) -> None:
    """Lets the connection's role make things in the name of `role`, without gaining its sight."""
    if not connection.execute(text("select pg_has_role(current_user, :role, 'SET')"), {"role": role}).scalar_one():
        _run(connection, sql.SQL("grant {} to current_user with inherit false, set true").format(sql.Identifier(role)))


def set_password(connection: Connection, role: str, password: str) -> None:
    """Sends the SCRAM verifier and never the password, which `log_statement` would write into the server's log."""
    verifier = (
        _driver(connection).pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode("ascii")
    )
    _run(connection, sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(verifier)))


def database_owner(connection: Connection, database: str) -> str | None:
    """The owner's name; None without such a database."""
    found: str | None = connection.execute(
        text("select pg_get_userbyid(datdba) from pg_database where datname = :name"), {"name": database}
    ).scalar_one_or_none()
    return found


def make_database(connection: Connection, database: str, owner: str) -> None:
    """A database into which its owner alone may log in. The connection must be in autocommit."""
    name, role = sql.Identifier(database), sql.Identifier(owner)
    _run(connection, sql.SQL("create database {} owner {}").format(name, role))
    _run(connection, sql.SQL("set role {}").format(role))
    _run(connection, sql.SQL("revoke all on database {} from public").format(name))
    _run(connection, sql.SQL("reset role"))


def _run(connection: Connection, statement: sql.Composable) -> None:
    # no_parameters: a `%` in a quoted name stays a `%`.
    connection.exec_driver_sql(statement.as_string(_driver(connection)), execution_options={"no_parameters": True})


def _driver(connection: Connection) -> DriverConnection[tuple[object, ...]]:
    driver = connection.connection.driver_connection
    if not isinstance(driver, DriverConnection):
        raise TypeError("The engine is not on psycopg 3.")
    return driver
