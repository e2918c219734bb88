"""One supervisor for a home, known by a lock that dies with its holder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cli.stack.lock import is_supervised, only_supervisor
from footfall.errors import ConflictError


def test_a_home_is_supervised_for_as_long_as_the_lock_is_held(tmp_path: Path) -> None:
    assert not is_supervised(tmp_path)
    with only_supervisor(tmp_path):
        assert is_supervised(tmp_path)
    assert not is_supervised(tmp_path)


def test_a_second_supervisor_is_refused(tmp_path: Path) -> None:
    with only_supervisor(tmp_path):
        with pytest.raises(ConflictError, match="already has a running stack"), only_supervisor(tmp_path):
            pytest.fail("it must not get the lock")
        assert is_supervised(tmp_path)


def test_two_homes_do_not_know_of_each_other(tmp_path: Path) -> None:
    with only_supervisor(tmp_path / "one"), only_supervisor(tmp_path / "two"):
        assert is_supervised(tmp_path / "two")


def test_the_lock_of_a_killed_holder_is_free(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from cli.stack.lock import only_supervisor\n"
        "with only_supervisor(Path(sys.argv[1])):\n"
        "    print('held', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        assert is_supervised(tmp_path)
        holder.kill()
    assert not is_supervised(tmp_path)
