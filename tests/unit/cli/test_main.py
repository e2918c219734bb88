"""What the command exits with, and what it says: a sentence and a hint, never a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cli.main import app, exit_code, main
from client.errors import ApiProblem, ApiUnavailable
from contracts.problems import Problem
from footfall import errors


def footfall(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cli", *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.ConfigurationError("x"), 2),
        (errors.NotAVideoError("x"), 2),
        (errors.SeveralFacesError("x"), 2),
        (errors.NotFoundError("x"), 2),
        (errors.ConflictError("x"), 2),
        (errors.UnauthenticatedError("x"), 2),
        (errors.ForbiddenError("x"), 2),
        (errors.ModelMissingError("x"), 2),
        (errors.PostgresUnavailableError("x"), 3),
        (errors.VectorsUnavailableError("x"), 3),
        (errors.DownloadError("x"), 3),
        (errors.FootfallError("x"), 1),
    ],
)
def test_the_exit_code_tells_whose_turn_it_is(error: errors.FootfallError, code: int) -> None:
    assert exit_code(error) == code


def test_every_error_of_the_tree_but_its_root_has_a_code_of_its_own() -> None:
    """A new branch of the tree must be thought of here."""
    branches = [branch for branch in errors.FootfallError.__subclasses__() if branch.__module__ == errors.__name__]
    assert [branch.__name__ for branch in branches if exit_code(branch("x")) == 1] == []


def test_an_error_is_a_sentence_and_a_hint(tmp_path: Path) -> None:
    refused = footfall("tenant", "list", FOOTFALL_HOME=str(tmp_path))
    assert refused.returncode == 3
    assert refused.stdout == ""
    assert refused.stderr.splitlines() == [
        f"error: No stack is up in {tmp_path}.",
        "hint: Start it: `footfall up`.",
    ]


def test_a_server_that_is_away_is_exit_code_3(tmp_path: Path) -> None:
    refused = footfall(
        "db", "migrate", FOOTFALL_HOME=str(tmp_path), FOOTFALL_POSTGRES__DSN="postgresql://u:p@127.0.0.1:9/d"
    )
    assert refused.returncode == 3
    assert "Traceback" not in refused.stderr


def test_an_unknown_setting_is_exit_code_2_and_named(tmp_path: Path) -> None:
    refused = footfall("status", FOOTFALL_HOME=str(tmp_path), FOOTFALL_HOMES="x")
    assert refused.returncode == 2
    assert "FOOTFALL_HOMES" in refused.stderr


def test_help_names_every_command_with_what_it_does() -> None:
    shown = footfall("--help").stdout
    commands = [command.name or command.callback.__name__ for command in app.registered_commands if command.callback]
    commands += [group.name for group in app.registered_groups if group.name]
    assert {"up", "down", "status", "doctor", "demo", "ingest", "models", "tenant", "apikey", "db"} <= set(commands)
    lines = {line.split()[0]: line for line in shown.splitlines() if line.startswith("  ") and line.strip()}
    assert all(len(lines[name].split()) > 3 for name in commands)


def test_a_reader_that_goes_away_is_no_traceback() -> None:
    command = f"{sys.executable} -m cli settings | head -c 1"
    shown = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert shown.stderr == ""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ApiUnavailable("no answer"), 3),
        (ApiProblem(Problem(type="urn:footfall:problem:not-found", title="Not found", status=404, detail="x")), 2),
        (ApiProblem(Problem(type="about:blank", title="Bad gateway", status=502, detail="x")), 3),
        (KeyboardInterrupt(), 130),
    ],
)
def test_what_the_client_raises_is_a_sentence_too(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: BaseException, code: int
) -> None:
    """The client's errors are a tree of their own."""

    def command() -> None:
        raise error

    monkeypatch.setattr("cli.main.app", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == code
    assert capsys.readouterr().err == (f"error: {error}\n" if str(error) else "")


def test_a_bug_is_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """What nobody raises on purpose must not be dressed up as a message."""

    def command() -> None:
        raise KeyError("a bug")

    monkeypatch.setattr("cli.main.app", command)
    with pytest.raises(KeyError, match="a bug"):
        main()
