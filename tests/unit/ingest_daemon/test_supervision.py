"""What systemd hears, over a real socket of its form."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from ingest_daemon.supervision import Supervision


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(5)
        yield listening


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def supervision(
    folder: Path, clock: Clock, environment: Mapping[str, str] | None = None, *, lives: bool = True
) -> Supervision:
    found = {"NOTIFY_SOCKET": str(folder / "notify"), **(environment or {})}
    return Supervision(lambda: lives, environment=found, clock=clock)


def heard(manager: socket.socket) -> list[str]:
    manager.settimeout(0.0)
    found = []
    try:
        while True:
            found.append(manager.recv(1000).decode())
    except BlockingIOError:
        return found


def test_it_hears_of_the_beginning_and_the_end(manager: socket.socket, tmp_path: Path) -> None:
    one = supervision(tmp_path, Clock())
    one.ready("watching 2 cameras")
    one.stopping()
    assert heard(manager) == ["READY=1\nSTATUS=watching 2 cameras", "STOPPING=1\nSTATUS=sending what waits"]


def test_the_watchdog_hears_three_times_in_its_period(manager: socket.socket, tmp_path: Path) -> None:
    clock = Clock()
    one = supervision(tmp_path, clock, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": str(os.getpid())})
    for _ in range(60):
        one.tick()
        clock.now += 1.0
    assert heard(manager) == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize("environment", [{}, {"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}])
def test_no_watchdog_that_waits_for_another_is_told(
    manager: socket.socket, tmp_path: Path, environment: dict[str, str]
) -> None:
    supervision(tmp_path, Clock(), environment).tick()
    assert heard(manager) == []


def test_the_watchdog_hears_nothing_of_a_daemon_that_hangs(manager: socket.socket, tmp_path: Path) -> None:
    supervision(tmp_path, Clock(), {"WATCHDOG_USEC": "60000000"}, lives=False).tick()
    assert heard(manager) == []


def test_without_systemd_nothing_happens(tmp_path: Path) -> None:
    alone = Supervision(lambda: True, environment={})
    alone.ready("x")
    alone.tick()
    Supervision(lambda: True, environment={"NOTIFY_SOCKET": str(tmp_path / "gone")}).stopping()
