"""Commands on the worker: each carried out once whatever is repeated, reported until the server has heard of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from api.examples_workers import WORKER_RESPONSES
from client.api import FootfallClient
from contracts.commands import CommandOrder
from contracts.configuration import WorkerConfiguration
from ingest_daemon.command_ledger import CommandLedger
from ingest_daemon.commands import CommandDesk
from ingest_daemon.configuration import Applied
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.operated_kit import StagedDaemon

WORKER = UUID("aaaaaaaa-2222-4333-8444-555555555555")


@dataclass
class Server:
    """The routes to which a worker reports, over real HTTP. `away`: so many calls are answered with a 503 first."""

    away: int = 0
    states: list[str] = field(default_factory=list)
    reports: list[bytes] = field(default_factory=list)
    port: int = 0

    @contextmanager
    def serving(self) -> Iterator[FootfallClient]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            with FootfallClient(f"http://127.0.0.1:{server.server_port}", token="t", timeout=10) as client:
                yield client
        finally:
            server.shutdown()
            server.server_close()
            thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        kept = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path.endswith("/progress"):
                    kept.states.append(json.loads(body)["state"])
                elif kept.away:
                    kept.away -= 1
                    self.send_error(503)
                    return
                else:
                    kept.reports.append(body)
                content = WORKER_RESPONSES["getCommand"].model_dump_json().encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:
                pass

        return Handler


def order(kind: str, *, seconds: float = 60.0, **payload: Any) -> CommandOrder:
    return CommandOrder.model_validate(
        {"command_id": uuid4(), "command": {"kind": kind, **payload}, "expires_in_seconds": seconds}
    )


def applied() -> Applied:
    return Applied(3, ("detect_every_seconds",), (), ())


@contextmanager
def working(daemon: StagedDaemon, client: FootfallClient, path: Path) -> Iterator[CommandDesk]:
    ledger = CommandLedger(path / "commands.sqlite")
    desk = CommandDesk(daemon, client, WORKER, ledger, configure=lambda _command: applied())
    stop = threading.Event()
    thread = threading.Thread(target=desk.work, args=(stop,))
    thread.start()
    try:
        yield desk
    finally:
        stop.set()
        thread.join()
        ledger.close()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


def report_of(body: bytes) -> dict[str, Any]:
    """The JSON part of the multipart body, which comes first."""
    found: dict[str, Any] = json.loads(body[body.index(b"{") : body.index(b"\r\n--", body.index(b"{"))])
    return found


def test_a_command_that_arrives_again_is_carried_out_once(tmp_path: Path) -> None:
    daemon, server, stop = StagedDaemon(), Server(), order("stop")
    with server.serving() as client, working(daemon, client, tmp_path) as desk:
        assert [desk.accept(stop) for _ in range(3)] == [True, False, False]
        eventually(lambda: len(server.reports) == 1)
    # ... nor after a restart.
    with server.serving() as client, working(daemon, client, tmp_path) as desk:
        assert not desk.accept(stop)
    assert daemon.camera.switched == [False]
    assert server.states == ["acknowledged", "running"]
    assert [report_of(body)["state"] for body in server.reports] == ["succeeded"]


def test_a_report_is_made_again_until_the_server_has_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingest_daemon.commands._REPORT_AGAIN_SECONDS", 0.01)
    server = Server(away=3)
    with server.serving() as client, working(StagedDaemon(), client, tmp_path) as desk:
        desk.accept(order("snapshot", camera_id=str(CAMERA_ID)))
        eventually(lambda: len(server.reports) == 1)
    assert report_of(server.reports[0])["result"]["kind"] == "snapshot"
    assert b"\xff\xd8\xff" in server.reports[0], "the picture goes along"


def test_what_was_interrupted_is_reported_as_failed_and_not_carried_out_again(tmp_path: Path) -> None:
    begun, daemon, server = order("stop"), StagedDaemon(), Server()
    ledger = CommandLedger(tmp_path / "commands.sqlite")
    ledger.take(begun)
    ledger.begin(begun.command_id)
    ledger.close()  # as a process leaves it that is killed here

    with server.serving() as client, working(daemon, client, tmp_path):
        eventually(lambda: len(server.reports) == 1)

    assert report_of(server.reports[0])["state"] == "failed"
    assert daemon.camera.switched == []


def test_a_picture_that_a_restart_lost_is_said_to_be_lost(tmp_path: Path) -> None:
    server, snapshot = Server(away=1), order("snapshot", camera_id=str(CAMERA_ID))
    with server.serving() as client, working(StagedDaemon(), client, tmp_path) as desk:
        desk.accept(snapshot)
        eventually(lambda: server.away == 0)
    with server.serving() as client, working(StagedDaemon(), client, tmp_path):
        eventually(lambda: len(server.reports) == 1)
    assert report_of(server.reports[0])["state"] == "failed"
    assert b"\xff\xd8\xff" not in (tmp_path / "commands.sqlite").read_bytes(), "no picture is kept on the disk"


def test_a_command_that_comes_too_late_is_not_begun(tmp_path: Path) -> None:
    daemon, server = StagedDaemon(), Server()
    with server.serving() as client, working(daemon, client, tmp_path) as desk:
        desk.accept(order("stop", seconds=-1.0))
        eventually(lambda: len(server.reports) == 1)
    assert report_of(server.reports[0])["state"] == "failed"
    assert (daemon.camera.switched, server.states) == ([], [])


@pytest.mark.parametrize(
    ("kind", "payload", "expected"),
    [
        ("start", {}, {"camera_ids": [str(CAMERA_ID)]}),
        ("reload-gallery", {}, {"templates": 7, "changed": True}),
        ("recognition-test", {"camera_id": str(CAMERA_ID)}, {"detector": "stage"}),
        ("set-config", {"configuration": WorkerConfiguration().model_dump()}, {"configuration_version": 3}),
    ],
)
def test_every_command_has_its_result(
    tmp_path: Path, kind: str, payload: dict[str, Any], expected: dict[str, Any]
) -> None:
    server = Server()
    with server.serving() as client, working(StagedDaemon(), client, tmp_path) as desk:
        desk.accept(order(kind, **payload))
        eventually(lambda: len(server.reports) == 1)
    report = report_of(server.reports[0])
    assert report["state"] == "succeeded"
    assert report["result"].items() >= {"kind": kind, **expected}.items()


@pytest.mark.parametrize("trouble", ["another camera", "no picture", "no models"])
def test_what_cannot_be_done_fails_with_its_reason(tmp_path: Path, trouble: str) -> None:
    daemon, server = StagedDaemon(), Server()
    camera_id = str(uuid4()) if trouble == "another camera" else str(CAMERA_ID)
    if trouble == "no picture":
        daemon.camera.shown = None
    if trouble == "no models":
        daemon.vision, daemon.camera.privacy_mode = None, "count_only"
    with server.serving() as client, working(daemon, client, tmp_path) as desk:
        desk.accept(order("snapshot", camera_id=camera_id))
        eventually(lambda: len(server.reports) == 1)
    report = report_of(server.reports[0])
    assert report["state"] == "failed"
    assert report["error"]
