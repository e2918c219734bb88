"""A bare Postgres for these tests, and the promise that none of our roles is on it."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from cli.stack.parts.postgres import PostgresPart
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from footfall import provisioning
from tests.integration.provisioning.bare_server import ROLES, Server


@pytest.fixture(scope="session")
def server(servers_folder: Path) -> Iterator[Server]:
    folder = servers_folder / "bare"
    folder.mkdir()
    password = secrets.token_hex(16)
    part = PostgresPart(
        folder / "server", free_ports(1)[0], superuser_password=password, owner_password="unused", durable=False
    )
    with running_part(part, folder / "log"):
        superuser = provisioning.role_dsn(part.owner_dsn, "postgres", password, "postgres")
        yield Server(superuser, folder / "log")


@pytest.fixture
def clean(server: Server) -> Iterator[Server]:
    """The server with none of our roles, before and after."""
    assert server.roles() == set()
    yield server
    with psycopg.connect(server.superuser_dsn, autocommit=True) as connection:
        for (name,) in connection.execute("select datname from pg_database where datname like 'd\\_%'").fetchall():
            connection.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        connection.execute("drop database if exists dagster with (force)")
        names = [*ROLES, provisioning.DAGSTER_ROLE]
        made = connection.execute("select rolname from pg_roles where rolname like 'd\\_%'").fetchall()
        # Backwards from the roles that owners made: a role that has granted another cannot go before it.
        for name in (*names, *(name for (name,) in made)):
            connection.execute(sql.SQL("drop role if exists {}").format(sql.Identifier(name)))
