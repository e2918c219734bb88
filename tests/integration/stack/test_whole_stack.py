"""The whole stack, with API, dashboards and Dagster: up, used, every part killed and back, down. Takes minutes."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import httpx
import pytest

from tests.integration.stack.conftest import Home, MakeHome

pytestmark = pytest.mark.e2e

SERVERS = (
    "postgres",
    "milvus",
    "s3",
    "api",
    "dashboards",
    "dagster-code",
    "dagster-web",
    "dagster-daemon",
)


@pytest.fixture(scope="module")
def home(make_home: MakeHome, models_dir: Path) -> Home:
    home = make_home()
    home.variables["FOOTFALL_MODELS_DIR"] = str(models_dir)
    started = home.footfall("up")
    assert started.returncode == 0, started.stderr + started.stdout
    return home


def get(url: str, *, body: dict[str, str] | None = None) -> str:
    answer = httpx.get(url, timeout=20) if body is None else httpx.post(url, json=body, timeout=20)
    return answer.raise_for_status().text


def url(home: Home, part: str) -> str:
    found = home.state.parts[part].url
    assert found is not None
    return found


def test_every_part_is_well_and_the_camera_is_idle(home: Home) -> None:
    status = home.status()
    assert status["well"]
    parts = {part["name"]: part["status"] for part in status["parts"]}
    assert parts == {**dict.fromkeys((*SERVERS, "s3-expiry"), "healthy"), "schema": "done", "ingest": "idle"}


def test_nothing_listens_beyond_loopback(home: Home) -> None:
    assert {address for address, _ in home.listening()} == {"127.0.0.1"}


def test_a_tenant_made_on_the_command_line_signs_in_on_the_api(home: Home) -> None:
    made = json.loads(home.footfall("tenant", "create", "shop", "--admin-email", "a@example.com", "--json").stdout)
    grant = {"grant_type": "password", "tenant": "shop", "email": "a@example.com", "password": made["admin_password"]}
    token = json.loads(get(f"{url(home, 'api')}/v1/auth/token", body=grant))
    assert token["tenant_id"] == made["tenant_id"]


def test_the_dashboards_serve_their_page(home: Home) -> None:
    assert "<html" in get(url(home, "dashboards"))


def test_dagster_shows_the_definitions_and_its_daemon(home: Home) -> None:
    query = "{ repositoriesOrError { ... on RepositoryConnection { nodes { location { name } } } }"
    query += " instance { daemonHealth { allDaemonStatuses { daemonType healthy required } } } }"
    answer = json.loads(get(f"{url(home, 'dagster-web')}/graphql", body={"query": query}))["data"]
    assert [node["location"]["name"] for node in answer["repositoriesOrError"]["nodes"]] == ["footfall"]
    daemons = [one for one in answer["instance"]["daemonHealth"]["allDaemonStatuses"] if one["required"]]
    assert daemons
    assert all(one["healthy"] for one in daemons)


@pytest.mark.parametrize("part", SERVERS)
def test_a_killed_part_comes_back_and_the_whole_is_well_again(home: Home, part: str) -> None:
    before = home.state.parts[part].process
    os.kill(home.pid(part), signal.SIGKILL)
    home.wait_until(lambda state: state.parts[part].process not in (None, before) and state.well, seconds=120)


def test_a_new_supervisor_takes_every_part_over(home: Home) -> None:
    state = home.state
    assert state.supervisor is not None
    os.kill(state.supervisor.pid, signal.SIGKILL)
    assert home.footfall("up").returncode == 0
    assert {name: home.state.parts[name].process for name in SERVERS} == {
        name: state.parts[name].process for name in SERVERS
    }


def test_down_leaves_nothing(home: Home) -> None:
    assert len(home.processes()) >= len(SERVERS)
    assert home.footfall("down").returncode == 0
    assert home.processes() == []
