"""Commands to workers: through the heartbeat behind NAT, at once where one can be reached, each finished once."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID, uuid4

import httpx
import jwt
import pytest
from sqlalchemy import text

from api.main import create_app
from footfall import worker_calls
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import Caller, serving
from tests.integration.api.worker_kit import Host, jpeg, registered, snapshot_report


@pytest.fixture
def host(tenant: Tenant) -> Host:
    return registered(tenant)


def run_statement(host: Host, statement: str) -> None:
    with tenant_transaction(host.tenant.running.engine, host.tenant.tenant_id) as connection:
        connection.execute(text(statement))


def test_a_command_travels_with_the_heartbeat_and_comes_back_as_a_result(host: Host) -> None:
    command = host.snapshot()
    assert (command["state"], command["delivery"]) == ("queued", None)

    (order,) = host.beat()["commands"]

    assert order["command_id"] == command["command_id"]
    assert order["command"] == {"kind": "snapshot", "camera_id": host.camera_id}
    assert 290 < order["expires_in_seconds"] <= 300
    assert host.state_of(command["command_id"]) == "sent"
    for state in ("acknowledged", "running"):
        host.own.post(host.path("commands", command["command_id"], "progress"), {"state": state})
        assert host.state_of(command["command_id"]) == state
    done = host.report(command["command_id"], snapshot_report(), jpeg())
    assert done.status_code == 200
    shown = host.tenant.admin.get(host.path("commands", command["command_id"]))
    assert (shown["state"], shown["delivery"], shown["has_image"]) == ("succeeded", "heartbeat", True)
    moments = [shown[f"{moment}_at"] for moment in ("created", "sent", "acknowledged", "started", "finished")]
    assert moments == sorted(moments)
    picture = host.tenant.admin.ask("GET", host.path("commands", command["command_id"], "image"))
    assert (picture.headers["content-type"], picture.content) == ("image/jpeg", jpeg())


def test_a_command_is_sent_again_until_the_worker_has_it_and_never_after(host: Host) -> None:
    command_id = host.snapshot()["command_id"]
    assert [len(host.beat()["commands"]) for _ in range(2)] == [1, 1]  # the first answer may have been lost
    host.own.post(host.path("commands", command_id, "progress"), {"state": "acknowledged"})
    assert host.beat()["commands"] == []


def test_the_first_report_counts_and_nothing_goes_backwards(host: Host) -> None:
    command_id = host.snapshot()["command_id"]
    host.report(command_id, snapshot_report(), jpeg(10))

    again = host.report(command_id, json.dumps({"state": "failed", "error": "no"}))

    assert (again.status_code, again.json()["state"]) == (200, "succeeded")
    late = host.own.post(host.path("commands", command_id, "progress"), {"state": "acknowledged"})
    assert late["state"] == "succeeded"
    assert host.tenant.admin.ask("GET", host.path("commands", command_id, "image")).content == jpeg(10)


def test_commands_are_carried_out_in_the_order_in_which_they_were_given(host: Host) -> None:
    given = [host.command(kind)["command_id"] for kind in ("stop", "start", "reload-gallery")]
    assert [order["command_id"] for order in host.beat()["commands"]] == given
    listed = host.tenant.admin.get(host.path("commands"))["items"]
    assert [one["command_id"] for one in listed] == given[::-1]


def test_a_command_that_nobody_collects_expires(host: Host) -> None:
    command_id = host.snapshot()["command_id"]
    run_statement(host, "update footfall.worker_commands set expires_at = now()")

    assert host.beat()["commands"] == []

    assert host.state_of(command_id) == "expired"
    # ... but a worker that had begun it tells the truth.
    assert host.report(command_id, snapshot_report()).json()["state"] == "succeeded"


def test_what_waits_for_a_worker_is_bounded(host: Host) -> None:
    for _ in range(50):
        host.command("stop")
    refused = host.tenant.admin.refused("POST", host.path("commands"), json={"command": {"kind": "stop"}})
    assert refused.status == 409
    assert len(host.beat()["commands"]) == 20


def test_setting_the_configuration_by_command_changes_the_record(host: Host) -> None:
    host.command("set-config", configuration={"cpu_limit_cores": 0.5})
    answer = host.beat(configuration_version=1)
    assert answer["configuration"]["cpu_limit_cores"] == 0.5
    assert host.tenant.admin.get(host.path())["configuration"]["cpu_limit_cores"] == 0.5


@pytest.mark.parametrize(
    ("report", "image", "status"),
    [
        (snapshot_report(result=None), None, 422),
        (snapshot_report(result={"kind": "stop", "camera_ids": []}), None, 422),
        (snapshot_report(), b"\x89PNG\r\n\x1a\n" + bytes(40), 422),
        (snapshot_report(), jpeg()[:200] + bytes(2_000_001), 422),
        (json.dumps({"state": "failed", "error": "no frame"}), jpeg(), 422),
        (json.dumps({"state": "queued"}), None, 422),
        ("{", None, 400),
    ],
)
def test_a_report_that_does_not_fit_its_command_is_refused(
    host: Host, report: str, image: bytes | None, status: int
) -> None:
    command_id = host.snapshot()["command_id"]
    assert host.report(command_id, report, image).status_code == status
    assert host.state_of(command_id) == "queued"


def test_a_picture_is_gone_after_its_minutes(host: Host) -> None:
    command_id = host.snapshot()["command_id"]
    host.report(command_id, snapshot_report(), jpeg())
    run_statement(host, "update footfall.worker_snapshots set expires_at = now()")

    assert host.tenant.admin.refused("GET", host.path("commands", command_id, "image")).status == 404

    assert host.tenant.admin.get(host.path("commands", command_id))["has_image"] is False
    host.beat()
    with tenant_transaction(host.tenant.running.engine, host.tenant.tenant_id) as connection:
        assert connection.execute(text("select count(*) from footfall.worker_snapshots")).scalar_one() == 0


def test_who_looked_at_a_picture_is_recorded(host: Host) -> None:
    command_id = host.snapshot()["command_id"]
    host.report(command_id, snapshot_report(), jpeg())
    host.tenant.admin.ask("GET", host.path("commands", command_id, "image"))
    with tenant_transaction(host.tenant.running.engine, host.tenant.tenant_id) as connection:
        actions = connection.execute(text("select action from footfall.audit_log order by audit_id")).scalars().all()
    assert actions[-2:] == ["worker.commanded", "worker.snapshot_viewed"]


def test_a_command_names_a_camera_of_the_worker(host: Host) -> None:
    other = host.tenant.camera(host.site_id, "Side")["camera_id"]
    body = {"command": {"kind": "snapshot", "camera_id": other}}
    assert host.tenant.admin.refused("POST", host.path("commands"), json=body).status == 404


def test_nobody_else_reports_on_a_workers_commands(host: Host, other_tenant: Tenant) -> None:
    command_id = host.snapshot()["command_id"]
    another = registered(host.tenant)
    stranger = registered(other_tenant)
    path = host.path("commands", command_id, "progress")
    for caller in (another.own, stranger.own, host.tenant.admin):
        assert caller.refused("POST", path, json={"state": "running"}).status == 403
    assert another.own.refused("POST", another.path("commands", command_id, "progress"),
                               json={"state": "running"}).status == 404  # fmt: skip
    for tenant_caller in (other_tenant.admin,):
        assert tenant_caller.refused("GET", host.path("commands", command_id)).status == 404
        assert tenant_caller.refused("GET", host.path("commands", command_id, "image")).status == 404


# --- directly ---------------------------------------------------------------------------------------


@contextmanager
def camera_host(status: int) -> Iterator[tuple[str, list[tuple[str, dict[str, Any], str]]]]:
    """A worker's own surface, as far as the server calls it: what came, and whom it was meant for."""
    calls: list[tuple[str, dict[str, Any], str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append((self.path, json.loads(body), self.headers["Authorization"].removeprefix("Bearer ")))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", calls
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def near(running: Running) -> Iterator[str]:
    """A second API on the same tables, which may call hosts on this machine."""
    addresses = running.settings.addresses.model_copy(update={"allowed_networks": "127.0.0.0/8"})
    settings = running.settings.model_copy(update={"addresses": addresses})
    with serving(create_app(settings)) as url:
        yield url


def given_at(url: str, host: Host) -> dict[str, Any]:
    admin = host.tenant.admin
    with httpx.Client(base_url=url, timeout=30) as http:
        caller = Caller(http, admin.documented, admin.token)
        return caller.post(host.path("commands"), {"command": {"kind": "snapshot", "camera_id": host.camera_id}})


def test_a_worker_that_can_be_reached_is_called_at_once(host: Host, near: str) -> None:
    with camera_host(202) as (url, calls):
        host.beat(advertised_url=url)
        command = given_at(near, host)

    assert (command["state"], command["delivery"]) == ("sent", "direct")
    ((path, order, token),) = calls
    assert (path, order["command_id"]) == ("/v1/commands", command["command_id"])
    running = host.tenant.running
    claims = jwt.decode(
        token,
        running.keys.public,
        algorithms=["RS256"],
        audience=worker_calls.audience_of(UUID(host.worker_id)),
        issuer=running.settings.api.issuer,
    )
    assert claims["exp"] - claims["iat"] == 60
    assert jwt.get_unverified_header(token)["typ"] == worker_calls.TOKEN_TYPE
    # It is no access token: who has it cannot speak to the API.
    assert running.nobody.with_token(token).refused("GET", "/v1/workers").status == 401


@pytest.mark.parametrize("status", [302, 401, 404, 500])
def test_a_worker_that_does_not_take_it_gets_it_with_its_heartbeat(host: Host, near: str, status: int) -> None:
    with camera_host(status) as (url, calls):
        host.beat(advertised_url=url)
        command = given_at(near, host)
    assert len(calls) == 1, "a redirect is not followed"
    assert command["state"] == "queued"
    assert [order["command_id"] for order in host.beat()["commands"]] == [command["command_id"]]


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1", "http://169.254.169.254"]
)
def test_an_address_inside_is_not_called(host: Host, url: str) -> None:
    """The API of these tests keeps the defaults, under which loopback and metadata are refused."""
    host.beat(advertised_url=url)
    assert host.snapshot()["state"] == "queued"


def test_a_host_on_this_machine_is_not_called_by_default(host: Host) -> None:
    with camera_host(202) as (url, calls):
        host.beat(advertised_url=url)
        assert host.snapshot()["state"] == "queued"
    assert calls == []


def test_a_silent_host_is_given_up(host: Host, near: str) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(1)
        host.beat(advertised_url=f"http://127.0.0.1:{deaf.getsockname()[1]}")
        assert given_at(near, host)["state"] == "queued"


def test_an_unknown_command_is_not_there(host: Host) -> None:
    assert host.tenant.admin.refused("GET", host.path("commands", str(uuid4()))).status == 404
