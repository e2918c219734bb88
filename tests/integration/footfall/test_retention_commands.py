"""`footfall retention`: a preview that changes nothing, a tenant's terms, holds placed, listed and lifted."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from footfall.errors import InputError, NotFoundError
from tests.integration.footfall.world import World
from tests.servers import MigratedPostgres
from tests.vectors import person


@pytest.fixture(autouse=True)
def _as_operator(postgres: MigratedPostgres, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRES__OPERATOR_DSN", postgres.operator_dsn)


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["retention", *arguments])
    if isinstance(result.exception, InputError | NotFoundError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def test_a_preview_tells_what_would_go(world: World) -> None:
    tenant = str(world.tenant_id)
    assert "No tenant" not in run("preview", "--tenant", tenant).stdout
    world.see(person(1), datetime.now(UTC) - timedelta(days=40))
    run("terms", "--tenant", tenant, "--event-days", "10")
    told = json.loads(run("preview", "--tenant", tenant, "--json").stdout)
    assert [(each["customers"], each["visits"], each["days"]) for each in told["customers"]] == [(1, 1, 30)]
    assert {each["kind"]: each["rows"] for each in told["rows"]} == {"events": 1, "visits": 0}
    assert "1 customers were not seen for 30 days" in run("preview", "--tenant", tenant).stdout
    assert (world.count("customers"), world.count("face_events")) == (1, 1)


def test_terms_are_set_one_by_one_and_taken_away(world: World) -> None:
    tenant = str(world.tenant_id)
    run("terms", "--tenant", tenant, "--event-days", "90")
    run("terms", "--tenant", tenant, "--mart-days", "900")
    shown = json.loads(run("terms", "--tenant", tenant, "--json").stdout)
    assert shown == {"audit_days": None, "event_days": 90, "mart_days": 900}
    assert "event_days: kept" in run("terms", "--tenant", tenant, "--event-days", "0").stdout


def test_holds_are_placed_listed_and_lifted(world: World) -> None:
    tenant = str(world.tenant_id)
    run("hold", f"camera:{world.cameras[0]}", "--tenant", tenant, "--reference", "File 12")
    [shown] = json.loads(run("holds", "--tenant", tenant, "--json").stdout)["holds"]
    assert (shown["subject_kind"], shown["reference"], shown["placed_by"]) == ("camera", "File 12", "cli")
    assert "File 12" in run("holds", "--tenant", tenant).stdout
    run("lift", shown["hold_id"], "--tenant", tenant)
    assert "Nothing is held" in run("holds", "--tenant", tenant).stdout
    for wrong in ("site:1", "camera:x", "everything"):
        with pytest.raises(InputError, match="names nothing"):
            run("hold", wrong, "--tenant", tenant, "--reference", "File 12")
