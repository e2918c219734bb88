"""`footfall ingest` from the command line to the exit code, within this process."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import ingest_commands
from cli.main import main
from ingest_daemon import daemon
from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, ApiServer
from tests.unit.ingest_daemon.films import visits_film

Ingest = Callable[..., tuple[int, str, str]]


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer().serving() as server:
        yield server


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return visits_film(tmp_path / "film.avi", 1, None, 2, None)


@pytest.fixture
def ingest(
    api: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Iterator[Ingest]:
    """Runs the command; answers exit code, standard output and standard error."""
    level = logging.getLogger().level
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("FOOTFALL_OFFLINE", "1")
    monkeypatch.setenv("FOOTFALL_API__URL", api.url)
    monkeypatch.setenv("FOOTFALL_INGEST__API_KEY", API_KEY)

    def run(*options: str, camera: str = str(CAMERA_ID)) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["footfall", "ingest", "--camera", camera, *options])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), told.out, told.err

    yield run
    logging.getLogger().setLevel(level)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--source", "README.md"], "README.md is no video"),
        (["--source", "/nowhere.mp4"], "There is no file"),
        (["--source", "gopher://a:hunter2@cam/x"], "scheme"),
        ([], "There is no source"),
        (["--source", "x.mp4", "--started-at", "noon"], "noon is no moment"),
        (["--source", "x.mp4", "--started-at", "2026-05-04T09:00:00"], "states no offset"),
    ],
)
def test_what_cannot_be_used_is_exit_code_2_and_says_what_to_do(
    ingest: Ingest, options: list[str], message: str
) -> None:
    code, _, err = ingest(*options)

    assert code == 2
    assert message in err
    assert "hint: " in err
    assert "hunter2" not in err


def test_an_unknown_camera_is_exit_code_2(ingest: Ingest, api: ApiServer, film: Path) -> None:
    api.camera = None

    code, _, err = ingest("--source", str(film))

    assert code == 2
    assert f"knows no camera {CAMERA_ID}" in err


def test_a_wrong_key_is_exit_code_2_and_is_not_quoted(
    ingest: Ingest, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = API_KEY[:-1] + "x"
    monkeypatch.setenv("FOOTFALL_INGEST__API_KEY", wrong)

    code, _, err = ingest("--source", str(film))

    assert code == 2
    assert "does not accept this worker's key" in err
    assert wrong not in err


def test_the_source_may_be_given_where_nobody_sees_it(
    ingest: Ingest, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_INGEST__SOURCE", str(film))

    code, out, _ = ingest()

    assert code == 0
    assert "80 frames" in out


def test_progress_is_plain_lines_where_there_is_no_terminal(
    ingest: Ingest, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest_commands, "_PLAIN_LINE_SECONDS", 0.1)

    code, out, err = ingest("--source", str(film), "--progress", "--realtime")

    assert code == 0
    assert "of 80, " in err
    assert "faces in view" in err
    assert "\x1b" not in err + out


def test_an_api_that_stays_away_is_exit_code_3_and_says_where_the_events_are(
    ingest: Ingest, film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(daemon, "PATIENCE_SECONDS", 0.5)
    assert ingest("--source", str(visits_film(tmp_path / "empty.avi", None)))[0] == 0  # the camera is remembered now
    monkeypatch.setenv("FOOTFALL_API__URL", "http://127.0.0.1:1")

    code, out, err = ingest("--source", str(film))

    assert code == 3
    assert f"4 events wait in {tmp_path / 'home' / 'ingest' / f'outbox-{CAMERA_ID}.sqlite'}" in err
    assert "hint: " in err
    assert "waiting in the outbox: 4" in out


def test_a_summary_that_cannot_be_written_is_exit_code_2(ingest: Ingest, film: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    code, _, err = ingest("--source", str(film), "--summary", str(tmp_path / "file" / "summary.json"))

    assert code == 2
    assert "cannot be written" in err
