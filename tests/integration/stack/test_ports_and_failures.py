"""Stacks side by side, ports that are taken, and parts that do not come up: said plainly, with nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

from cli.stack import ports, read_state
from cli.stack.parts.milvus import MilvusPart
from cli.stack.running import running_part
from cli.stack.supervisor import Supervisor
from footfall.errors import ServiceUnavailableError
from tests.integration.stack.conftest import Home, MakeHome
from tests.servers import MigratedPostgres


def test_two_homes_run_side_by_side_and_share_nothing(make_home: MakeHome) -> None:
    one = make_home()
    two = Home(make_home().path, one.variables)  # which wants the same ports
    for home in (one, two):
        home.up("postgres", "milvus")
    taken_by_one = {choice.port for choice in one.state.ports.values()}
    listening = {port for _, port in two.listening()}
    assert len(listening) == 2
    assert not taken_by_one & listening
    secrets = [json.loads((home.path / "secrets" / "stack.json").read_text()) for home in (one, two)]
    assert not set(secrets[0].values()) & set(secrets[1].values())
    one.down()
    assert two.state.well
    two.down()


def test_a_taken_port_is_replaced_and_the_replacement_kept(make_home: MakeHome) -> None:
    home = make_home()
    wanted = home.settings.stack.postgres_port
    with socket.create_server(("127.0.0.1", wanted)):
        chosen = home.up("postgres").ports["postgres"].port
        assert chosen != wanted
        home.down()
    assert home.up("postgres").ports["postgres"].port == chosen
    home.down()


def test_a_port_lost_between_choice_and_start_is_chosen_anew(
    make_home: MakeHome, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Milvus Lite would share the port without a word, and half its clients would reach the other one."""
    home = make_home()
    wanted = home.settings.stack.milvus_port
    really_free = ports.is_free
    with running_part(MilvusPart(tmp_path / "stranger", wanted), tmp_path / "log"):
        monkeypatch.setattr(ports, "is_free", lambda port: port == wanted or really_free(port))
        supervisor = Supervisor(home.settings, only=["milvus"])
        seen: list[int] = []

        def stop_when_up() -> None:
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                state = read_state(home.path)
                if state is not None and state.phase == "up":
                    seen.append(state.ports["milvus"].port)
                    break
                time.sleep(0.1)
            supervisor.request_stop()

        watcher = threading.Thread(target=stop_when_up)
        watcher.start()
        assert supervisor.run().phase == "stopped"
        watcher.join()
    assert len(seen) == 1
    assert seen[0] != wanted


def test_a_part_that_cannot_start_is_named_with_the_end_of_its_log(make_home: MakeHome) -> None:
    home = make_home()
    data = home.path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")
    failed = home.footfall("up", "--only", "postgres")
    assert failed.returncode == 3
    assert "error: The stack did not start: postgres did not come up" in failed.stderr
    assert "postgres.log" in failed.stderr
    assert "FATAL" in failed.stderr or "could not" in failed.stderr
    assert home.processes() == []
    assert home.state.phase == "failed"


def test_a_part_that_hangs_while_stopping_is_killed(make_home: MakeHome) -> None:
    home = make_home()
    home.up("s3")
    ports_of_s3 = [choice.port for name, choice in home.state.ports.items() if name.startswith("s3")]
    os.kill(home.pid("s3"), signal.SIGSTOP)
    home.down()
    assert home.processes() == []
    # Nor does it leave the sockets that it makes outside its folder.
    assert not [left for port in ports_of_s3 for left in Path("/tmp").glob(f"seaweedfs-*-{port}.sock")]  # noqa: S108


def test_an_unknown_part_is_refused_before_anything_starts(make_home: MakeHome) -> None:
    home = make_home()
    refused = home.footfall("up", "--only", "schema", "--only", "nonsense")
    assert refused.returncode == 2
    assert "no part nonsense" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert home.processes() == []


def test_a_misspelt_setting_is_refused_before_anything_starts(make_home: MakeHome) -> None:
    home = make_home()
    refused = home.footfall("up", "--only", "milvus", FOOTFALL_MILVUS_URI="http://127.0.0.1:1")
    assert refused.returncode == 2
    assert "FOOTFALL_MILVUS_URI" in refused.stderr
    assert home.processes() == []


def test_servers_of_ones_own_are_used_and_left_alone(
    make_home: MakeHome, postgres: MigratedPostgres, milvus_uri: str
) -> None:
    home = make_home()
    external = {"FOOTFALL_POSTGRES__DSN": postgres.owner_dsn, "FOOTFALL_MILVUS__URI": milvus_uri}
    # The session's roles keep their passwords: an administrator's DSNs are never changed.
    for role in ("app", "operator", "transform"):
        external[f"FOOTFALL_POSTGRES__{role.upper()}_DSN"] = getattr(postgres, f"{role}_dsn")
    started = home.footfall("up", "--only", "schema", "--only", "milvus", **external)
    assert started.returncode == 0, started.stderr
    parts = home.state.parts
    assert {name: part.kind for name, part in parts.items()} == {
        "postgres": "external",
        "milvus": "external",
        "schema": "task",
    }
    assert parts["milvus"].url == milvus_uri
    assert parts["postgres"].process is None
    home.down()


def test_a_part_whose_port_is_silent_does_not_count_as_started(tmp_path: Path) -> None:
    port = ports.free_ports(1)[0]
    part = MilvusPart(tmp_path / "data", port)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "LOCK").mkdir()  # it cannot take its lock and ends
    with pytest.raises(ServiceUnavailableError, match="milvus did not start"), running_part(part, tmp_path / "log"):
        pytest.fail("it must not come up")
