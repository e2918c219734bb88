"""Processes by pid and start time: start one, recognise it later, stop it whole. Never touches a stranger's process."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psutil

from cli.stack.parts.base import Launch

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


@dataclass(frozen=True, slots=True)
class ProcessId:
    """A process that is not mistaken for a later one with the same pid: `mark` is its start since boot."""

    pid: int
    mark: str

    def process(self) -> psutil.Process | None:
        """The live process, or None when it has ended (a zombie has) or the pid is another's now."""
        if start_mark(self.pid) != self.mark:
            return None
        try:
            process = psutil.Process(self.pid)
            return None if process.status() == psutil.STATUS_ZOMBIE else process
        except psutil.NoSuchProcess:
            return None

    def alive(self) -> bool:
        return self.process() is not None


def start_mark(pid: int) -> str | None:
    """When the process started, as text that survives a change of the clock; None when there is no such process.

    On Linux this is the boot's id and field 22 of /proc/pid/stat (proc(5)); elsewhere psutil's creation time.
    """
    try:
        if _BOOT_ID.exists():
            # The second field is the name in brackets and may hold anything: count from the last bracket.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return f"{_BOOT_ID.read_text().strip()}:{fields[19]}"
        return f"{psutil.Process(pid).create_time():.2f}"
    except (OSError, psutil.Error):
        return None


def identify(pid: int) -> ProcessId | None:
    mark = start_mark(pid)
    return None if mark is None else ProcessId(pid, mark)


def start(launch: Launch, log: Path, *, bound: bool = False) -> subprocess.Popen[bytes]:
    """Starts the process in a group of its own, its output appended to `log`, its umask 077.

    `bound`: it is killed when the thread that starts it ends, even by SIGKILL (Linux). Raises OSError.
    """
    # O_APPEND, so that the log can be cut off under a running process and goes on at its new end.
    with log.open("ab") as output:
        if bound:
            trampoline = str(Path(__file__).with_name("bound.py"))
            owner = (str(-1 if user is None else user) for user in (launch.user_id, launch.group_id))
            argv = (sys.executable, "-I", "-S", trampoline, str(os.getpid()), *owner, *launch.argv)
            return _spawn(argv, launch, output)
        return _spawn(launch.argv, launch, output, user_id=launch.user_id, group_id=launch.group_id)


def _spawn(
    argv: tuple[str, ...],
    launch: Launch,
    output: IO[bytes],
    *,
    user_id: int | None = None,
    group_id: int | None = None,
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        argv,
        cwd=launch.working_directory,
        env=dict(launch.environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        user=user_id,
        group=group_id,
        extra_groups=None if user_id is None else [],
        umask=0o077,
    )


def stop(target: ProcessId, stop_signal: signal.Signals, grace_seconds: float) -> bool:
    """Asks the process to end, waits `grace_seconds`, then kills it and everything it started.

    Answers whether it ended by itself. Does nothing for a process that has already ended (`kill_leftovers` does).
    """
    process = target.process()
    family = _descendants(process) if process is not None else []
    ended = True
    if process is not None:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.send_signal(stop_signal)
        ended = wait_end(target, grace_seconds)
    if not ended:
        _kill(target)
        wait_end(target, 5.0)
    for member in family:
        _kill(member)
    for member in family:
        wait_end(member, 5.0)
    return ended


def kill_leftovers(leader: ProcessId, home: Path) -> None:
    """Kills what a leader that has ended left behind: members of its session that were given the same FOOTFALL_HOME.

    Does nothing while the pid is a live process: then it is the leader itself, or a stranger who got its number.
    """
    if start_mark(leader.pid) is not None:
        return
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, ProcessLookupError):
            if os.getsid(process.pid) == leader.pid and process.environ().get("FOOTFALL_HOME") == str(home):
                process.kill()


def family_of(target: ProcessId) -> list[ProcessId]:
    """The descendants of a live process."""
    process = target.process()
    return [] if process is None else _descendants(process)


def wait_end(target: ProcessId, seconds: float) -> bool:
    """Whether the process has ended within `seconds`. Reaps it when it is a child of ours."""
    process = target.process()
    if process is None:
        return True
    try:
        process.wait(timeout=seconds)
    except psutil.TimeoutExpired:
        return not target.alive()
    except psutil.NoSuchProcess:
        return True
    return True


def memory_bytes(target: ProcessId) -> int:
    """Resident memory of the process and its descendants, in bytes; shared pages count once for each."""
    total = 0
    for member in [target, *family_of(target)]:
        process = member.process()
        if process is not None:
            with contextlib.suppress(psutil.Error):
                total += process.memory_info().rss
    return total


def _descendants(process: psutil.Process) -> list[ProcessId]:
    try:
        found = [identify(child.pid) for child in process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []
    return [child for child in found if child is not None]


def _kill(target: ProcessId) -> None:
    if target.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(target.pid, signal.SIGKILL)
