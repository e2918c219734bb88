"""Workers: made by an administrator, registered once, heard of by their heartbeats, offline when they are silent."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.workers import Heartbeat, Worker
from footfall import workers
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Tenant
from tests.integration.api.event_kit import face_event, parts
from tests.integration.api.harness import Caller, slug_of
from tests.integration.api.worker_kit import Host, heartbeat, offered, registered, signed_in


@pytest.fixture
def host(tenant: Tenant) -> Host:
    return registered(tenant)


def silent_for(host: Host, seconds: float) -> None:
    """The worker's last heartbeat, put back."""
    with tenant_transaction(host.tenant.running.engine, host.tenant.tenant_id) as connection:
        connection.execute(
            text("update footfall.workers set last_heartbeat_at = now() - :silence where worker_id = :id"),
            {"silence": timedelta(seconds=seconds), "id": UUID(host.worker_id)},
        )


def sent(caller: Caller, camera_id: str) -> int:
    """The status with which an event of the camera is answered."""
    return caller.ask("POST", "/v1/events/face", files=parts(face_event(camera_id))).status_code


def status(host: Host) -> str:
    found: str = host.tenant.admin.get(host.path())["status"]
    return found


def test_a_worker_is_made_with_its_cameras_and_waits_for_its_daemon(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]

    offer = offered(tenant, camera_id, heartbeat_seconds=20)

    worker = Worker.model_validate(offer["worker"])
    assert (worker.status, worker.version, worker.heartbeat_seconds) == ("pending", 1, 20)
    assert worker.camera_ids == (UUID(camera_id),)
    assert offer["registration_token"].startswith("ffw_")
    assert offer["registration_token"] not in str(tenant.admin.get(f"/v1/workers/{worker.worker_id}"))


def test_registering_gives_a_key_for_exactly_the_cameras(tenant: Tenant) -> None:
    mine = registered(tenant)
    other = tenant.camera(mine.site_id, "Back door")["camera_id"]

    assert [one["camera_id"] for one in mine.own.get("/v1/cameras")["items"]] == [mine.camera_id]
    assert mine.own.refused("GET", f"/v1/cameras/{other}").status == 404
    assert sent(mine.own, mine.camera_id) == 200
    assert sent(mine.own, other) == 403


def test_a_token_works_once(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    token = {"registration_token": offered(tenant, camera_id)["registration_token"]}
    nobody = tenant.running.nobody

    nobody.post("/v1/workers/register", token)

    assert slug_of(nobody.refused("POST", "/v1/workers/register", json=token)) == "unauthenticated"


@pytest.mark.parametrize("spoil", ["expired", "another's secret", "no token"])
def test_a_token_that_is_not_good_registers_nobody(tenant: Tenant, spoil: str) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    offer = offered(tenant, camera_id)
    token: str = offer["registration_token"]
    if spoil == "expired":
        with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
            connection.execute(text("update footfall.workers set registration_expires_at = now()"))
    elif spoil == "another's secret":
        token = token[:-64] + "0" * 64
    else:
        token = "ffw_" + "x" * 40

    refusal = tenant.running.nobody.refused("POST", "/v1/workers/register", json={"registration_token": token})

    assert slug_of(refusal) == "unauthenticated"
    assert tenant.admin.get(f"/v1/workers/{offer['worker']['worker_id']}")["status"] == "pending"


def test_registering_anew_revokes_the_key_before(host: Host) -> None:
    nobody = host.tenant.running.nobody
    again = host.tenant.admin.post(host.path("registration"))
    assert host.beat()["commands"] == []  # the old key works until the token is used

    fresh = nobody.post("/v1/workers/register", {"registration_token": again["registration_token"]})

    old = {"grant_type": "api_key", "api_key": host.api_key}
    assert nobody.refused("POST", "/v1/auth/token", json=old).status == 401
    assert host.own.refused("POST", host.path("heartbeat"), json=heartbeat(host.camera_id)).status in {401, 403}
    own = signed_in(nobody, fresh["api_key"])
    assert own.post(host.path("heartbeat"), heartbeat(host.camera_id))["commands"] == []


def test_a_heartbeat_is_shown_as_it_was_said(host: Host) -> None:
    assert status(host) == "offline"

    answer = host.beat(advertised_url="http://camera-host.example:8010")

    assert (answer["heartbeat_seconds"], answer["commands"]) == (15, [])
    worker = Worker.model_validate(host.tenant.admin.get(host.path()))
    assert (worker.status, worker.release, worker.version) == ("online", "0.1.0", 2)
    assert worker.advertised_url == "http://camera-host.example:8010"
    assert worker.outbox is not None
    assert worker.outbox.pending == 2
    assert [(camera.camera_id, camera.fps) for camera in worker.cameras] == [(UUID(host.camera_id), 12.5)]


def test_cameras_that_are_not_the_workers_are_left_out_of_its_heartbeat(host: Host) -> None:
    foreign = heartbeat(str(uuid4()))["cameras"]
    host.own.post(host.path("heartbeat"), heartbeat(host.camera_id) | {"cameras": foreign})
    assert host.tenant.admin.get(host.path())["cameras"] == []


def test_a_worker_speaks_for_itself_alone(host: Host) -> None:
    another = registered(host.tenant)
    for path in (another.path("heartbeat"), f"/v1/workers/{uuid4()}/heartbeat"):
        assert host.own.refused("POST", path, json=heartbeat(host.camera_id)).status == 403
    assert host.tenant.admin.refused("POST", host.path("heartbeat"), json=heartbeat(host.camera_id)).status == 403


@pytest.mark.parametrize(("silence", "expected"), [(29, "online"), (31, "offline")])
def test_a_worker_that_missed_two_heartbeats_is_offline(host: Host, silence: float, expected: str) -> None:
    host.beat()
    silent_for(host, silence)
    assert status(host) == expected
    listed = host.tenant.admin.get("/v1/workers", status=expected)["items"]
    assert [one["worker_id"] for one in listed] == [host.worker_id]


def test_only_one_of_two_watchers_tells_of_a_silent_worker(host: Host) -> None:
    host.beat()
    engine, tenant_id = host.tenant.running.engine, host.tenant.tenant_id
    assert workers.announce_overdue(engine, tenant_id) == 0
    silent_for(host, 31)
    told = [workers.announce_overdue(engine, tenant_id) for _ in range(2)]
    # The API's own watcher may have been quicker than both.
    assert sum(told) <= 1
    with tenant_transaction(engine, tenant_id) as connection:
        kinds = connection.execute(text("select kind from footfall.live_events order by position")).scalars().all()
    assert kinds.count("worker.offline") == 1
    assert kinds.count("camera.offline") == 1


def test_a_change_needs_the_version_that_was_read(host: Host) -> None:
    patch = {"heartbeat_seconds": 30}
    assert host.tenant.admin.refused("PATCH", host.path(), json=patch).status == 428
    stale = host.tenant.admin.refused("PATCH", host.path(), json=patch, headers={"If-Match": '"1"'})
    assert stale.status == 412

    changed = host.tenant.admin.ask("PATCH", host.path(), json=patch, headers={"If-Match": '"2"'})

    assert (changed.status_code, changed.headers["etag"]) == (200, '"3"')
    assert host.beat()["heartbeat_seconds"] == 30


def test_a_new_configuration_travels_with_the_heartbeat_until_it_was_taken_over(host: Host) -> None:
    assert host.beat(configuration_version=1)["configuration"] is None
    patch = {"configuration": {"detect_every_seconds": 0.5}}
    host.tenant.admin.ask("PATCH", host.path(), json=patch, headers={"If-Match": "*"})

    answer = host.beat(configuration_version=1)

    assert answer["configuration_version"] == 2
    assert answer["configuration"]["detect_every_seconds"] == 0.5
    assert host.beat(configuration_version=2)["configuration"] is None


def test_a_camera_is_watched_by_one_worker(host: Host) -> None:
    taken = {"name": "second", "camera_ids": [host.camera_id]}
    assert host.tenant.admin.refused("POST", "/v1/workers", json=taken).status == 409
    missing = {"name": "third", "camera_ids": [str(uuid4())]}
    assert host.tenant.admin.refused("POST", "/v1/workers", json=missing).status == 404
    named = {"name": host.name, "camera_ids": [host.tenant.camera(host.site_id, "Side")["camera_id"]]}
    assert host.tenant.admin.refused("POST", "/v1/workers", json=named).status == 409


def test_cameras_that_are_given_and_taken_are_the_keys_too(host: Host) -> None:
    second = host.tenant.camera(host.site_id, "Back door")["camera_id"]
    patch = {"camera_ids": [second]}
    host.tenant.admin.ask("PATCH", host.path(), json=patch, headers={"If-Match": "*"})
    own = signed_in(host.tenant.running.nobody, host.api_key)
    assert [one["camera_id"] for one in own.get("/v1/cameras")["items"]] == [second]


def test_a_deleted_workers_key_is_good_no_more(host: Host) -> None:
    assert host.tenant.admin.ask("DELETE", host.path()).status_code == 204
    key = {"grant_type": "api_key", "api_key": host.api_key}
    assert host.tenant.running.nobody.refused("POST", "/v1/auth/token", json=key).status == 401
    assert host.tenant.admin.refused("GET", host.path()).status == 404


def test_a_daemon_with_a_key_of_its_own_still_sends_and_is_listed(tenant: Tenant) -> None:
    camera_id = tenant.camera(tenant.site()["site_id"])["camera_id"]
    assert sent(tenant.caller("worker", cameras=[camera_id]), camera_id) == 200

    (listed,) = tenant.admin.get("/v1/workers")["items"]

    assert listed["status"] == "unmanaged"
    assert listed["last_event_at"] is not None
    refused = tenant.admin.refused(
        "POST", f"/v1/workers/{listed['worker_id']}/commands", json={"command": {"kind": "stop"}}
    )
    assert refused.status == 409
    taken_over = {"name": listed["name"], "camera_ids": [camera_id]}
    assert tenant.admin.post("/v1/workers", taken_over)["worker"]["worker_id"] == listed["worker_id"]


def test_a_site_manager_sees_the_workers_of_their_sites(tenant: Tenant) -> None:
    mine, other = registered(tenant), registered(tenant)
    manager = tenant.caller("site_manager", sites=[mine.site_id])
    assert [one["worker_id"] for one in manager.get("/v1/workers")["items"]] == [mine.worker_id]
    assert manager.get(mine.path())["name"] == mine.name
    assert manager.refused("GET", other.path()).status == 404
    assert manager.refused("GET", other.path("commands")).status == 404


def test_another_tenant_sees_nothing(host: Host, other_tenant: Tenant) -> None:
    listed = other_tenant.admin.get("/v1/workers", limit=100)
    assert listed["next_cursor"] is None
    assert host.worker_id not in [one["worker_id"] for one in listed["items"]]
    for path in (host.path(), host.path("commands")):
        assert other_tenant.admin.refused("GET", path).status == 404
    assert other_tenant.admin.refused("DELETE", host.path()).status == 404


@pytest.mark.parametrize("sort", ["name", "-name", "created_at", "-created_at"])
def test_pages_join_to_the_whole_list(tenant: Tenant, sort: str) -> None:
    made = [registered(tenant).name for _ in range(3)]
    names: list[str] = []
    cursor: dict[str, str] = {}
    while True:
        page = tenant.admin.get("/v1/workers", limit=1, sort=sort, **cursor)
        names += [one["name"] for one in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    ordered = sorted(made) if sort.endswith("name") else made
    assert names == (ordered[::-1] if sort.startswith("-") else ordered)


def test_what_a_heartbeat_may_hold_is_bounded(host: Host) -> None:
    many = heartbeat(host.camera_id)["cameras"] * 65
    for spoilt in ({"cameras": many}, {"advertised_url": "ftp://x"}, {"secret": 1}):
        refused = host.own.refused("POST", host.path("heartbeat"), json=heartbeat(host.camera_id) | spoilt)
        assert refused.status == 422
    assert Heartbeat.model_validate(heartbeat(host.camera_id)).advertised_url is None
