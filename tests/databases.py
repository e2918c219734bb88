"""Databases of a test's own beside the session's shared one, on the same server. What is in them is the test's."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import uuid4

from psycopg.errors import InsufficientPrivilege
from sqlalchemy import Connection, make_url, text
from sqlalchemy.exc import ProgrammingError

from footfall import provisioning
from footfall.stores.postgres.engine import owner_engine
from tests.servers import MigratedPostgres


@contextmanager
def fresh_database(postgres: MigratedPostgres) -> Iterator[MigratedPostgres]:
    """A migrated database that nobody else uses, dropped at the end."""
    name = f"own_{uuid4().hex[:12]}"
    with owner_engine(postgres.owner_dsn) as engine:
        admin = engine.execution_options(isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(text(f"create database {name}"))
        try:
            own = replace(
                postgres,
                owner_dsn=_in(postgres.owner_dsn, name),
                app_dsn=_in(postgres.app_dsn, name),
                operator_dsn=_in(postgres.operator_dsn, name),
                transform_dsn=_in(postgres.transform_dsn, name),
            )
            provisioning.upgrade_schema(own.owner_dsn)
            yield own
        finally:
            with admin.connect() as connection:
                _drop(connection, name)


def _drop(connection: Connection, name: str) -> None:
    """Tries again while autovacuum, which only a superuser may interrupt, looks at the database."""
    deadline = time.monotonic() + 180
    while True:
        try:
            connection.execute(text(f"drop database {name} with (force)"))
        except ProgrammingError as error:
            if not isinstance(error.orig, InsufficientPrivilege) or time.monotonic() > deadline:
                raise
            time.sleep(0.5)
        else:
            return


def _in(dsn: str, database: str) -> str:
    return make_url(dsn).set(database=database).render_as_string(hide_password=False)
