"""The schema on a server of these tests' own: up, up again, down; by a superuser and by an ordinary owner."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import text

from cli.stack.parts.postgres import PostgresPart
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from footfall import provisioning
from footfall.errors import ConfigurationError, PostgresUnavailableError
from footfall.stores.postgres.engine import owner_engine
from tests.isolation.catalogue import open_relations, tenant_tables
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS

ROLES = (provisioning.APP_ROLE, provisioning.OPERATOR_ROLE, provisioning.TRANSFORM_ROLE)


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


ORDINARY = "createrole createdb"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("migrations")
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


def _version(dsn: str) -> list[str]:
    with owner_engine(dsn) as engine, engine.connect() as connection:
        return list(connection.execute(text("select version_num from public.footfall_schema_version")).scalars())


def _schemas(dsn: str) -> set[str]:
    with owner_engine(dsn) as engine, engine.connect() as connection:
        found = connection.execute(
            text("select nspname from pg_namespace where nspname in ('footfall', 'marts')")
        ).scalars()
        return set(found)


def _connects(dsn: str) -> bool:
    try:
        with psycopg.connect(dsn, connect_timeout=5):
            return True
    except psycopg.OperationalError:
        return False


by_either_owner = pytest.mark.parametrize("attributes", [ORDINARY, None], ids=["ordinary owner", "superuser"])


# --- the schema -------------------------------------------------------------------------------------


@by_either_owner
def test_the_schema_goes_up_once_and_comes_down_to_nothing(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    for _ in range(2):  # up again after down: nothing was left in the way
        provisioning.upgrade_schema(dsn)
        version = _version(dsn)
        provisioning.upgrade_schema(dsn)
        assert _version(dsn) == version
        assert len(version) == 1
        with owner_engine(dsn) as engine, engine.connect() as connection:
            assert tenant_tables(connection) == {"tenants", *ROWS, *MADE_BY_TRIGGERS}
            assert open_relations(connection) == {}
        assert clean.roles() == set(ROLES)

        provisioning.downgrade_schema(dsn)
        assert _schemas(dsn) == set()
        assert _version(dsn) == []
        assert clean.roles() == set()


@by_either_owner
def test_every_version_comes_down_to_the_one_before(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    provisioning.upgrade_schema(dsn)
    seen = []
    while _version(dsn):
        seen.extend(_version(dsn))
        provisioning.downgrade_schema(dsn, "-1")
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == "0001"
    assert _schemas(dsn) == set()


@by_either_owner
def test_a_tenant_is_made_and_found_by_the_application(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    provisioning.upgrade_schema(dsn)
    provisioning.set_role_passwords(dsn, {provisioning.APP_ROLE: "it's 100%"})
    tenant_id = provisioning.create_tenant(
        dsn,
        slug="acme",
        name="Acme",
        privacy_mode="staff_only",
        legal_basis=None,
        retention_days=None,
        admin_email="admin@example.com",
        admin_password="correct-horse-battery",
    )
    with owner_engine(provisioning.role_dsn(dsn, provisioning.APP_ROLE, "it's 100%")) as application:
        assert provisioning.find_tenant(application, "acme") == tenant_id
        with application.connect() as connection:
            assert connection.execute(text("select count(*) from footfall.tenants")).scalar_one() == 0


@pytest.mark.parametrize("shadow", [False, True], ids=["plain", "beside another package called migrations"])
def test_processes_that_migrate_at_once_from_any_folder_all_succeed(
    clean: Server, tmp_path: Path, shadow: bool
) -> None:
    if shadow:
        (tmp_path / "migrations").mkdir()
        (tmp_path / "migrations" / "__init__.py").write_text("raise RuntimeError('not ours')")
    dsn = clean.new_database(attributes=ORDINARY)
    script = (
        "import os, sys; from footfall.provisioning import upgrade_schema;"
        "sys.stdin.read(1); upgrade_schema(os.environ['OWNER_DSN'])"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script],
            cwd=tmp_path,
            env={**os.environ, "OWNER_DSN": dsn},
            stdin=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:  # both have started and wait for this
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    errors = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], errors
    assert len(_version(dsn)) == 1


def test_roles_that_another_database_uses_outlive_a_downgrade(clean: Server) -> None:
    one, other = clean.new_database(attributes=None), clean.new_database(attributes=None)
    provisioning.upgrade_schema(one)
    provisioning.upgrade_schema(other)
    provisioning.downgrade_schema(one)
    assert clean.roles() == set(ROLES)
    with owner_engine(other) as engine, engine.connect() as connection:
        assert open_relations(connection) == {}
    provisioning.downgrade_schema(other)
    assert clean.roles() == set()


def test_an_owner_who_may_not_make_roles_is_told_so_and_nothing_is_left(clean: Server) -> None:
    dsn = clean.new_database(attributes="nocreaterole")
    with pytest.raises(ConfigurationError, match="permission denied to create role") as refused:
        provisioning.upgrade_schema(dsn)
    assert "docs/adr/roles-and-row-level-security.md" in (refused.value.hint or "")
    assert _schemas(dsn) == set()


def test_an_owner_takes_the_roles_that_an_administrator_made(clean: Server) -> None:
    dsn = clean.new_database(attributes="nocreaterole")
    owner = dsn.removeprefix("postgresql://").partition(":")[0]
    for role in ROLES:
        clean.run(f"create role {role} login")
    clean.run("grant footfall_app to footfall_operator")
    clean.run(f"grant footfall_transform to {owner} with inherit false, set true")
    provisioning.upgrade_schema(dsn)
    with owner_engine(dsn) as engine, engine.connect() as connection:
        assert open_relations(connection) == {}


@pytest.mark.parametrize("attribute", ["superuser", "bypassrls", "createrole"])
@pytest.mark.parametrize("role", ROLES)
def test_a_role_that_could_undo_the_policies_is_refused(clean: Server, role: str, attribute: str) -> None:
    clean.run(f"create role {role} login {attribute}")
    dsn = clean.new_database(attributes=None)
    with pytest.raises(ConfigurationError, match=f"role {role} must be NOSUPERUSER NOBYPASSRLS NOCREATEROLE"):
        provisioning.upgrade_schema(dsn)
    assert _schemas(dsn) == set()


def test_a_server_that_is_too_old_is_named(clean: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    dsn = clean.new_database(attributes=None)
    monkeypatch.setattr(provisioning, "_OLDEST_SERVER", 990_000)
    with pytest.raises(ConfigurationError, match=r"^Postgres 18 is too old\.$"):
        provisioning.upgrade_schema(dsn)
    assert _schemas(dsn) == set()


def test_a_wrong_password_is_named_and_never_repeated(server: Server) -> None:
    dsn = provisioning.role_dsn(server.superuser_dsn, "postgres", "not-the-password")
    with pytest.raises(PostgresUnavailableError, match="password authentication failed") as refused:
        provisioning.upgrade_schema(dsn)
    assert "not-the-password" not in f"{refused.value} {refused.value.hint}"


def test_a_server_that_is_away_is_named() -> None:
    dsn = f"postgresql://postgres:not-the-password@127.0.0.1:{free_ports(1)[0]}/footfall"
    with pytest.raises(PostgresUnavailableError, match="Connection refused") as refused:
        provisioning.upgrade_schema(dsn)
    assert "not-the-password" not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    "dsn", ["nonsense", "", "mysql://user:secret-word@host/db", "postgresql://u:secret-word@h:x/d"]
)
def test_a_dsn_that_is_none_is_refused_and_never_repeated(dsn: str) -> None:
    with pytest.raises(ConfigurationError, match="DSN cannot be read") as refused:
        provisioning.upgrade_schema(dsn)
    assert "secret-word" not in f"{refused.value} {refused.value.hint} {refused.value.__cause__}"


# --- passwords and Dagster's database ----------------------------------------------------------------


@by_either_owner
def test_a_role_logs_in_with_the_password_last_set(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    provisioning.upgrade_schema(dsn)
    for password in ("first", "second'; drop schema footfall; --", "dritte-\u00f6"):
        provisioning.set_role_passwords(dsn, dict.fromkeys(ROLES, password))
        assert all(_connects(provisioning.role_dsn(dsn, role, password)) for role in ROLES)
    assert not _connects(provisioning.role_dsn(dsn, provisioning.APP_ROLE, "first"))


def test_a_password_never_reaches_the_servers_log(clean: Server) -> None:
    dsn = clean.new_database(attributes=None)
    provisioning.upgrade_schema(dsn)
    database = dsn.rpartition("/")[2]
    clean.run(f"alter database {database} set log_statement = 'all'")
    clean.run(f"alter database {database} set log_min_messages = 'log'")
    provisioning.set_role_passwords(dsn, {provisioning.APP_ROLE: "a-very-particular-word"})
    logged = clean.log.read_text()
    assert 'alter role "footfall_app" password' in logged
    assert "a-very-particular-word" not in logged


def test_the_password_of_a_role_that_is_not_there_cannot_be_set(clean: Server) -> None:
    dsn = clean.new_database(attributes=None)
    with pytest.raises(ConfigurationError, match='role "footfall_app" does not exist'):
        provisioning.set_role_passwords(dsn, {provisioning.APP_ROLE: "word"})


@by_either_owner
def test_dagster_gets_a_database_that_nobody_else_may_enter(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    provisioning.upgrade_schema(dsn)
    provisioning.set_role_passwords(dsn, {provisioning.APP_ROLE: "application"})
    for password in ("first", "second"):
        provisioning.ensure_dagster_database(dsn, password)
        database = provisioning.DAGSTER_DATABASE
        with psycopg.connect(provisioning.role_dsn(dsn, provisioning.DAGSTER_ROLE, password, database)) as connection:
            connection.execute("create table if not exists runs (run_id text)")
    assert not _connects(provisioning.role_dsn(dsn, provisioning.APP_ROLE, "application", "dagster"))
    assert not _connects(provisioning.role_dsn(dsn, provisioning.DAGSTER_ROLE, "second"))


def test_somebody_elses_database_called_dagster_is_left_alone(clean: Server) -> None:
    clean.run("create database dagster")
    with pytest.raises(ConfigurationError, match="belongs to postgres") as refused:
        provisioning.ensure_dagster_database(clean.new_database(attributes=ORDINARY), "word")
    assert "FOOTFALL_POSTGRES__DAGSTER_DSN" in (refused.value.hint or "")


def test_an_owner_who_may_not_make_databases_is_told_so(clean: Server) -> None:
    with pytest.raises(ConfigurationError, match="permission denied to create database"):
        provisioning.ensure_dagster_database(clean.new_database(attributes="createrole"), "word")


@pytest.mark.parametrize(
    ("owner", "expected"),
    [
        ("postgresql://o:p@h:5432/footfall", "postgresql://r:a%40b@h:5432/footfall"),
        ("postgresql+psycopg://o:p@h/footfall?sslmode=require", "postgresql://r:a%40b@h/footfall?sslmode=require"),
    ],
)
def test_a_roles_dsn_is_the_owners_with_another_login(owner: str, expected: str) -> None:
    assert provisioning.role_dsn(owner, "r", "a@b") == expected
    assert "/dagster" in provisioning.role_dsn(owner, "r", "a@b", "dagster")
