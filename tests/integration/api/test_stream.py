"""The live stream: whatever process committed it, in order, whole after a pause, for those who may see it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import text

from api.main import create_app
from footfall import tokens
from footfall.stores.postgres import live
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.event_kit import NOW, face_event, send
from tests.integration.api.harness import serving, slug_of
from tests.integration.api.listening import listening
from tests.integration.api.worker_kit import registered


@pytest.fixture(scope="module")
def other_process(running: Running) -> Iterator[str]:
    """A second API on the same tables and keys. What it serves it has from Postgres alone."""
    with serving(create_app(running.settings)) as url:
        yield url


def url_of(tenant: Tenant) -> str:
    return str(tenant.running.nobody.http.base_url)


def admin_token(tenant: Tenant) -> str:
    assert tenant.admin.token is not None
    return tenant.admin.token


def publish(tenant: Tenant, *, site_id: str | None = None) -> str:
    """A worker's change as the stream tells of it; its id."""
    subject = uuid4()
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        live.publish(connection, "worker.changed", subject, [] if site_id is None else [UUID(site_id)])
    return str(subject)


def test_a_visit_is_told_of_by_the_process_that_did_not_record_it(tenant: Tenant, other_process: str) -> None:
    site_id = tenant.site()["site_id"]
    camera_id = tenant.camera(site_id)["camera_id"]
    with listening(other_process, admin_token(tenant)) as listener:
        receipt = send(tenant.admin, face_event(camera_id, who=1))
        told = listener.until("visit.new")
        send(tenant.admin, face_event(camera_id, who=1, seen_at=NOW + timedelta(seconds=20)))
        changed = listener.until("visit.changed")

    assert told["subject_id"] == changed["subject_id"] == receipt["visit_id"]
    assert (told["site_ids"], told["person_kind"]) == ([site_id], "customer")
    assert listener.kinds() == ["visit.new", "visit.changed"]
    assert told.keys() <= {"type", "id", "kind", "at", "subject_id", "site_ids", "person_kind"}


def test_workers_cameras_and_commands_are_told_of(tenant: Tenant, other_process: str) -> None:
    with listening(other_process, admin_token(tenant)) as listener:
        host = registered(tenant)
        host.beat()
        listener.until("camera.online")
        host.beat(connected=False)
        listener.until("camera.offline")
        command_id = host.command("stop")["command_id"]
        told = listener.until("command.changed")
    assert (told["subject_id"], told["state"]) == (command_id, "queued")
    assert listener.kinds() == [
        "camera.new", "worker.changed", "worker.changed", "worker.online", "camera.online", "camera.offline",
        "command.changed",
    ]  # fmt: skip


def test_a_silent_worker_is_announced_while_somebody_listens(tenant: Tenant, other_process: str) -> None:
    host = registered(tenant)
    with listening(other_process, admin_token(tenant)) as listener:
        host.beat()
        listener.until("camera.online")
        with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
            connection.execute(text("update footfall.workers set last_heartbeat_at = now() - interval '31 seconds'"))
        assert listener.until("worker.offline")["subject_id"] == host.worker_id
        assert listener.until("camera.offline")["subject_id"] == host.camera_id


def test_who_comes_back_hears_what_came_meanwhile_and_nothing_twice(tenant: Tenant, other_process: str) -> None:
    with listening(url_of(tenant), admin_token(tenant)) as before:
        publish(tenant)
        last = before.until("worker.changed")["id"]
    missed = [publish(tenant) for _ in range(3)]

    with listening(other_process, admin_token(tenant), after=last) as after:
        missed.append(publish(tenant))
        heard = [after.until("worker.changed") for _ in missed]

    assert [message["subject_id"] for message in heard] == missed
    assert [message["id"] for message in heard] == list(range(last + 1, last + 5))


def test_of_many_writers_at_once_nothing_is_lost_or_out_of_order(tenant: Tenant, other_process: str) -> None:
    with listening(other_process, admin_token(tenant), after=0) as listener:
        with ThreadPoolExecutor(6) as pool:
            told = set(pool.map(lambda _: publish(tenant), range(60)))
        heard = {listener.until("worker.changed")["subject_id"] for _ in told}
    assert heard == told
    assert listener.ids() == list(range(1, 61))


def test_what_is_gone_is_said_plainly(tenant: Tenant) -> None:
    for _ in range(5):
        publish(tenant)
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        connection.execute(text("delete from footfall.live_events where position <= 3"))

    with listening(url_of(tenant), admin_token(tenant), after=1) as late:
        gap = late.until("gap")
    with listening(url_of(tenant), admin_token(tenant), after=3) as in_time:
        in_time.until("worker.changed")
    with listening(url_of(tenant), admin_token(tenant), after=900) as from_elsewhere:
        assert from_elsewhere.until("gap")["position"] == 5

    assert gap == {"type": "gap", "after": 1, "position": 5}
    assert "gap" not in {message["type"] for message in in_time.heard}


def test_what_is_kept_is_bounded(tenant: Tenant) -> None:
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        connection.execute(
            text("insert into footfall.live_heads (tenant_id, position) values (footfall.current_tenant(), 10000)")
        )
        connection.execute(
            text(
                "insert into footfall.live_events (tenant_id, kind, position, at)"
                " select footfall.current_tenant(), 'visits.many', n, now() - interval '25 hours'"
                " from generate_series(1, 200) as n"
            )
        )
    for _ in range(300):
        publish(tenant)
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        oldest = live.oldest(connection)
    assert oldest is not None
    assert oldest > 10_000


def test_a_site_manager_hears_of_their_sites_alone(tenant: Tenant) -> None:
    mine, other = tenant.site("Mine")["site_id"], tenant.site("Other")["site_id"]
    manager = tenant.caller("site_manager", sites=[mine])
    assert manager.token is not None
    with listening(url_of(tenant), manager.token) as listener:
        publish(tenant, site_id=other)
        publish(tenant)  # of no site in particular
        expected = publish(tenant, site_id=mine)
        assert listener.until("worker.changed")["subject_id"] == expected
        with listening(url_of(tenant), manager.token, after=0) as again:
            assert again.until("worker.changed")["subject_id"] == expected
    refused = manager.refused("GET", "/v1/stream", params={"site_id": other})
    assert slug_of(refused) == "not-found"


def test_one_site_can_be_asked_for(tenant: Tenant) -> None:
    wanted, other = tenant.site("Wanted")["site_id"], tenant.site("Other")["site_id"]
    with listening(url_of(tenant), admin_token(tenant), site_id=wanted) as listener:
        publish(tenant, site_id=other)
        expected = publish(tenant, site_id=wanted)
        assert listener.until("worker.changed")["subject_id"] == expected


def test_another_tenant_hears_nothing(tenant: Tenant, other_tenant: Tenant) -> None:
    with listening(url_of(tenant), admin_token(other_tenant)) as stranger:
        publish(tenant)
        own = publish(other_tenant)
        assert stranger.until("worker.changed")["subject_id"] == own
    assert other_tenant.admin.refused("GET", "/v1/stream", params={"site_id": tenant.site()["site_id"]}).status == 404


def test_workers_and_strangers_may_not_listen(tenant: Tenant) -> None:
    assert tenant.caller("worker", cameras=[]).refused("GET", "/v1/stream").status == 403
    assert tenant.running.nobody.refused("GET", "/v1/stream").status == 401


def test_a_token_in_the_address_opens_nothing(tenant: Tenant) -> None:
    answer = httpx.get(f"{url_of(tenant)}/v1/stream", params={"access_token": admin_token(tenant)}, timeout=30)
    assert answer.status_code == 401


def test_the_stream_ends_with_the_token(tenant: Tenant, running: Running) -> None:
    settings = running.settings.model_copy(update={"api": running.settings.api.model_copy(update={"token_seconds": 2})})
    principal = tokens.verify(admin_token(tenant), running.keys, running.settings)
    short, _ = tokens.issue(principal, running.keys, settings)
    with listening(url_of(tenant), short) as listener:
        assert listener.until("ended")["reason"] == "token-ended"
        listener.until("closed")


def test_streams_of_one_caller_are_counted(tenant: Tenant) -> None:
    with ExitStack() as open_streams:
        for _ in range(5):
            open_streams.enter_context(listening(url_of(tenant), admin_token(tenant)))
        refused = tenant.admin.refused("GET", "/v1/stream")
        assert (refused.status, slug_of(refused)) == (429, "busy")


def test_many_visits_at_once_are_one_event(tenant: Tenant) -> None:
    site_id = tenant.site()["site_id"]
    with listening(url_of(tenant), admin_token(tenant)) as listener:
        with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
            connection.execute(
                text("""
                    with people as (
                        insert into footfall.customers (tenant_id, customer_id, first_seen_at, last_seen_at)
                        select footfall.current_tenant(), gen_random_uuid(), now(), now() from generate_series(1, 500)
                        returning customer_id
                    )
                    insert into footfall.visits (tenant_id, visit_id, site_id, person_kind, customer_id, started_at,
                        ended_at, sightings, camera_ids, is_first_visit)
                    select footfall.current_tenant(), gen_random_uuid(), :site_id, 'customer', customer_id, now(),
                        now(), 1, '{}', true
                    from people
                """),
                {"site_id": site_id},
            )
        told = listener.until("visits.many")
        publish(tenant)
        listener.until("worker.changed")
    assert "subject_id" not in told
    assert listener.kinds() == ["visits.many", "worker.changed"]
