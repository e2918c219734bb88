"""The schema on a server of these tests' own: up, up again, down; by a superuser and by an ordinary owner."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from cli.stack.ports import free_ports
from footfall import provisioning
from footfall.errors import ConfigurationError, PostgresUnavailableError
from footfall.stores.postgres.engine import owner_engine
from tests.integration.provisioning.bare_server import ORDINARY, ROLES, Server, by_either_owner
from tests.isolation.catalogue import open_relations, tenant_tables
from tests.isolation.rows import MADE_BY_TRIGGERS, ROWS


def _version(dsn: str) -> list[str]:
    with owner_engine(dsn) as engine, engine.connect() as connection:
        return list(connection.execute(text("select version_num from public.footfall_schema_version")).scalars())


def _schemas(dsn: str) -> set[str]:
    with owner_engine(dsn) as engine, engine.connect() as connection:
        found = connection.execute(
            text("select nspname from pg_namespace where nspname in ('footfall', 'marts')")
        ).scalars()
        return set(found)


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
