"""`footfall ingest` as a process: its summary, signals, and kill -9 in the middle."""

from __future__ import annotations

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.unit.ingest_daemon.api_server import API_KEY, CAMERA_ID, ApiServer, camera
from tests.unit.ingest_daemon.films import portrait, visits_film
from tests.unit.ingest_daemon.mjpeg_camera import MjpegCamera

STARTED = "2026-05-04T09:00:00+00:00"


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer().serving() as server:
        yield server


@pytest.fixture
def film(tmp_path: Path) -> Path:
    return visits_film(tmp_path / "film.avi", 1, None, 2, None, 3, None)


def environment(api: ApiServer, home: Path) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
    return {
        **plain,
        "FOOTFALL_HOME": str(home),
        "FOOTFALL_OFFLINE": "1",
        "FOOTFALL_API__URL": api.url,
        "FOOTFALL_INGEST__API_KEY": API_KEY,
        "PYTHONPATH": str(Path(__file__).parents[3]),
    }


def command(*options: str) -> list[str]:
    return [sys.executable, "-m", "cli.main", "ingest", "--camera", str(CAMERA_ID), *options]


def ingest(api: ApiServer, home: Path, *options: str, **changed: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*options),
        env={**environment(api, home), **changed},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def test_a_film_is_played_and_summed_up(api: ApiServer, film: Path, tmp_path: Path) -> None:
    target = tmp_path / "out" / "summary.json"

    done = ingest(api, tmp_path, "--source", str(film), "--started-at", STARTED, "--summary", str(target))

    assert done.returncode == 0, done.stderr
    summary = json.loads(target.read_text())
    assert {
        "frames", "fps", "tracks", "events", "decisions", "dropped", "latency_ms_p50", "latency_ms_p95", "detector",
        "embedder", "backend",
    } <= summary.keys()  # fmt: skip
    assert {
        "event_id", "decision", "person_kind", "person_id", "score", "margin", "visit_id", "latency_ms", "started_at",
        "ended_at",
    } <= summary["decisions"][0].keys()  # fmt: skip
    assert summary["events"] == 3
    assert "120 frames" in done.stdout
    assert done.stdout.count("new_customer") == 3
    assert "From frame to committed visit: median" in done.stdout


def test_a_folder_of_which_nothing_can_be_read_is_an_error(api: ApiServer, tmp_path: Path) -> None:
    folder = tmp_path / "junk"
    folder.mkdir()
    for name in ("one.jpg", "two.png"):
        (folder / name).write_bytes(b"no picture")

    done = ingest(api, tmp_path, "--source", str(folder))

    assert done.returncode == 2
    assert "2 unreadable" in done.stdout
    assert "error: Nothing of junk can be read." in done.stderr


def test_progress_is_a_bar_on_a_terminal(api: ApiServer, film: Path, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        command("--source", str(film), "--progress"),
        env={**environment(api, tmp_path), "TERM": "xterm"},
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b"".join(iter(lambda: _read(ours), b""))
    os.close(ours)

    assert process.wait(60) == 0
    assert b"\x1b[" in shown
    assert b"120/120 frames" in shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:  # Linux says so when the other end is closed
        return b""


def test_sigterm_drains_and_ends_with_0(api: ApiServer, tmp_path: Path) -> None:
    with MjpegCamera([portrait(1)], fps=20).serving() as live:
        process = subprocess.Popen(
            command("--source", live.url), env=environment(api, tmp_path), stdout=subprocess.PIPE, text=True
        )
        try:
            eventually(lambda: len(api.received) == 1 or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()

    assert process.returncode == 0
    assert [one.event.revision for one in api.received] == [0, 1]
    assert "new_customer" in out


def test_systemd_hears_that_it_is_ready_lives_and_ends(api: ApiServer, tmp_path: Path) -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        MjpegCamera([portrait(1)], fps=20).serving() as live,
    ):
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        told = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "1500000"}
        process = subprocess.Popen(
            command("--source", live.url), env={**environment(api, tmp_path), **told}, stdout=subprocess.DEVNULL
        )
        try:
            heard = [manager.recv(1000).decode() for _ in range(4)]
            process.send_signal(signal.SIGTERM)
            while not heard[-1].startswith("STOPPING=1"):
                heard.append(manager.recv(1000).decode())
            assert process.wait(60) == 0
        finally:
            process.kill()
            process.wait()

    assert heard[0].startswith("READY=1")
    assert set(heard[1:-1]) == {"WATCHDOG=1"}
    assert len(heard) >= 5


def test_a_camera_whose_next_picture_is_awaited_does_not_disturb_the_end(api: ApiServer, tmp_path: Path) -> None:
    """A thread that comes back from OpenCV while the interpreter ends aborts the process."""
    with MjpegCamera([portrait(1)], fps=2).serving() as live:
        process = subprocess.Popen(
            command("--source", live.url), env=environment(api, tmp_path), stdout=subprocess.PIPE, text=True
        )
        try:
            eventually(lambda: len(api.received) == 1 or process.poll() is not None)
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()

    assert process.returncode == 0


def test_after_kill_9_everything_is_sent_exactly_as_in_an_undisturbed_run(
    api: ApiServer, film: Path, tmp_path: Path
) -> None:
    """Killed while the API is away, so that the events are on the disk alone."""
    options = ("--source", str(film), "--started-at", STARTED)
    undisturbed = ApiServer(camera=camera())
    with undisturbed.serving():
        assert ingest(undisturbed, tmp_path / "undisturbed", *options).returncode == 0
    home, empty = tmp_path / "killed", visits_film(tmp_path / "empty.avi", None)
    assert ingest(api, home, "--source", str(empty)).returncode == 0  # the camera is remembered now
    process = subprocess.Popen(command(*options, "--realtime"), env=environment(ApiServer(port=1), home))
    outbox = home / "ingest" / f"outbox-{CAMERA_ID}.sqlite-wal"
    eventually(lambda: outbox.exists() and outbox.stat().st_size > 10_000)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL

    # The next start finds what the killed one had seen ...
    assert ingest(api, home, "--source", str(empty)).returncode == 0
    survived = [(one.event.event_id, one.event.revision) for one in api.received]
    expected = [(one.event.event_id, one.event.revision) for one in undisturbed.received]
    assert 0 < len(survived) < len(expected)
    assert survived == expected[: len(survived)]
    # ... and playing the film again adds what it had not.
    assert ingest(api, home, *options).returncode == 0
    assert {one.event.event_id: one.event.track for one in api.received if one.event.revision == 1} == {
        one.event.event_id: one.event.track for one in undisturbed.received if one.event.revision == 1
    }
    assert api.event_ids == undisturbed.event_ids
