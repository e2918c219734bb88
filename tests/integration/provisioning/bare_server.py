"""A Postgres of the provisioning tests' own, on which there is nothing of ours yet. No test is here."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from footfall import provisioning

ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)
ORDINARY = "createrole createdb"

by_either_owner = pytest.mark.parametrize("attributes", [ORDINARY, None], ids=["ordinary owner", "superuser"])


@dataclass(frozen=True, slots=True)
class Server:
    """A Postgres whose superuser a test may be, and its log."""

    superuser_dsn: str = field(repr=False)
    log: Path

    def run(self, statement: str) -> None:
        with psycopg.connect(self.superuser_dsn, autocommit=True) as connection:
            connection.execute(statement.encode())

    def has(self, query: str, *parameters: object) -> bool:
        with psycopg.connect(self.superuser_dsn) as connection:
            return connection.execute(query.encode(), parameters).fetchone() is not None

    def roles(self) -> set[str]:
        return {role for role in ROLES if self.has("select 1 from pg_roles where rolname = %s", role)}

    def new_database(self, *, attributes: str | None) -> str:
        """An empty database, closed to the public, and the DSN of its owner: an ordinary role with those attributes,
        or the superuser for None."""
        name, password = f"d_{uuid4().hex[:12]}", secrets.token_hex(8)
        owner = "postgres"
        if attributes is not None:
            owner = f"{name}_owner"
            self.run(f"create role {owner} login {attributes} password '{password}'")
        self.run(f"create database {name} owner {owner}")
        self.run(f"revoke all on database {name} from public")
        if attributes is None:
            return self.superuser_dsn.rpartition("/")[0] + f"/{name}"
        return provisioning.role_dsn(self.superuser_dsn, owner, password, name)


def connects(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False
