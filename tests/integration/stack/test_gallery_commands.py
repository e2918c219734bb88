"""`footfall gallery` on the real Postgres and the real vector store."""

from __future__ import annotations

import json
from uuid import uuid4

import pytest
from typer.testing import CliRunner

from cli.main import app
from tests.servers import MigratedPostgres, TenantFactory


@pytest.fixture(autouse=True)
def _on_the_sessions_servers(
    postgres: MigratedPostgres, milvus_uri: str, tenant_factory: TenantFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant_factory()
    monkeypatch.setenv("FOOTFALL_POSTGRES__OPERATOR_DSN", postgres.operator_dsn)
    monkeypatch.setenv("FOOTFALL_MILVUS__URI", milvus_uri)
    monkeypatch.setenv("FOOTFALL_MILVUS__ALIAS", f"cli_{uuid4().hex[:8]}")


def footfall(*words: str) -> dict[str, object]:
    result = CliRunner().invoke(app, ["gallery", *words, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


@pytest.mark.e2e
def test_a_rebuild_is_served_and_can_be_taken_back() -> None:
    first, second = footfall("rebuild"), footfall("rebuild")
    assert second["previous"] == first["collection"]
    status = footfall("status")
    assert (status["collection"], status["former"]) == (second["collection"], first["collection"])
    assert (status["missing"], status["orphaned"]) == (0, 0)
    assert footfall("mend") == {"added": 0, "removed": 0}
    assert footfall("rollback")["collection"] == first["collection"]
    assert footfall("status")["former"] == second["collection"]
