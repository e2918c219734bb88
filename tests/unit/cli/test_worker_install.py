"""`footfall worker install`: what it writes, into another root; systemd's own tool finds nothing wrong with it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.worker_install import apply
from cli.worker_install.plan import ENVIRONMENT, UNIT, Wanted, planned_files
from footfall.errors import InputError
from tests.unit.ingest_daemon.films import portrait, write_film

CAMERA, OTHER = UUID(int=1), UUID(int=2)
AWKWARD = 'rtsp://admin:p"a$s\\w`rd@cam/live?a=1&b=2'


def install(root: Path, *options: str, sources: tuple[str, ...] = (f"{CAMERA}={AWKWARD}",), stdin: str = "") -> str:
    named = [part for source in sources for part in ("--source", source)]
    arguments = ["worker", "install", "--url", "http://10.0.0.5:8000", *named, "--root", str(root), *options]
    done = CliRunner().invoke(app, arguments, input=stdin, env={"FOOTFALL_HOME": str(root / "home")})
    assert done.exit_code == 0, done.output
    return done.output


def unit_in(root: Path) -> str:
    return (root / UNIT.relative_to("/")).read_text()


def environment_in(root: Path) -> Path:
    return root / ENVIRONMENT.relative_to("/")


def as_systemd_reads(path: Path) -> dict[str, str]:
    """systemd.exec(5), EnvironmentFile: within double quotes a backslash keeps the letter after it."""
    found = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, _, value = line.partition("=")
            if value.startswith('"'):
                value = re.sub(r"\\(.)", r"\1", value[1:-1])
            found[name] = value
    return found


def test_the_unit_notifies_is_watched_and_bounded(tmp_path: Path) -> None:
    install(tmp_path, "--cpu-cores", "0.5")
    unit = unit_in(tmp_path)
    for line in (
        "Type=notify", "WatchdogSec=60", "Restart=always", "MemoryMax=500M", "CPUQuota=62%", "NoNewPrivileges=yes",
        "ProtectSystem=strict", "DynamicUser=yes", "CapabilityBoundingSet=", "DeviceAllow=char-video4linux rw",
    ):  # fmt: skip
        assert f"\n{line}\n" in unit
    assert "@" not in re.sub(r"#.*|@system-service", "", unit), "every word was filled in"


def test_the_environment_is_roots_alone_and_holds_the_source_as_it_was(tmp_path: Path) -> None:
    install(tmp_path)
    path = environment_in(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    said = as_systemd_reads(path)
    assert said["FOOTFALL_INGEST__SOURCE"] == AWKWARD
    assert said["FOOTFALL_INGEST__CAMERA_ID"] == str(CAMERA)
    assert said["FOOTFALL_API__URL"] == "http://10.0.0.5:8000"
    assert AWKWARD not in unit_in(tmp_path)


def test_several_cameras_get_more_memory_and_are_read_back_as_they_were(tmp_path: Path) -> None:
    install(tmp_path, sources=("-",), stdin=f"{CAMERA}=rtsp://a:b@cam/1\n{OTHER}=/dev/video0\n")
    said = as_systemd_reads(environment_in(tmp_path))
    assert json.loads(said["FOOTFALL_INGEST__SOURCES"]) == {str(CAMERA): "rtsp://a:b@cam/1", str(OTHER): "/dev/video0"}
    assert "MemoryMax=560M" in unit_in(tmp_path)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="there is no systemd-analyze here")
def test_systemd_finds_nothing_wrong(tmp_path: Path) -> None:
    install(tmp_path)
    assert apply.verify(tmp_path) is None
    path = tmp_path / UNIT.relative_to("/")
    path.write_text(path.read_text().replace("MemoryMax=", "MemoryMaximum="))
    assert "MemoryMaximum" in (apply.verify(tmp_path) or "")
    ended = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=25", str(path)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout[-500:]


def test_a_dry_run_writes_nothing_and_shows_no_password(tmp_path: Path) -> None:
    said = install(tmp_path, "--dry-run")
    assert "Type=notify" in said
    assert "FOOTFALL_INGEST__SOURCE=***" in said
    assert "admin" not in said
    assert list(tmp_path.iterdir()) == []


def test_installing_again_replaces_what_was_there(tmp_path: Path) -> None:
    install(tmp_path)
    install(tmp_path, sources=(f"{OTHER}=/dev/video1",))
    assert as_systemd_reads(environment_in(tmp_path))["FOOTFALL_INGEST__CAMERA_ID"] == str(OTHER)
    assert not list(tmp_path.rglob("*.partial"))


@pytest.mark.parametrize("source", ["rtsp://cam/1", "no-uuid=rtsp://cam/1", f"{CAMERA}="])
def test_a_source_without_its_camera_is_refused(tmp_path: Path, source: str) -> None:
    arguments = ["worker", "install", "--url", "http://x", "--source", source, "--root", str(tmp_path)]
    assert CliRunner().invoke(app, arguments).exit_code != 0
    assert list(tmp_path.iterdir()) == []


def refused(root: Path | None, source: str) -> str:
    """What is said, of an installation into `root` or, without one, of a dry run on this machine."""
    where = ["--dry-run"] if root is None else ["--root", str(root)]
    arguments = ["worker", "install", "--url", "http://x", "--source", "-", *where]
    done = CliRunner().invoke(app, arguments, input=f"{CAMERA}={source}\n")
    assert isinstance(done.exception, InputError), done.output
    return f"{done.output} {done.exception.message} {done.exception.hint}"


@pytest.mark.parametrize(
    ("source", "says"),
    [
        ("ftp://admin:hunter2@cam/live", "scheme that is not known"),
        ("rtsp:///live?password=hunter2", "names no host"),
        ("rtsp://admin:hunter2@:554/live", "names no host"),
        ("http://admin:hunter2@169.254.169.254/live", "169.254.169.254"),
        ("admin:hunter2@cam/live", "neither a URL"),
        ("//admin:hunter2@cam/live", "neither a URL"),
        ("clips/hunter2.mp4", "neither a URL"),
        ("/media/none.mp4", "There is no file"),
        ("file:///media/none.mp4", "There is no file"),
        ("/media", "holds no pictures"),
        ("/media/notes.txt", "is no video"),
        ("synthetic:many", "cannot be drawn"),
    ],
)
def test_what_can_be_no_source_is_refused_before_anything_is_written(tmp_path: Path, source: str, says: str) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "notes.txt").write_text("no film")
    said = refused(tmp_path, source)
    assert says in said
    assert str(CAMERA) in said
    assert "hunter2" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["media"]


@pytest.mark.parametrize("source", ["997", "/dev/video997"])
def test_a_device_that_this_machine_does_not_have_is_refused(source: str) -> None:
    said = refused(None, source)
    assert "There is no /dev/video997" in said
    assert "Plug the camera in" in said


def test_a_file_is_looked_for_where_it_will_be_and_a_camera_may_be_away(tmp_path: Path) -> None:
    film = tmp_path / "media" / "door.avi"
    film.parent.mkdir()
    write_film(film, [portrait(1)] * 3)
    install(tmp_path, sources=(f"{CAMERA}=/media/door.avi", f"{OTHER}=rtsp://127.0.0.1:9/live"))
    said = as_systemd_reads(environment_in(tmp_path))
    assert json.loads(said["FOOTFALL_INGEST__SOURCES"])[str(CAMERA)] == "/media/door.avi"


def test_what_would_break_out_of_the_unit_is_refused(tmp_path: Path) -> None:
    for url in ("http://x\nExecStartPre=/bin/sh", "http://x y", "http://%h"):
        arguments = ["worker", "install", "--url", url, "--source", f"{CAMERA}=0", "--root", str(tmp_path)]
        assert CliRunner().invoke(app, arguments).exit_code != 0
    newline = [
        "worker",
        "install",
        "--url",
        "http://x",
        "--source",
        f"{CAMERA}=a\nFOOTFALL_HOME=/",
        "--root",
        str(tmp_path),
    ]
    assert CliRunner().invoke(app, newline).exit_code != 0


def test_software_in_a_home_stays_readable() -> None:
    def unit(command: str) -> str:
        wanted = Wanted("http://x", Path(command), Path("/opt/models"), {CAMERA: "0"}, 1.0)
        return planned_files(wanted)[0].content

    assert "ProtectHome=yes" in unit("/opt/footfall/bin/footfall")
    assert "ProtectHome=read-only" in unit("/home/ada/footfall/bin/footfall")
