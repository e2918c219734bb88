"""A keeper starts its part, starts it again, gives up on what never comes up, and ends it. On real small servers."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from cli.stack.board import Board
from cli.stack.keeper import Keeper, Surroundings
from cli.stack.parts.base import Health, Launch, base_environment
from cli.stack.parts.command import CommandPart
from cli.stack.parts.probes import http_health
from cli.stack.plan import Chore, External, Idle, Planned, Task
from cli.stack.ports import free_ports
from cli.stack.state import PartState, StackState

_ANSWERING = """
import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Answer).serve_forever()
"""


class Bench:
    """A board of the named parts, and keepers on it that are stopped at the end."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "logs").mkdir()
        self.changes: list[tuple[str, str]] = []
        state = StackState(
            phase="starting",
            supervisor=None,
            started_at=datetime.now(UTC),
            parts={name: PartState(name=name) for name in ("web", "other")},
        )
        self.board = Board(home, state, lambda part: self.changes.append((part.name, part.status)))
        self.keepers: list[Keeper] = []

    def keep(self, planned: Planned) -> Keeper:
        keeper = Keeper(planned, Surroundings(self.home, self.board, "key"))
        self.keepers.append(keeper)
        keeper.start()
        return keeper

    def wait_for(self, condition: Callable[[PartState], bool], name: str = "web") -> PartState:
        deadline = time.monotonic() + 20
        while not condition(self.board.part(name)):
            assert time.monotonic() < deadline, f"it never came true: {self.board.part(name)}"
            time.sleep(0.02)
        return self.board.part(name)

    def server(self, program: str = _ANSWERING, check: Callable[[], Health] | None = None) -> CommandPart:
        port = free_ports(1)[0]
        url = f"http://127.0.0.1:{port}"
        return CommandPart(
            name="web",
            argv=(sys.executable, "-c", program, str(port)),
            environment=base_environment({}),
            working_directory=self.home,
            check=check or partial(http_health, f"{url}/", name="it"),
            ports=(port,),
            url=url,
        )

    def task(self, program: str) -> Task:
        return Task("web", self._launch(program))

    def chore(self, program: str, *, first_seconds: float, every_seconds: float) -> Chore:
        return Chore("web", self._launch(program), every_seconds=every_seconds, first_seconds=first_seconds)

    def _launch(self, program: str) -> Launch:
        return Launch((sys.executable, "-c", program), base_environment({}), self.home)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    for keeper in bench.keepers:
        keeper.request_stop()
    for keeper in bench.keepers:
        keeper.join()


def healthy(part: PartState) -> bool:
    return part.status == "healthy"


def failed(part: PartState) -> bool:
    return part.status == "failed"


def test_a_server_becomes_healthy_and_stops_when_asked(bench: Bench) -> None:
    keeper = bench.keep(Planned(bench.server()))
    part = bench.wait_for(healthy)
    assert part.process is not None
    assert part.took_seconds is not None
    keeper.request_stop()
    keeper.join()
    assert not part.process.alive()
    assert bench.changes == [("web", status) for status in ("starting", "healthy", "stopping", "stopped")]


def test_a_part_waits_for_those_it_needs(bench: Bench) -> None:
    bench.keep(Planned(bench.server(), needs=("other",)))
    time.sleep(0.5)
    assert bench.board.part("web").status == "waiting"
    bench.board.update("other", status="healthy")
    bench.wait_for(healthy)


def test_a_waiting_part_can_be_stopped(bench: Bench) -> None:
    keeper = bench.keep(Planned(bench.server(), needs=("other",)))
    keeper.request_stop()
    keeper.join()
    assert bench.board.part("web").status == "stopped"


def test_a_killed_server_is_started_again_and_counted(bench: Bench) -> None:
    bench.keep(Planned(bench.server()))
    first = bench.wait_for(healthy).process
    assert first is not None
    os.kill(first.pid, signal.SIGKILL)
    again = bench.wait_for(lambda part: healthy(part) and part.process != first)
    assert again.restarts == 1
    assert ("web", "restarting") in bench.changes


def test_a_server_that_ends_at_once_is_given_up_after_three_attempts_with_its_log(bench: Bench) -> None:
    bench.keep(Planned(bench.server("print('started'); raise SystemExit('no such table')")))
    part = bench.wait_for(failed)
    assert part.restarts == 2
    assert "no such table" in part.detail
    assert (bench.home / "logs" / "web.log").read_text().count("started") == 3


def test_a_server_that_is_never_well_is_ended_and_given_up(bench: Bench) -> None:
    bench.keep(Planned(bench.server(check=lambda: Health(False, "503")), start_seconds=0.3))
    part = bench.wait_for(failed)
    assert "not well after" in part.detail
    assert part.process is None


def test_a_port_that_a_stranger_holds_fails_at_once_and_is_told(bench: Bench) -> None:
    other = bench.server()
    bench.keep(Planned(other))
    stranger = bench.wait_for(healthy).process
    assert stranger is not None
    rival = Bench(_folder(bench.home / "rival"))
    keeper = rival.keep(Planned(other))
    part = rival.wait_for(failed)
    keeper.join()
    assert keeper.port_taken
    assert str(stranger.pid) in part.detail
    assert part.restarts == 0


def test_a_command_that_is_not_there_fails_with_the_reason(bench: Bench) -> None:
    part = CommandPart(
        name="web",
        argv=("/nonexistent/server",),
        environment={},
        working_directory=bench.home,
        check=lambda: Health(True, ""),
    )
    bench.keep(Planned(part))
    assert "/nonexistent/server" in bench.wait_for(failed).detail


def test_a_task_is_done_when_it_ends_with_0(bench: Bench) -> None:
    bench.keep(Planned(bench.task("pass"))).join()
    assert bench.board.part("web").status == "done"


def test_a_task_that_fails_says_what_it_said(bench: Bench) -> None:
    bench.keep(Planned(bench.task("raise SystemExit('the role cannot sign in')"))).join()
    part = bench.board.part("web")
    assert (part.status, part.detail) == ("failed", "the role cannot sign in")


def test_a_task_says_only_what_it_said_this_time(bench: Bench) -> None:
    (bench.home / "logs" / "web.log").write_text("of yesterday\n")
    bench.keep(Planned(bench.task("raise SystemExit('of today')"))).join()
    assert bench.board.part("web").detail == "of today"


def test_a_task_can_be_stopped(bench: Bench) -> None:
    keeper = bench.keep(Planned(bench.task("import time; time.sleep(60)")))
    process = bench.wait_for(lambda part: part.process is not None).process
    keeper.request_stop()
    keeper.join()
    assert process is not None
    assert not process.alive()
    assert bench.board.part("web").status == "stopped"


def test_an_idle_part_says_why(bench: Bench) -> None:
    bench.keep(Planned(Idle("web", "no camera is configured"))).join()
    part = bench.board.part("web")
    assert (part.status, part.kind, part.detail) == ("idle", "idle", "no camera is configured")


def test_an_external_server_is_asked_and_never_started(bench: Bench) -> None:
    bench.keep(Planned(External("web", "http://elsewhere", lambda: Health(True, "S3"))))
    part = bench.wait_for(healthy)
    assert (part.kind, part.url, part.process, part.detail) == ("external", "http://elsewhere", None, "S3")


def test_an_external_server_that_never_answers_is_given_up(bench: Bench) -> None:
    external = External("web", "http://elsewhere", lambda: Health(False, "no answer at elsewhere:9000"))
    bench.keep(Planned(external, start_seconds=0.2)).join()
    part = bench.board.part("web")
    assert (part.status, part.detail) == ("failed", "it does not answer: no answer at elsewhere:9000")


def test_a_chore_is_well_before_it_is_due_and_is_done_again_and_again(bench: Bench) -> None:
    program = "open('done', 'a').write('x')"
    bench.keep(Planned(bench.chore(program, first_seconds=0.3, every_seconds=0.1)))
    assert bench.wait_for(healthy).detail == "not due yet"
    bench.wait_for(lambda part: part.detail.startswith("last done"))
    deadline = time.monotonic() + 20
    while len((bench.home / "done").read_text()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_chore_that_fails_says_why_and_is_well_again_after_the_next_time(bench: Bench) -> None:
    program = "import os; os.path.exists('mended') or exit('the filer is away')"
    bench.keep(Planned(bench.chore(program, first_seconds=0.0, every_seconds=0.1)))
    part = bench.wait_for(lambda part: part.status == "unhealthy")
    assert "the filer is away" in part.detail
    (bench.home / "mended").touch()
    bench.wait_for(healthy)


def test_a_chore_is_stopped_in_the_middle(bench: Bench) -> None:
    keeper = bench.keep(Planned(bench.chore("import time; time.sleep(60)", first_seconds=0.0, every_seconds=60.0)))
    process = bench.wait_for(lambda part: part.process is not None).process
    keeper.request_stop()
    keeper.join()
    assert process is not None
    assert not process.alive()
    assert bench.board.part("web").status == "stopped"


def _folder(path: Path) -> Path:
    path.mkdir()
    return path
