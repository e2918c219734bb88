"""A process is known by more than its pid, ends whole, and nobody else's is touched."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.stack.parts.base import Launch, base_environment
from cli.stack.processes import ProcessId, family_of, identify, kill_leftovers, memory_bytes, start, start_mark, stop

Started = Callable[..., tuple[subprocess.Popen[bytes], ProcessId]]

_FOREVER = "import time\nwhile True: time.sleep(1)"
_PARENT = f"import subprocess, sys\nsubprocess.Popen([sys.executable, '-c', {_FOREVER!r}])\n{_FOREVER}"


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    """Starts Python programs, and leaves none of them."""
    running: list[subprocess.Popen[bytes]] = []

    def begin(program: str, *, bound: bool = False) -> tuple[subprocess.Popen[bytes], ProcessId]:
        launch = Launch(
            argv=(sys.executable, "-c", program),
            environment=base_environment({"FOOTFALL_HOME": str(tmp_path)}),
            working_directory=tmp_path,
        )
        child = start(launch, tmp_path / "log", bound=bound)
        process = identify(child.pid)
        assert process is not None
        running.append(child)
        return child, process

    yield begin
    for child in running:
        child.kill()
        child.wait()


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came true"
        time.sleep(0.02)


def child_of(process: ProcessId) -> ProcessId:
    wait_for(lambda: len(family_of(process)) == 1)
    return family_of(process)[0]


def test_a_live_process_is_itself(started: Started) -> None:
    _, process = started(_FOREVER)
    assert process.alive()
    assert process == identify(process.pid)


def test_a_pid_that_went_to_another_process_is_not_ours() -> None:
    mine = start_mark(os.getpid())
    assert mine is not None
    assert not ProcessId(os.getpid(), f"{mine}0").alive()


def test_a_stranger_with_our_old_pid_is_never_stopped(started: Started) -> None:
    child, process = started(_FOREVER)
    stop(ProcessId(process.pid, f"{process.mark}0"), signal.SIGKILL, 1.0)
    assert child.poll() is None


def test_an_ended_process_is_dead_before_it_is_reaped(started: Started) -> None:
    child, process = started(_FOREVER)
    os.kill(child.pid, signal.SIGKILL)
    wait_for(lambda: not process.alive())
    assert start_mark(child.pid) is not None  # the zombie still has the pid


def test_stop_ends_children_too(started: Started) -> None:
    _, process = started(_PARENT)
    grandchild = child_of(process)
    assert stop(process, signal.SIGTERM, 5.0)
    assert not process.alive()
    assert not grandchild.alive()


def test_a_process_that_ignores_the_signal_is_killed(started: Started) -> None:
    child, process = started(
        f"import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint(flush=True)\n{_FOREVER}"
    )
    log = Path(process_log(child))
    wait_for(lambda: log.stat().st_size > 0)
    assert not stop(process, signal.SIGTERM, 0.2)
    assert not process.alive()


def test_leftovers_of_a_killed_leader_are_found_by_session_and_home(started: Started, tmp_path: Path) -> None:
    child, process = started(_PARENT)
    orphan = child_of(process)
    os.kill(child.pid, signal.SIGKILL)
    child.wait()
    kill_leftovers(process, tmp_path / "another-home")
    assert orphan.alive()
    kill_leftovers(process, tmp_path)
    wait_for(lambda: not orphan.alive())


def test_leftovers_of_a_live_leader_are_left(started: Started, tmp_path: Path) -> None:
    _, process = started(_PARENT)
    member = child_of(process)
    kill_leftovers(process, tmp_path)
    assert member.alive()
    stop(process, signal.SIGTERM, 5.0)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_a_bound_process_dies_with_its_starter(tmp_path: Path) -> None:
    starter = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from cli.stack.parts.base import Launch, base_environment\n"
        "from cli.stack.processes import start\n"
        f"folder = Path({str(tmp_path)!r})\n"
        f"launch = Launch((sys.executable, '-c', {_FOREVER!r}), base_environment({{}}), folder)\n"
        "print(start(launch, folder / 'log', bound=True).pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        bound = identify(int(process.stdout.readline()))
        assert bound is not None
        assert bound.alive()
        process.kill()
        wait_for(lambda: not bound.alive())


def test_output_goes_to_a_log_that_only_we_read(started: Started, tmp_path: Path) -> None:
    child, _ = started("print('seen')")
    child.wait()
    assert (tmp_path / "log").read_text() == "seen\n"


def test_files_of_a_part_are_closed_to_others(started: Started, tmp_path: Path) -> None:
    child, _ = started("open('made', 'w').close()")
    child.wait()
    assert (tmp_path / "made").stat().st_mode & 0o077 == 0


def test_memory_counts_children(started: Started) -> None:
    _, process = started(_PARENT)
    alone = memory_bytes(child_of(process))
    assert memory_bytes(process) > alone > 0
    stop(process, signal.SIGTERM, 5.0)


def test_a_process_is_given_nothing_of_its_starters_secrets(
    monkeypatch: pytest.MonkeyPatch, started: Started, tmp_path: Path
) -> None:
    monkeypatch.setenv("FOOTFALL_POSTGRES__DSN", "postgresql://owner:secret@host/database")
    child, _ = started("import os\nprint(sorted(name for name in os.environ if name.startswith('FOOTFALL')))")
    child.wait()
    assert (tmp_path / "log").read_text() == "['FOOTFALL_HOME']\n"


def process_log(child: subprocess.Popen[bytes]) -> str:
    """The file that the process writes its output to."""
    return os.readlink(f"/proc/{child.pid}/fd/1")
