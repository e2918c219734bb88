"""Running a job from here: the environment it gets, and what is said when it cannot begin."""

from __future__ import annotations

from pathlib import Path

import pytest

from footfall.errors import ConfigurationError, ServiceUnavailableError
from footfall.settings import load_settings
from orchestration import run_job
from orchestration.jobs import JOBS
from orchestration.local import materialise


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
