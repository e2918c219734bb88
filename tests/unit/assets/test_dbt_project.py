"""Where dbt's project, environment and manifest come from; dbt itself parses here, without a database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import footfall
from assets import dbt_project
from assets.dbt_project import dbt_environment, load_manifest, project_dir, target_dir
from assets.marts import dbt_arguments
from footfall.errors import ConfigurationError
from footfall.settings import Settings, load_settings

DSN = "postgresql://footfall_transform:a-long-random-password@db.example:6432/footfall"


def settings(home: Path, dsn: str | None = DSN) -> Settings:
    return load_settings(home=home, postgres={"transform_dsn": dsn})


def test_the_environment_holds_the_parts_of_the_dsn(tmp_path: Path) -> None:
    environment = dbt_environment(settings(tmp_path))
    assert environment["DBT_FOOTFALL_HOST"] == "db.example"
    assert environment["DBT_FOOTFALL_PORT"] == "6432"
    assert environment["DBT_FOOTFALL_USER"] == "footfall_transform"
    assert environment["DBT_FOOTFALL_DBNAME"] == "footfall"
    assert environment["DBT_FOOTFALL_SSLMODE"] == "prefer"
    assert environment["DBT_ENV_SECRET_FOOTFALL_PASSWORD"] == "a-long-random-password"
    assert environment["DBT_SEND_ANONYMOUS_USAGE_STATS"] == "false"


def test_what_a_dsn_escapes_is_plain_again_and_what_it_leaves_out_is_usual(tmp_path: Path) -> None:
    environment = dbt_environment(settings(tmp_path, "postgresql://u:p%40ss%2Fw%3Aord-long@db/f?sslmode=require"))
    assert environment["DBT_ENV_SECRET_FOOTFALL_PASSWORD"] == "p@ss/w:ord-long"
    assert environment["DBT_FOOTFALL_PORT"] == "5432"
    assert environment["DBT_FOOTFALL_SSLMODE"] == "require"


def test_without_a_dsn_dbt_is_told_no_address(tmp_path: Path) -> None:
    assert not [name for name in dbt_environment(settings(tmp_path, None)) if "FOOTFALL" in name]


@pytest.mark.parametrize(
    ("dsn", "says"),
    [
        ("postgresql:///footfall", "no host"),
        ("postgresql://u:a-long-random-password@db", "no database"),
        ("postgresql://u:short@db/f", "shorter than"),
        ("mysql://u:a-long-random-password@db/f", "cannot be read"),
    ],
)
def test_a_dsn_that_dbt_cannot_use_is_refused_without_showing_it(tmp_path: Path, dsn: str, says: str) -> None:
    with pytest.raises(ConfigurationError, match=says) as refused:
        dbt_environment(settings(tmp_path, dsn))
    assert "short@" not in f"{refused.value.message}{refused.value.hint}"
    assert "a-long-random-password" not in f"{refused.value.message}{refused.value.hint}"


def test_dbt_writes_under_the_home_alone(tmp_path: Path) -> None:
    environment = dbt_environment(settings(tmp_path))
    assert environment["DBT_TARGET_PATH"] == environment["DBT_LOG_PATH"] == str(tmp_path / "dbt" / "target")
    assert target_dir(settings(tmp_path)).is_relative_to(tmp_path)


def test_an_installed_wheels_project_is_found_beside_the_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where `dbt` is dbt-core itself."""
    (tmp_path / "footfall").mkdir()
    (tmp_path / "dbt").mkdir()
    shutil.copytree(project_dir(), tmp_path / "footfall_dbt")
    monkeypatch.setattr(footfall, "__file__", str(tmp_path / "footfall" / "__init__.py"))
    assert project_dir() == tmp_path / "footfall_dbt"


def test_a_missing_project_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(footfall, "__file__", str(tmp_path / "footfall" / "__init__.py"))
    with pytest.raises(ConfigurationError, match="no dbt project"):
        project_dir()


def test_a_full_refresh_is_asked_for_by_name_only() -> None:
    assert "--full-refresh" not in dbt_arguments(full_refresh=False)
    assert dbt_arguments(full_refresh=True) == [*dbt_arguments(full_refresh=False), "--full-refresh"]


@pytest.fixture
def copied_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    copied = tmp_path / "project"
    shutil.copytree(project_dir(), copied)
    monkeypatch.setattr(dbt_project, "project_dir", lambda: copied)
    return copied


@pytest.fixture
def no_dbt(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on nothing may be parsed."""

    def absent() -> Path:
        raise AssertionError("dbt was asked to parse")

    monkeypatch.setattr(dbt_project, "dbt_executable", absent)


def test_a_manifest_is_made_once_and_again_when_the_project_or_the_database_changes(
    tmp_path: Path, copied_project: Path, request: pytest.FixtureRequest
) -> None:
    home = tmp_path / "home"
    manifest = load_manifest(settings(home))
    assert "model.footfall.visits_hourly" in manifest["nodes"]
    before = sorted(path.relative_to(copied_project) for path in copied_project.rglob("*"))
    request.getfixturevalue("no_dbt")
    assert load_manifest(settings(home)) == manifest
    other_password = DSN.replace("a-long-random-password", "another-long-password")
    assert load_manifest(settings(home, other_password)) == manifest
    with pytest.raises(AssertionError, match="asked to parse"):
        load_manifest(settings(home, DSN.replace("/footfall", "/elsewhere")))
    (copied_project / "models" / "marts" / "visits_hourly.sql").write_text("select 1")
    with pytest.raises(AssertionError, match="asked to parse"):
        load_manifest(settings(home))
    assert sorted(path.relative_to(copied_project) for path in copied_project.rglob("*")) == before


def test_a_project_that_does_not_parse_is_said_in_dbts_words(tmp_path: Path, copied_project: Path) -> None:
    (copied_project / "models" / "marts" / "visits_hourly.sql").write_text("select * from {{ ref('nowhere') }}")
    with pytest.raises(ConfigurationError, match="nowhere"):
        load_manifest(settings(tmp_path / "home"))
    assert list((tmp_path / "home" / "dbt").iterdir()) == []


def test_a_home_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where a folder should be")
    with pytest.raises(ConfigurationError, match="cannot be kept"):
        load_manifest(settings(tmp_path / "home"))
