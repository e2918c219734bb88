"""docs/access.md says what the table of the code says, and nothing else."""

from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from api.access_page import access_page
from api.auth import ACCESS
from cli.main import app as cli

PAGE = Path(__file__).parents[3] / "docs" / "access.md"


def test_the_committed_page_is_what_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == access_page(), "run: footfall access --write docs/access.md"


def test_the_command_writes_it(tmp_path: Path) -> None:
    target = tmp_path / "new" / "access.md"
    result = CliRunner().invoke(cli, ["access", "--write", str(target)])
    assert result.exit_code == 0, result.output
    assert target.read_text("utf-8") == access_page()


def test_every_operation_is_a_row_with_its_roles() -> None:
    rows = [line for line in access_page().splitlines() if line.startswith("| `")]
    assert len(rows) == len(ACCESS)
    assert "| `POST /v1/sites` | write | ✓ | ✓ |  |  |" in rows
    assert "| `POST /v1/auth/token` | login | public | public | public | public |" in rows


def test_another_table_makes_another_page() -> None:
    assert access_page({("GET", "/v1/sites"): frozenset({"worker"})}) != access_page({("GET", "/v1/sites"): "public"})
