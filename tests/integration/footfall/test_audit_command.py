"""`footfall audit` on a real log: what it says of a whole one, of a broken one, of one that an anchor contradicts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from contracts.base import TenantId
from footfall import audit
from footfall.tenancy import tenant_transaction
from tests.integration.footfall.conftest import NewTenant
from tests.integration.footfall.world import World
from tests.servers import MigratedPostgres


@pytest.fixture
def tenant_id(
    world: World, new_tenant: NewTenant, postgres: MigratedPostgres, monkeypatch: pytest.MonkeyPatch
) -> TenantId:
    monkeypatch.setenv("FOOTFALL_POSTGRES__OPERATOR_DSN", postgres.operator_dsn)
    made = new_tenant("count_only")
    for number in range(3):
        with tenant_transaction(world.services.engine, made) as connection:
            audit.record(connection, actor="a", action=f"b.{number}", subject_kind="x", subject_id="1")
    return made


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["audit", *arguments])


def told(result: Result) -> dict[str, Any]:
    [tenant] = json.loads(result.stdout)["tenants"]
    return dict(tenant)


def change_an_entry(postgres: MigratedPostgres, tenant_id: TenantId) -> None:
    with psycopg.connect(postgres.owner_dsn) as connection:
        connection.execute("select set_config('app.tenant_id', %s, false)", (str(tenant_id),))
        connection.execute("alter table footfall.audit_log disable trigger user")
        connection.execute("update footfall.audit_log set actor = 'b' where action = 'b.1'")
        connection.execute("alter table footfall.audit_log enable trigger user")


def test_a_whole_log_is_called_so(tenant_id: TenantId) -> None:
    result = run("verify", "--tenant", str(tenant_id))
    assert result.exit_code == 0
    assert result.stdout == f"{tenant_id}  3 entries, intact\n"
    assert told(run("verify", "--tenant", str(tenant_id), "--json"))["intact"] is True


def test_a_changed_entry_is_shown_with_its_place(postgres: MigratedPostgres, tenant_id: TenantId) -> None:
    change_an_entry(postgres, tenant_id)
    result = run("verify", "--tenant", str(tenant_id))
    assert result.exit_code == 1
    assert "changed at 2" in result.stdout
    found = told(run("verify", "--tenant", str(tenant_id), "--json"))
    assert [(finding["kind"], finding["seq"]) for finding in found["findings"]] == [("changed", 2)]
    assert run("verify").exit_code == 1  # every tenant, this one among them


def test_anchors_are_printed_and_held_against_the_log(tenant_id: TenantId, tmp_path: Path) -> None:
    lines = [line for line in run("anchors").stdout.splitlines() if str(tenant_id) in line]
    kept = tmp_path / "anchors"
    kept.write_text("\n".join(lines))
    assert run("verify", "--tenant", str(tenant_id), "--anchors", str(kept)).exit_code == 0
    kept.write_text(json.dumps({**json.loads(lines[0]), "link": "00" * 32}))
    result = run("verify", "--tenant", str(tenant_id), "--anchors", str(kept))
    assert (result.exit_code, "anchor at 3" in result.stdout) == (1, True)


@pytest.mark.parametrize("line", ["", "{}", "[]", "nonsense", '{"tenant_id": "x", "seq": 1, "link": "00"}'])
def test_what_is_no_anchor_is_refused(tenant_id: TenantId, tmp_path: Path, line: str) -> None:
    kept = tmp_path / "anchors"
    kept.write_text(f"{line}\n")
    result = run("verify", "--tenant", str(tenant_id), "--anchors", str(kept))
    assert result.exit_code != 0
    assert "Line 1" in str(result.exception)


def test_a_tenant_that_is_not_there_is_said_to_be_missing(tenant_id: TenantId) -> None:
    for wanted in ("nobody", "5f2d7f0a-0d0c-4a0b-8a53-2f6e7f5b1a02"):
        result = run("verify", "--tenant", wanted)
        assert "There is no tenant" in str(result.exception)
