"""A request with an Idempotency-Key is carried out once, whoever sends it again, at once or later."""

from __future__ import annotations

import base64
import json
import threading
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from api.idempotency import SECRET_ANSWERS, takes_key
from api.main import create_app
from footfall.settings import load_settings
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Caller, photograph, slug_of

SITE = {"name": "Main Street", "timezone": "Europe/Vienna"}
SECRETS = {"api_key", "registration_token", "access_token", "refresh_token", "secret", "password"}


def send(caller: Caller, key: str, path: str = "/v1/sites", **request: Any) -> httpx.Response:
    return caller.ask("POST", path, headers={"Idempotency-Key": key}, **(request or {"json": SITE}))


def rows(tenant: Tenant, statement: str, **parameters: object) -> list[dict[str, Any]]:
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        found = connection.execute(text(statement), parameters)
        return [dict(row) for row in found.mappings()] if found.returns_rows else []


def test_a_request_that_is_sent_again_gets_its_answer_again(tenant: Tenant) -> None:
    first, second = send(tenant.admin, "k-1"), send(tenant.admin, "k-1")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.content == second.content
    for header in ("etag", "location", "content-type"):
        assert first.headers[header] == second.headers[header]
    assert (first.headers.get("idempotency-replayed"), second.headers["idempotency-replayed"]) == (None, "true")
    assert len(tenant.admin.get("/v1/sites")["items"]) == 1
    assert len(rows(tenant, "select 1 from footfall.audit_log where action = 'site.created'")) == 1


def test_a_key_belongs_to_one_request(tenant: Tenant) -> None:
    send(tenant.admin, "k-1")
    for other in (
        send(tenant.admin, "k-1", json={**SITE, "name": "Side Street"}),
        send(tenant.admin, "k-1", "/v1/staff", json={"display_name": "Ada"}),
    ):
        assert (other.status_code, other.json()["type"]) == (422, "urn:footfall:problem:idempotency-key-reused")
    assert len(tenant.admin.get("/v1/sites")["items"]) == 1
    assert tenant.admin.get("/v1/staff")["items"] == []


def test_a_key_belongs_to_whoever_used_it(tenant: Tenant, other_tenant: Tenant) -> None:
    first = send(tenant.admin, "k-shared", json={**SITE, "name": "A"})
    second = send(tenant.caller("tenant_admin"), "k-shared", json={**SITE, "name": "B"})
    third = send(other_tenant.admin, "k-shared", json={**SITE, "name": f"C {uuid4()}"})
    assert len({answer.json()["site_id"] for answer in (first, second, third)}) == 3


def test_one_key_from_many_threads_makes_one_record(tenant: Tenant) -> None:
    answers: list[httpx.Response] = []
    start = threading.Barrier(6)

    def ask() -> None:
        start.wait()
        answers.append(send(tenant.admin, "k-race", "/v1/staff", json={"display_name": "Ada"}))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tenant.admin.get("/v1/staff")["items"]) == 1
    made = {answer.json()["staff_id"] for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    refused = [answer for answer in answers if answer.status_code != 201]
    assert {answer.json()["type"] for answer in refused} <= {"urn:footfall:problem:idempotency-key-in-use"}
    assert all(answer.headers["retry-after"].isdecimal() for answer in refused)


def test_a_refused_request_leaves_its_key_free(tenant: Tenant) -> None:
    assert send(tenant.admin, "k-1", json={**SITE, "timezone": "Mars/Olympus"}).status_code == 422
    assert send(tenant.admin, "k-1", json={"name": "A"}).status_code == 422
    assert rows(tenant, "select 1 from footfall.idempotency_keys") == []
    assert send(tenant.admin, "k-1").status_code == 201


def test_an_upload_is_known_again_whatever_its_boundary(tenant: Tenant) -> None:
    path = f"/v1/staff/{tenant.staff()['staff_id']}/faces"
    picture = photograph(1)
    first = send(tenant.admin, "k-1", path, files={"image": ("a.jpg", picture)})
    again = send(tenant.admin, "k-1", path, files={"image": ("a.jpg", picture)})
    other = send(tenant.admin, "k-1", path, files={"image": ("a.jpg", photograph(2))})
    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 422)
    assert first.request.headers["content-type"] != again.request.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json()["face_id"] == first.json()["face_id"]


@pytest.mark.parametrize("key", ["", "k" * 201, "a key", "schlüssel"])
def test_a_key_that_cannot_be_one_is_refused(quiet: Tenant, key: str) -> None:
    found = quiet.admin.refused("POST", "/v1/sites", json=SITE, headers={"Idempotency-Key": key.encode()})
    assert (found.status, slug_of(found)) == (400, "malformed-request")


def test_two_keys_are_none(quiet: Tenant) -> None:
    answer = quiet.admin.http.post(
        "/v1/sites",
        json=SITE,
        headers=[
            ("Authorization", f"Bearer {quiet.admin.token}"),
            ("Idempotency-Key", "a"),
            ("Idempotency-Key", "b"),
        ],
    )
    assert answer.status_code == 400


def test_whoever_may_not_is_told_so_and_holds_no_key(tenant: Tenant) -> None:
    manager = tenant.caller("site_manager", sites=[])
    assert send(manager, "k-1").status_code == 403
    assert send(tenant.running.nobody, "k-1").status_code == 401
    assert rows(tenant, "select 1 from footfall.idempotency_keys") == []


def test_an_api_key_is_shown_once_and_kept_nowhere(tenant: Tenant) -> None:
    body = {"name": "door", "role": "worker"}
    first = send(tenant.admin, "k-1", "/v1/api-keys", json=body)
    assert first.status_code == 201
    secret = first.json()["api_key"]
    again = send(tenant.admin, "k-1", "/v1/api-keys", json=body)
    assert (again.status_code, again.json()["type"]) == (409, "urn:footfall:problem:idempotency-answer-not-kept")
    assert secret not in again.text
    [row] = rows(tenant, "select to_jsonb(k)::text as kept, body from footfall.idempotency_keys as k")
    assert row["body"] is None
    assert secret not in row["kept"]
    assert secret.rpartition("_")[2] not in row["kept"]
    assert len([key for key in tenant.admin.get("/v1/api-keys")["items"] if key["name"] == "door"]) == 1


def test_every_answer_with_a_secret_in_it_is_one_that_is_not_kept() -> None:
    """Told from the document: a new operation that answers with a secret fails here until it is listed."""
    document = create_app(load_settings(offline=True)).openapi()
    schemas = document["components"]["schemas"]

    def secret(schema: dict[str, Any], seen: frozenset[str] = frozenset()) -> bool:
        name = str(schema.get("$ref", "")).rpartition("/")[2]
        if name in seen:
            return False
        if name:
            return secret(schemas[name], seen | {name})
        if SECRETS & schema.get("properties", {}).keys():
            return True
        inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", []), *schema.get("prefixItems", [])]
        if isinstance(schema.get("items"), dict):
            inner.append(schema["items"])
        return any(secret(part, seen) for part in inner)

    found = set()
    for path, item in document["paths"].items():
        if "post" not in item or not takes_key("POST", path, public=item["post"]["security"] == []):
            continue
        for status, answer in item["post"]["responses"].items():
            if status.startswith("2") and secret(
                answer.get("content", {}).get("application/json", {}).get("schema", {})
            ):
                found.add(path)
    assert found == SECRET_ANSWERS


def test_a_process_that_died_before_it_did_anything_is_taken_over(tenant: Tenant) -> None:
    claim(tenant, lease="-1 second")
    assert send(tenant.admin, "k-1").status_code == 201


def test_a_process_that_died_after_it_committed_is_not_repeated(tenant: Tenant) -> None:
    """The deed is noted in its own transaction, so it is known whether there was one."""
    site = tenant.site("Main Street")
    claim(tenant, lease="-1 second", did=("site.created", "site", site["site_id"]))
    found = tenant.admin.refused(
        "POST", "/v1/sites", json={**SITE, "name": "Main Street 2"}, headers={"Idempotency-Key": "k-1"}
    )
    assert (found.status, slug_of(found)) == (409, "idempotency-answer-not-kept")
    assert site["site_id"] in found.detail
    assert len(tenant.admin.get("/v1/sites")["items"]) == 1


def test_a_process_that_may_still_be_at_work_is_waited_for(tenant: Tenant) -> None:
    claim(tenant, lease="1 minute")
    found = tenant.admin.refused("POST", "/v1/sites", json=SITE, headers={"Idempotency-Key": "k-1"})
    assert (found.status, slug_of(found)) == (409, "idempotency-key-in-use")
    assert tenant.admin.get("/v1/sites")["items"] == []


def test_an_expired_key_is_forgotten(tenant: Tenant) -> None:
    first = send(tenant.admin, "k-1")
    rows(tenant, "update footfall.idempotency_keys set expires_at = now() - interval '1 second'")
    again = send(tenant.admin, "k-1", json={**SITE, "name": "Side Street"})
    assert again.status_code == 201
    assert again.json()["site_id"] != first.json()["site_id"]
    assert len(rows(tenant, "select 1 from footfall.idempotency_keys")) == 1


def claim(tenant: Tenant, *, lease: str, did: tuple[str, str, str] | None = None) -> None:
    """What a process leaves that was killed in the middle of a request of the admin's."""
    action, kind, record_id = did or (None, None, None)
    rows(
        tenant,
        "insert into footfall.idempotency_keys (tenant_id, principal, key, claim_id, operation, lease_until,"
        " expires_at, did_action, did_kind, did_id) values (:owner, :principal, 'k-1', gen_random_uuid(),"
        " 'POST /v1/sites', now() + cast(:lease as interval), now() + interval '1 day', :action, :kind, :id)",
        owner=tenant.tenant_id,
        principal=subject_of(tenant.admin),
        lease=lease,
        action=action,
        kind=kind,
        id=record_id,
    )


def subject_of(caller: Caller) -> str:
    assert caller.token is not None
    payload = caller.token.split(".")[1]
    return str(json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])
