"""Who may log in where once the schema is there: the roles' passwords, and Dagster's own database."""

from __future__ import annotations

import psycopg
import pytest

from footfall import provisioning
from footfall.errors import ConfigurationError
from tests.integration.provisioning.bare_server import ORDINARY, ROLES, Server, by_either_owner, connects


@by_either_owner
def test_a_role_logs_in_with_the_password_last_set(clean: Server, attributes: str | None) -> None:
    dsn = clean.new_database(attributes=attributes)
    provisioning.upgrade_schema(dsn)
    for password in ("first", "second'; drop schema footfall; --", "dritte-\u00f6"):
        provisioning.set_role_passwords(dsn, dict.fromkeys(ROLES, password))
        assert all(connects(provisioning.role_dsn(dsn, role, password)) for role in ROLES)
    assert not connects(provisioning.role_dsn(dsn, provisioning.APP_ROLE, "first"))


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
    assert not connects(provisioning.role_dsn(dsn, provisioning.APP_ROLE, "application", "dagster"))
    assert not connects(provisioning.role_dsn(dsn, provisioning.DAGSTER_ROLE, "second"))


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
