"""`footfall db`, `tenant` and `apikey` on a real Postgres: what they make can be used, what they print is said once."""

from __future__ import annotations

import json
from uuid import UUID, uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from footfall.access import authenticate_api_key, authenticate_password
from footfall.errors import ConflictError, InputError, NotFoundError, UnauthenticatedError
from footfall.settings import PostgresSettings
from footfall.stores.postgres.engine import open_engine
from tests.servers import MigratedPostgres, TenantFactory


@pytest.fixture(autouse=True)
def _on_the_sessions_postgres(postgres: MigratedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRES__DSN", postgres.owner_dsn)


def footfall(*words: str, stdin: str | None = None) -> tuple[str, str]:
    """Standard output and error of a command that succeeds. Raises what the command raises."""
    result = CliRunner().invoke(app, words, input=stdin, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout, result.stderr


def slug() -> str:
    return f"t-{uuid4().hex[:12]}"


def test_migrating_again_changes_nothing() -> None:
    assert footfall("db", "migrate")[0] == "The schema is up to date.\n"


def test_the_administrator_signs_in_with_the_password_that_was_shown(postgres: MigratedPostgres) -> None:
    name = slug()
    made = json.loads(footfall("tenant", "create", name, "--admin-email", "a@example.com", "--json")[0])
    engine = open_engine(postgres.app_dsn, PostgresSettings(), application="test")
    principal = authenticate_password(engine, tenant_slug=name, email="a@example.com", password=made["admin_password"])
    assert principal.tenant_id == UUID(made["tenant_id"])
    assert principal.role == "tenant_admin"
    engine.dispose()


def test_the_administrator_of_a_platform_is_a_system_administrator(postgres: MigratedPostgres) -> None:
    name = slug()
    words = ("tenant", "create", name, "--admin-email", "a@example.com", "--platform", "--json")
    made = json.loads(footfall(*words)[0])
    engine = open_engine(postgres.app_dsn, PostgresSettings(), application="test")
    principal = authenticate_password(engine, tenant_slug=name, email="a@example.com", password=made["admin_password"])
    assert principal.role == "system_admin"
    engine.dispose()


def test_a_password_from_standard_input_is_taken_and_not_repeated(postgres: MigratedPostgres) -> None:
    name = slug()
    words = ("tenant", "create", name, "--admin-email", "a@example.com", "--password-stdin")
    said, _ = footfall(*words, stdin="a-long-enough-password\n")
    assert "a-long-enough-password" not in said
    engine = open_engine(postgres.app_dsn, PostgresSettings(), application="test")
    authenticate_password(engine, tenant_slug=name, email="a@example.com", password="a-long-enough-password")
    engine.dispose()


def test_an_empty_standard_input_is_no_password() -> None:
    with pytest.raises(InputError, match="No password"):
        footfall("tenant", "create", slug(), "--admin-email", "a@example.com", "--password-stdin", stdin="")


def test_a_taken_slug_is_refused() -> None:
    name = slug()
    footfall("tenant", "create", name, "--admin-email", "a@example.com")
    with pytest.raises(ConflictError):
        footfall("tenant", "create", name, "--admin-email", "a@example.com")


def test_identify_without_its_legal_basis_is_refused() -> None:
    with pytest.raises(InputError, match="legal basis"):
        footfall("tenant", "create", slug(), "--admin-email", "a@example.com", "--privacy-mode", "identify")


def test_the_list_shows_what_was_made() -> None:
    name = slug()
    basis = ("--privacy-mode", "identify", "--legal-basis", "consent", "--retention-days", "30")
    footfall("tenant", "create", name, "--name", "A shop", "--admin-email", "a@example.com", *basis)
    shown = {row["slug"]: row for row in json.loads(footfall("tenant", "list", "--json")[0])["tenants"]}
    assert shown[name]["name"] == "A shop"
    assert (shown[name]["privacy_mode"], shown[name]["retention_days"]) == ("identify", 30)
    line = next(line for line in footfall("tenant", "list")[0].splitlines() if line.startswith(name))
    assert "30 days" in line


def test_a_key_stands_alone_on_standard_output_and_works(
    postgres: MigratedPostgres, tenant_factory: TenantFactory
) -> None:
    name = slug()
    tenant_id = tenant_factory(slug=name)
    key, said = footfall("apikey", "create", "--tenant", name, "--name", "entrance")
    assert "only now" in said
    engine = open_engine(postgres.app_dsn, PostgresSettings(), application="test")
    principal = authenticate_api_key(engine, key.strip())
    assert (principal.tenant_id, principal.role, principal.camera_ids) == (tenant_id, "worker", None)
    with pytest.raises(UnauthenticatedError):
        authenticate_api_key(engine, key.strip()[:-1] + ("0" if key.strip()[-1] != "0" else "1"))
    engine.dispose()


def test_a_key_for_an_unknown_tenant_or_camera_is_refused(tenant_factory: TenantFactory) -> None:
    with pytest.raises(NotFoundError, match="no tenant"):
        footfall("apikey", "create", "--tenant", slug(), "--name", "x")
    name = slug()
    tenant_factory(slug=name)
    with pytest.raises(NotFoundError, match="no camera"):
        footfall("apikey", "create", "--tenant", name, "--name", "x", "--camera", str(uuid4()))
