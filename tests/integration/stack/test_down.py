"""`footfall down` leaves nothing: no process, no port, whatever was killed before; and touches nobody else's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from cli.stack import running_stack
from cli.stack.ports import is_free
from cli.stack.processes import ProcessId
from cli.stack.state import write_state
from footfall.errors import ConflictError
from tests.integration.stack.conftest import Home, MakeHome


@pytest.fixture
def home(make_home: MakeHome) -> Home:
    """A home whose Postgres is up."""
    home = make_home()
    home.up("postgres")
    return home


def test_no_process_and_no_port_is_left(home: Home) -> None:
    ports = [port for _, port in home.listening()]
    assert len(ports) == 1
    assert len(home.processes()) >= 2  # the supervisor and Postgres, which is several
    ended = home.footfall("down")
    assert (ended.returncode, "The stack is down after" in ended.stdout) == (0, True)
    assert home.processes() == []
    assert is_free(ports[0])
    assert home.footfall("status").returncode == 3
    again = home.footfall("down")
    assert (again.returncode, "No stack runs" in again.stdout) == (0, True)


def test_what_a_killed_supervisor_left_is_ended(home: Home) -> None:
    supervisor = home.state.supervisor
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGKILL)
    assert home.processes() != []
    home.down()
    assert home.processes() == []


def test_a_stranger_with_a_parts_old_pid_is_left_alone(home: Home) -> None:
    home.down()
    state = home.state
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as stranger:
        part = state.parts["postgres"].model_copy(
            update={"process": ProcessId(stranger.pid, "an earlier start"), "status": "healthy"}
        )
        orphaned = state.model_copy(update={"phase": "up", "parts": {"postgres": part}})
        write_state(home.path, orphaned)
        home.down()
        assert stranger.poll() is None
        stranger.kill()


def test_the_ports_are_the_same_after_a_restart(home: Home) -> None:
    before = home.state.ports
    home.down()
    assert home.up("postgres").ports == before


def test_a_terminated_supervisor_stops_its_parts_in_order(home: Home) -> None:
    supervisor = home.state.supervisor
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGTERM)
    home.wait_until(lambda state: state.phase == "stopped")
    assert home.state.parts["postgres"].status == "stopped"


def test_a_stack_for_a_block_ends_with_it(make_home: MakeHome) -> None:
    home = make_home()
    with running_stack(home.settings, only=["postgres"]) as stack:
        assert stack.url("postgres") == f"postgresql://127.0.0.1:{home.settings.stack.postgres_port}/footfall"
        assert stack.state.well
    assert home.processes() == []


def test_a_stack_that_ran_before_the_block_runs_on_after_it(home: Home) -> None:
    before = home.state
    with running_stack(home.settings, only=["postgres"]) as stack:
        assert stack.state == before
    assert home.state == before


def test_a_running_stack_without_a_wanted_part_is_refused(home: Home) -> None:
    with (
        pytest.raises(ConflictError, match="started without s3, s3-expiry"),
        running_stack(home.settings, only=["postgres", "s3"]),
    ):
        pytest.fail("it must not begin")
    assert home.state.well


def test_two_starts_at_the_same_time_are_one(make_home: MakeHome) -> None:
    home = make_home()
    with ThreadPoolExecutor(2) as pool:
        one, two = pool.map(lambda _: home.up("postgres"), range(2))
    assert one.supervisor == two.supervisor
    home.down()


def test_a_start_during_a_stop_waits_for_its_end(home: Home) -> None:
    supervisor = home.state.supervisor
    assert supervisor is not None
    os.kill(supervisor.pid, signal.SIGTERM)
    home.wait_until(lambda state: state.phase in ("stopping", "stopped"))
    state = home.up("postgres")
    assert state.well
    assert state.supervisor != supervisor


def test_a_block_killed_outright_takes_its_stack_along(make_home: MakeHome) -> None:
    home = make_home()
    program = (
        "import time\n"
        "from cli.stack import running_stack\n"
        "from footfall.settings import load_settings\n"
        "with running_stack(load_settings(), only=['postgres']):\n"
        "    print('up', flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, env=home.environment, stdout=subprocess.PIPE, text=True) as block:
        assert block.stdout is not None
        assert block.stdout.readline() == "up\n"
        block.kill()
    deadline = time.monotonic() + 20
    while home.processes():
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert home.state.phase == "stopped"


def test_the_foreground_stays_until_it_is_interrupted(make_home: MakeHome) -> None:
    home = make_home()
    command = [sys.executable, "-m", "cli", "up", "--foreground", "--only", "postgres"]
    with subprocess.Popen(command, env=home.environment, stdout=subprocess.PIPE, text=True) as stack:
        assert stack.stdout is not None
        assert "postgres" in stack.stdout.readline()
        home.wait_until(lambda state: state.well)
        stack.send_signal(signal.SIGINT)
        assert stack.wait(timeout=30) == 0
    assert home.processes() == []
