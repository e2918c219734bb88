"""The live stream over a WebSocket, and what either form does with a caller or a database that fails it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from api import live as api_live
from api import live_socket
from api.main import create_app
from footfall.stores.postgres import live
from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import serving
from tests.integration.api.listening import listening, socket_listening
from tests.integration.api.test_stream import admin_token, publish, url_of


@pytest.fixture(scope="module")
def other_process(running: Running) -> Iterator[str]:
    with serving(create_app(running.settings)) as url:
        yield url


def publish_many(tenant: Tenant, number: int) -> None:
    """In one transaction, so that they come at once."""
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        for _ in range(number):
            live.publish(connection, "worker.changed", uuid4(), [])


@pytest.mark.parametrize("way", ["header", "first message"])
def test_both_ways_to_say_who_one_is_open_the_same_stream(tenant: Tenant, other_process: str, way: str) -> None:
    token = admin_token(tenant)
    hello = None if way == "header" else {"access_token": token}
    options: dict[str, Any] = {"additional_headers": {"Authorization": f"Bearer {token}"}} if way == "header" else {}
    with socket_listening(other_process, hello, **options) as listener:
        listener.until("opened")
        subject = publish(tenant)
        assert listener.until("worker.changed")["subject_id"] == subject


def test_it_goes_on_where_it_ended(tenant: Tenant) -> None:
    missed = [publish(tenant) for _ in range(3)]
    hello = {"access_token": admin_token(tenant), "last_event_id": 1}
    with socket_listening(url_of(tenant), hello) as listener:
        heard = [listener.until("worker.changed")["subject_id"] for _ in missed[1:]]
    assert heard == missed[1:]


def test_a_site_manager_and_another_tenant_hear_what_is_theirs(tenant: Tenant, other_tenant: Tenant) -> None:
    site_id = tenant.site()["site_id"]
    manager = tenant.caller("site_manager", sites=[site_id])
    with (
        socket_listening(url_of(tenant), {"access_token": manager.token}) as theirs,
        socket_listening(url_of(tenant), {"access_token": admin_token(other_tenant)}) as strangers,
    ):
        theirs.until("opened")
        strangers.until("opened")
        publish(tenant)
        expected = publish(tenant, site_id=site_id)
        own = publish(other_tenant)
        assert theirs.until("worker.changed")["subject_id"] == expected
        assert strangers.until("worker.changed")["subject_id"] == own


@pytest.mark.parametrize(
    ("hello", "code"),
    [
        ({"access_token": "x" * 40}, live_socket.CLOSE_UNAUTHENTICATED),
        ({"token": "x" * 40}, live_socket.CLOSE_MALFORMED),
        ({"access_token": "x" * 9000}, live_socket.CLOSE_MALFORMED),
    ],
)
def test_who_is_not_known_is_told_so_and_nothing_else(tenant: Tenant, hello: dict[str, str], code: int) -> None:
    with socket_listening(url_of(tenant), hello) as listener:
        assert listener.until("closed")["code"] == code
    assert [message["type"] for message in listener.heard] == ["closed"]


def test_a_worker_may_not_listen(tenant: Tenant) -> None:
    token = tenant.caller("worker", cameras=[]).token
    with socket_listening(url_of(tenant), {"access_token": token}) as listener:
        assert listener.until("closed")["code"] == live_socket.CLOSE_FORBIDDEN


def test_a_foreign_site_is_not_there(tenant: Tenant, other_tenant: Tenant) -> None:
    hello = {"access_token": admin_token(tenant), "site_id": other_tenant.site(f"S {uuid4()}")["site_id"]}
    with socket_listening(url_of(tenant), hello) as listener:
        assert listener.until("closed")["code"] == live_socket.CLOSE_NOT_FOUND


def test_who_says_nothing_is_not_waited_for(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "HELLO_SECONDS", 0.05)
    with socket_listening(url_of(tenant)) as listener:
        assert listener.until("closed")["code"] == live_socket.CLOSE_SLOW_HELLO


def test_a_token_in_the_address_opens_nothing(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_socket, "HELLO_SECONDS", 0.05)
    address = f"{url_of(tenant).replace('http', 'ws', 1)}/v1/stream/ws?access_token={admin_token(tenant)}"
    with connect(address) as connection:
        with pytest.raises(ConnectionClosed):
            connection.recv(timeout=30)
        assert connection.close_code == live_socket.CLOSE_SLOW_HELLO


def test_a_caller_who_falls_behind_is_dropped_with_a_reason(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_live, "QUEUE_EVENTS", 20)
    with (
        listening(url_of(tenant), admin_token(tenant)) as over_sse,
        socket_listening(url_of(tenant), {"access_token": admin_token(tenant)}) as over_socket,
    ):
        over_socket.until("opened")
        publish_many(tenant, 60)
        assert over_sse.until("ended")["reason"] == "slow"
        assert over_socket.until("ended")["reason"] == "slow"
        assert over_socket.until("closed")["code"] == live_socket.CLOSE_SLOW
    # Nothing is lost by that: the next stream begins where this one ended.
    with listening(url_of(tenant), admin_token(tenant), after=over_sse.ids()[-1] if over_sse.ids() else 0) as again:
        while (again.ids() or [0])[-1] < 60:
            again.until("worker.changed")


def test_a_lost_connection_to_postgres_loses_nothing(tenant: Tenant, running: Running) -> None:
    with listening(url_of(tenant), admin_token(tenant)) as listener:
        with unbound_transaction(running.engine) as connection:
            ended = connection.execute(
                text(
                    "select count(pg_terminate_backend(pid)) from pg_stat_activity"
                    " where application_name = 'footfall-notices'"
                )
            ).scalar_one()
        told = [publish(tenant) for _ in range(3)]
        assert [listener.until("worker.changed")["subject_id"] for _ in told] == told
    assert ended >= 1


def test_opening_streams_is_counted_as_every_other_request(running: Running, tenant: Tenant) -> None:
    limits = running.settings.limits.model_copy(update={"read_per_minute": 2})
    with serving(create_app(running.settings.model_copy(update={"limits": limits}))) as url:
        for expected in ("opened", "opened", "closed"):
            with socket_listening(url, {"access_token": admin_token(tenant)}) as listener:
                closed = listener.until(expected)
    assert closed["code"] == live_socket.CLOSE_BUSY


def test_a_tenants_streams_are_bounded_and_leave_room_for_others(
    running: Running, tenant: Tenant, other_tenant: Tenant
) -> None:
    most = running.settings.api.model_copy(update={"streams_per_tenant": 1})
    with serving(create_app(running.settings.model_copy(update={"api": most}))) as url:
        manager = tenant.caller("site_manager", sites=[])
        with socket_listening(url, {"access_token": admin_token(tenant)}) as first:
            first.until("opened")
            with socket_listening(url, {"access_token": manager.token}) as second:
                assert second.until("closed")["code"] == live_socket.CLOSE_BUSY
            with socket_listening(url, {"access_token": admin_token(other_tenant)}) as theirs:
                theirs.until("opened")


def test_those_who_do_not_say_who_they_are_are_bounded(running: Running, tenant: Tenant) -> None:
    few = running.settings.api.model_copy(update={"streams_at_most": 1})
    with serving(create_app(running.settings.model_copy(update={"api": few}))) as url:
        with socket_listening(url, None), socket_listening(url, None) as second:
            assert second.until("closed")["code"] == live_socket.CLOSE_BUSY
        with socket_listening(url, {"access_token": admin_token(tenant)}) as listener:
            listener.until("opened")
