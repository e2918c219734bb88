"""A stack keeps its ports, takes its first choices where it can, and never another's."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from cli.stack.ports import PortBook, choose_port, free_ports, is_free, strangers_on
from cli.stack.processes import identify
from cli.stack.state import PortChoice


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which this process listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_port_that_someone_listens_on_is_not_free(taken: int) -> None:
    assert not is_free(taken)


def test_a_port_taken_on_every_address_is_not_free_on_loopback() -> None:
    with socket.create_server(("0.0.0.0", 0)) as server:
        assert not is_free(server.getsockname()[1])


def test_free_ports_are_different_and_free() -> None:
    ports = free_ports(20)
    assert len(set(ports)) == 20
    assert all(is_free(port) for port in ports)


def test_processes_that_choose_at_once_get_different_ports() -> None:
    choose = "from cli.stack.ports import free_ports; print(*free_ports(400), flush=True); input()"
    choosers = [
        subprocess.Popen([sys.executable, "-c", choose], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    try:
        given = [port for chooser in choosers for port in chooser.stdout.readline().split()]  # type: ignore[union-attr]
    finally:
        for chooser in choosers:
            chooser.communicate("\n", timeout=30)
    assert len(given) == 1200
    assert len(set(given)) == 1200


def test_the_first_choice_is_taken_when_it_is_free(taken: int) -> None:
    free = free_ports(1)[0]
    assert choose_port([taken, free]) == free


def test_another_is_found_when_every_choice_is_taken(taken: int) -> None:
    found = choose_port([taken])
    assert found != taken
    assert is_free(found)


def test_a_port_to_avoid_is_not_chosen_though_it_is_free() -> None:
    free = free_ports(1)[0]
    assert choose_port([free], avoid={free}) != free


def test_a_stack_keeps_its_port_though_the_first_choice_is_free_again(taken: int) -> None:
    kept, wanted = free_ports(2)
    book = PortBook(before={"api": PortChoice(wanted=wanted, port=kept)})
    assert book.port("api", wanted) == kept


def test_a_changed_setting_moves_the_part() -> None:
    kept, before, after = free_ports(3)
    book = PortBook(before={"api": PortChoice(wanted=before, port=kept)})
    assert book.port("api", after) == after


def test_the_port_of_a_part_that_still_runs_is_kept(taken: int) -> None:
    book = PortBook(before={"api": PortChoice(wanted=taken, port=taken)}, held={taken})
    assert book.port("api", taken) == taken


def test_a_strangers_port_is_not_kept(taken: int) -> None:
    book = PortBook(before={"api": PortChoice(wanted=taken, port=taken)})
    assert book.port("api", taken) != taken


def test_two_parts_never_share_a_first_choice() -> None:
    wanted = free_ports(1)[0]
    book = PortBook(before={})
    assert book.port("api", wanted) == wanted
    assert book.port("dashboards", wanted) != wanted


def test_a_running_stacks_ports_are_what_they_are_whatever_the_settings_say() -> None:
    kept, other = free_ports(2)
    book = PortBook(before={"api": PortChoice(wanted=kept, port=kept)}, running=True)
    assert book.port("api", other) == kept


def test_a_stranger_on_a_port_is_named(taken: int) -> None:
    assert str(os.getpid()) in strangers_on((taken,), None)


def test_a_process_is_no_stranger_on_its_own_port(taken: int) -> None:
    assert strangers_on((taken,), identify(os.getpid())) == ""
