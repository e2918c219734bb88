"""Running a job from here: the environment it gets, and what is said when it cannot begin."""

from __future__ import annotations

import os
from pathlib import Path
from unittest.mock import patch

import pytest

from footfall.errors import ConfigurationError, ServiceUnavailableError
from footfall.settings import load_settings
from orchestration import run_job
from orchestration.jobs import JOBS
from orchestration.local import environment_of, materialise


def test_the_environment_makes_the_same_settings_again(tmp_path: Path) -> None:
    settings = load_settings(
        home=tmp_path,
        log_level="debug",
        postgres={"operator_dsn": "postgresql://o:p@h/d", "transform_dsn": "postgresql://t:p@h/d", "pool_size": 3},
        milvus={"uri": "http://127.0.0.1:19530", "token": "root:secret"},
        s3={"endpoint": "127.0.0.1:1", "access_key": "a", "secret_key": "b", "secure": True},
        models_dir=tmp_path / "models",
    )
    with patch.dict(os.environ, environment_of(settings)):
        assert load_settings() == settings


def test_a_relative_home_is_made_absolute_for_the_other_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert environment_of(load_settings(home=Path("here")))["FOOTFALL_HOME"] == str(tmp_path / "here")


def test_a_job_that_does_not_exist_is_refused_with_the_place_to_look(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="could not be run") as refused:
        materialise("no_such_job", load_settings(home=tmp_path))
    log = tmp_path / "logs" / "no_such_job.log"
    assert str(log) in (refused.value.hint or "")
    assert "refresh_marts" in log.read_text()


@pytest.mark.parametrize("arguments", [[], ["no_such_job"], ["refresh_all", "refresh_marts"]])
def test_the_command_names_the_jobs_there_are(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run_job.main(arguments) == 2
    told = capsys.readouterr().err
    assert [job.name for job in JOBS if job.name not in told] == []


def test_a_job_that_never_ends_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestration.local._LIMIT_SECONDS", 0.01)
    with pytest.raises(ServiceUnavailableError, match="did not end within"):
        materialise("refresh_marts", load_settings(home=tmp_path))
