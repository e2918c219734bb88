"""The three stores under `footfall up`: well, closed, killed and back, taken over from a killed supervisor."""

from __future__ import annotations

import os
import re
import signal

import psycopg
import pytest

from cli.stack import Stack
from tests.integration.stack.conftest import Home, MakeHome

ONLY = ("schema", "milvus", "s3")


@pytest.fixture(scope="module")
def home(make_home: MakeHome) -> Home:
    """A home whose stores are up."""
    home = make_home()
    started = home.footfall("up", *(word for name in ONLY for word in ("--only", name)))
    assert started.returncode == 0, started.stderr + started.stdout
    assert "The stack is up after" in started.stdout
    return home


def owner_dsn(home: Home) -> str:
    return Stack.load(home.settings).environment("schema")["FOOTFALL_POSTGRES__DSN"]


def test_status_shows_every_part_well(home: Home) -> None:
    shown = home.footfall("status")
    assert shown.returncode == 0, shown.stdout
    assert re.search(
        r"^postgres +healthy +postgresql://127\.0\.0\.1:\d+/footfall +\d+ .* MB +Postgres 18", shown.stdout, re.M
    )
    parts = {part["name"]: part for part in home.status()["parts"]}
    assert set(parts) == {"postgres", "milvus", "s3", "s3-expiry", "schema"}
    assert all(part["well"] for part in parts.values())
    assert parts["milvus"]["memory_mb"] > 0


def test_each_part_is_where_its_setting_wants_it(home: Home) -> None:
    wanted = home.settings.stack
    chosen = {name: choice.port for name, choice in home.state.ports.items()}
    assert (chosen["postgres"], chosen["milvus"], chosen["s3"]) == (
        wanted.postgres_port,
        wanted.milvus_port,
        wanted.s3_port,
    )


def test_nothing_listens_beyond_loopback(home: Home) -> None:
    listening = home.listening()
    assert len(listening) >= 10  # Postgres, Milvus and SeaweedFS's eight
    assert {address for address, _ in listening} == {"127.0.0.1"}


def test_neither_state_nor_logs_hold_a_secret(home: Home) -> None:
    secret = (home.path / "secrets" / "stack.json").read_text()
    values = re.findall(r'": "(\w+)"', secret)
    assert len(values) == 10
    texts = [path.read_text(errors="replace") for path in (home.path / "logs").iterdir()]
    texts.append((home.path / "run" / "state.json").read_text())
    assert not [value for value in values for text in texts if value in text]


def test_what_the_stack_writes_is_the_owners_alone(home: Home) -> None:
    open_to_others = [
        path
        for folder in ("secrets", "run", "logs", "milvus", "s3", "postgres")
        for path in (home.path / folder, *(home.path / folder).rglob("*"))
        if path.stat().st_mode & 0o077 and not path.is_symlink()
    ]
    assert open_to_others == []


def test_the_schema_is_there_and_its_roles_sign_in(home: Home) -> None:
    stack = Stack.load(home.settings)
    with psycopg.connect(owner_dsn(home)) as connection:
        found = connection.execute("select count(*) from footfall.tenants").fetchone()
    assert found == (0,)
    told = stack.settings_for("dagster-code").postgres
    for dsn in (told.operator_dsn, told.transform_dsn, told.dagster_dsn):
        assert dsn is not None
        psycopg.connect(dsn.get_secret_value()).close()


def test_a_second_up_changes_nothing(home: Home) -> None:
    before = home.state
    again = home.footfall("up", "--only", "milvus")
    assert again.returncode == 0
    assert "is up already" in again.stdout
    assert home.state == before


def test_a_second_supervisor_is_refused(home: Home) -> None:
    refused = home.footfall("up", "--foreground", "--only", "milvus")
    assert refused.returncode == 2
    assert "already has a running stack" in refused.stderr


@pytest.mark.parametrize("part", ["milvus", "s3", "postgres"])
def test_a_killed_part_comes_back_where_it_was(home: Home, part: str) -> None:
    before = home.state.parts[part]
    os.kill(home.pid(part), signal.SIGKILL)
    after = home.wait_until(
        lambda state: state.parts[part].process not in (None, before.process) and state.parts[part].status == "healthy"
    ).parts[part]
    assert after.restarts == before.restarts + 1
    assert after.url == before.url


def test_what_was_committed_survives_the_kill_of_postgres(home: Home) -> None:
    dsn = owner_dsn(home)
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("create table if not exists kept (value int)")
        connection.execute("insert into kept values (42)")
    before = home.state.parts["postgres"].process
    os.kill(home.pid("postgres"), signal.SIGKILL)
    home.wait_until(lambda state: state.well and state.parts["postgres"].process != before)
    with psycopg.connect(dsn) as connection:
        assert connection.execute("select value from kept").fetchone() == (42,)


def test_a_killed_supervisor_leaves_the_parts_and_the_next_takes_them_over(home: Home) -> None:
    state = home.state
    assert state.supervisor is not None
    os.kill(state.supervisor.pid, signal.SIGKILL)
    orphaned = home.footfall("status")
    assert orphaned.returncode == 3
    assert "supervisor is gone" in orphaned.stdout
    after = home.up(*ONLY)
    assert after.supervisor != state.supervisor
    for name in ("postgres", "milvus", "s3"):
        assert after.parts[name].process == state.parts[name].process, name
    assert after.ports == state.ports
