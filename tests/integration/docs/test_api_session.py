"""docs/api.md works as it stands: its session is run against the real API, from signing in to signing out."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.api.conftest import running_api
from tests.integration.api.harness import photograph
from tests.servers import ADMIN_PASSWORD, MigratedPostgres, TenantFactory

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
COMMANDS = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", f"set -euo pipefail\n{script}"],
        env={"PATH": path, "HOME": str(folder), **variables},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("password", [ADMIN_PASSWORD, "not the password"], ids=["the password", "another password"])
def test_the_session_of_the_guide_works(
    postgres: MigratedPostgres, tenant_factory: TenantFactory, tmp_path: Path, password: str
) -> None:
    slug = f"guide-{'right' if password == ADMIN_PASSWORD else 'wrong'}"
    tenant_factory(slug=slug, admin_email="admin@guide.example")
    script = "\n".join(COMMANDS.findall(GUIDE.read_text("utf-8")))
    (tmp_path / "ada.jpg").write_bytes(photograph(1))
    with running_api(postgres, tmp_path / "home") as running:
        found = run(
            script,
            tmp_path,
            API=str(running.nobody.http.base_url).rstrip("/"),
            TENANT=slug,
            EMAIL="admin@guide.example",
            PASSWORD=password,
        )
    if password != ADMIN_PASSWORD:
        assert found.returncode != 0
        assert "401" in found.stderr
        return
    assert found.returncode == 0, found.stdout + found.stderr
    quality, version, first, again, report, *_, end = found.stdout.splitlines()
    assert "'score'" in quality
    assert (version, first, again, end) == ("2", "False", "True", "signed out")
    assert sum(row["unidentified_sightings"] for row in json.loads(report)["rows"]) == 1
