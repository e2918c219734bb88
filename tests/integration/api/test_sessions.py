"""Sessions on the running API: renewing, replaying, signing out, and what ends a session at once: also in another
process over the same database."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import jwt
import pytest
from sqlalchemy import text

from api.main import create_app
from contracts.base import Role
from footfall import access
from footfall.settings import Settings
from footfall.signing_keys import SigningKeys
from footfall.stores.postgres.engine import owner_engine
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import Caller, Documented, Json, serving, slug_of
from tests.servers import ADMIN_PASSWORD

PASSWORD = "another-horse-battery"


def password_grant(tenant: Tenant, email: str = "admin@example.com", password: str = ADMIN_PASSWORD) -> Json:
    return {"grant_type": "password", "tenant": tenant.slug, "email": email, "password": password}


def refresh_grant(token: str) -> Json:
    return {"grant_type": "refresh_token", "refresh_token": token}


def signed_in(tenant: Tenant, email: str = "admin@example.com", password: str = ADMIN_PASSWORD) -> tuple[Json, Caller]:
    answer = tenant.running.nobody.post("/v1/auth/token", password_grant(tenant, email, password))
    return answer, tenant.running.nobody.with_token(answer["access_token"])


def status(caller: Caller, path: str = "/v1/auth/me") -> int:
    return caller.ask("GET", path).status_code


def user(tenant: Tenant, role: Role = "site_manager", **more: Any) -> tuple[Json, str]:
    email = f"u{time.monotonic_ns()}@example.com"
    return tenant.admin.post("/v1/users", {"email": email, "password": PASSWORD, "role": role, **more}), email


# --- renewing ---------------------------------------------------------------------------------------


def test_a_refresh_token_gives_the_next_and_a_new_access_token(tenant: Tenant) -> None:
    first, caller = signed_in(tenant)
    second = tenant.running.nobody.post("/v1/auth/token", refresh_grant(first["refresh_token"]))
    assert second["refresh_token"] != first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    renewed = tenant.running.nobody.with_token(second["access_token"])
    assert renewed.get("/v1/auth/me") == caller.get("/v1/auth/me"), "it is the same session"


def test_a_replayed_refresh_token_ends_the_whole_family(tenant: Tenant) -> None:
    first, _ = signed_in(tenant)
    nobody = tenant.running.nobody
    second = nobody.post("/v1/auth/token", refresh_grant(first["refresh_token"]))
    replayed = nobody.refused("POST", "/v1/auth/token", json=refresh_grant(first["refresh_token"]))
    assert (replayed.status, slug_of(replayed)) == (401, "unauthenticated")
    assert nobody.refused("POST", "/v1/auth/token", json=refresh_grant(second["refresh_token"])).status == 401
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        reasons = connection.execute(
            text("select detail ->> 'reason' from footfall.audit_log where action = 'session.ended'")
        ).scalars()
        assert list(reasons) == ["a refresh token was used twice"]


def test_the_thiefs_access_token_ends_with_the_family(tenant: Tenant) -> None:
    first, _ = signed_in(tenant)
    nobody = tenant.running.nobody
    stolen = nobody.post("/v1/auth/token", refresh_grant(first["refresh_token"]))
    nobody.refused("POST", "/v1/auth/token", json=refresh_grant(first["refresh_token"]))
    soon(lambda: status(nobody.with_token(stolen["access_token"])) == 401)


@pytest.mark.parametrize(
    "wrong", ["ffr_" + "0" * 32 + "_" + "0" * 32 + "_" + "0" * 64, "x" * 40, "ffr_é_b_c" + "d" * 20]
)
def test_a_refresh_token_that_is_none_is_refused(running: Running, wrong: str) -> None:
    found = running.nobody.refused("POST", "/v1/auth/token", json=refresh_grant(wrong))
    assert (found.status, slug_of(found)) == (401, "unauthenticated")


def test_a_wrong_secret_ends_nobodys_session(tenant: Tenant) -> None:
    first, caller = signed_in(tenant)
    forged = first["refresh_token"][:-4] + "0000"
    assert tenant.running.nobody.refused("POST", "/v1/auth/token", json=refresh_grant(forged)).status == 401
    assert status(caller) == 200


def test_a_key_gets_no_refresh_token_for_it_is_one_itself(tenant: Tenant) -> None:
    key = access.create_api_key(tenant.running.engine, tenant.tenant_id, name="door", role="worker")
    answer = tenant.running.nobody.post("/v1/auth/token", {"grant_type": "api_key", "api_key": key})
    assert answer["refresh_token"] is None


def test_refresh_tokens_are_stored_as_hashes(tenant: Tenant) -> None:
    first, _ = signed_in(tenant)
    secret = first["refresh_token"].rpartition("_")[2]
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        rows = connection.execute(text("select to_jsonb(t)::text from footfall.refresh_tokens as t")).scalars()
        assert not [row for row in rows if secret in row]


# --- what ends a session ----------------------------------------------------------------------------


def test_signing_out_ends_the_access_and_the_refresh_token_at_once(tenant: Tenant) -> None:
    answer, caller = signed_in(tenant)
    _, elsewhere = signed_in(tenant)
    assert caller.ask("POST", "/v1/auth/revoke").status_code == 204
    assert status(caller) == 401
    assert (
        tenant.running.nobody.refused("POST", "/v1/auth/token", json=refresh_grant(answer["refresh_token"])).status
        == 401
    )
    assert status(elsewhere) == 200, "another session of the same person goes on"


def test_a_user_made_inactive_is_out_at_once(tenant: Tenant) -> None:
    made, email = user(tenant)
    _, caller = signed_in(tenant, email, PASSWORD)
    assert status(caller) == 200
    change(tenant.admin, f"/v1/users/{made['user_id']}", made["version"], {"active": False})
    assert status(caller) == 401
    assert tenant.running.nobody.refused("POST", "/v1/auth/token", json=password_grant(tenant, email, PASSWORD)).status
    again = change(tenant.admin, f"/v1/users/{made['user_id']}", made["version"] + 1, {"active": True})
    assert again["active"]
    assert status(caller) == 401, "that session does not come back"


def test_a_new_role_makes_the_old_token_worthless_and_a_renewed_one_good(tenant: Tenant) -> None:
    made, email = user(tenant)
    answer, caller = signed_in(tenant, email, PASSWORD)
    assert caller.get("/v1/auth/me")["role"] == "site_manager"
    change(tenant.admin, f"/v1/users/{made['user_id']}", made["version"], {"role": "tenant_admin"})
    assert status(caller) == 401
    renewed = tenant.running.nobody.post("/v1/auth/token", refresh_grant(answer["refresh_token"]))
    assert renewed["role"] == "tenant_admin"


def test_sites_taken_away_are_gone_at_once(tenant: Tenant) -> None:
    site = tenant.site()["site_id"]
    made, email = user(tenant, site_ids=[site])
    _, caller = signed_in(tenant, email, PASSWORD)
    assert [item["site_id"] for item in caller.get("/v1/sites")["items"]] == [site]
    change(tenant.admin, f"/v1/users/{made['user_id']}", made["version"], {"site_ids": []})
    assert status(caller, "/v1/sites") == 401


def test_a_deleted_user_is_out_at_once(tenant: Tenant) -> None:
    made, email = user(tenant)
    answer, caller = signed_in(tenant, email, PASSWORD)
    tenant.admin.delete(f"/v1/users/{made['user_id']}")
    assert status(caller) == 401
    assert (
        tenant.running.nobody.refused("POST", "/v1/auth/token", json=refresh_grant(answer["refresh_token"])).status
        == 401
    )


def test_a_revoked_key_takes_its_tokens_along(tenant: Tenant) -> None:
    made = tenant.admin.post("/v1/api-keys", {"name": "door", "role": "worker"})
    grant = {"grant_type": "api_key", "api_key": made["api_key"]}
    worker = tenant.running.nobody.with_token(tenant.running.nobody.post("/v1/auth/token", grant)["access_token"])
    assert status(worker, "/v1/cameras") == 200
    tenant.admin.delete(f"/v1/api-keys/{made['key_id']}")
    assert status(worker, "/v1/cameras") == 401
    assert tenant.running.nobody.refused("POST", "/v1/auth/token", json=grant).status == 401


def test_a_token_that_names_a_session_of_nobody_is_refused(tenant: Tenant) -> None:
    """As it would be made by whoever has the signing key and not the database."""
    answer, _ = signed_in(tenant)
    claims = jwt.decode(answer["access_token"], options={"verify_signature": False})
    keys = tenant.running.keys
    for changed in ({"sid": str(UUID(int=7))}, {"role": "system_admin"}, {"sub": f"user:{UUID(int=7)}"}):
        forged = jwt.encode(
            {**claims, **changed}, keys.private, algorithm="RS256", headers={"typ": "at+jwt", "kid": keys.kid}
        )
        assert status(tenant.running.nobody.with_token(forged)) == 401, changed


def change(caller: Caller, path: str, version: int, body: Json) -> Json:
    answer = caller.ask("PATCH", path, json=body, headers={"If-Match": f'"{version}"'})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


# --- several processes ------------------------------------------------------------------------------


@contextmanager
def api_process(settings: Settings) -> Iterator[Caller]:
    """Another API over the same database, as a caller without a token sees it."""
    app = create_app(settings)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        yield Caller(http, Documented(app.openapi()))


@pytest.fixture(scope="module")
def second_process(running: Running) -> Iterator[Caller]:
    """It shares the folder of signing keys, too."""
    with api_process(running.settings) as caller:
        yield caller


def soon(holds: Callable[[], bool]) -> None:
    """News takes a moment from one process to another."""
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never held"
        time.sleep(0.02)


def test_what_one_process_ends_the_other_refuses(tenant: Tenant, second_process: Caller) -> None:
    made, email = user(tenant)
    answer, _ = signed_in(tenant, email, PASSWORD)
    there = second_process.with_token(answer["access_token"])
    assert status(there) == status(there) == 200
    change(tenant.admin, f"/v1/users/{made['user_id']}", made["version"], {"active": False})
    soon(lambda: status(there) == 401)


def test_a_refresh_token_used_at_one_process_is_used_at_the_other(tenant: Tenant, second_process: Caller) -> None:
    answer, _ = signed_in(tenant)
    second_process.post("/v1/auth/token", refresh_grant(answer["refresh_token"]))
    replayed = tenant.running.nobody.refused("POST", "/v1/auth/token", json=refresh_grant(answer["refresh_token"]))
    assert replayed.status == 401


def test_what_the_owner_changes_by_hand_counts_too(tenant: Tenant, running: Running, second_process: Caller) -> None:
    answer, caller = signed_in(tenant)
    there = second_process.with_token(answer["access_token"])
    assert status(caller) == status(there) == 200
    with owner_engine(running.owner_dsn) as engine, tenant_transaction(engine, tenant.tenant_id) as connection:
        connection.execute(text("update footfall.tenants set status = 'suspended'"))
    soon(lambda: status(caller) == 401)
    soon(lambda: status(there) == 401)


def test_a_rotated_key_is_noticed_by_every_process_and_the_old_one_still_verifies(
    tenant: Tenant, tmp_path: Path
) -> None:
    settings = tenant.running.settings.model_copy(update={"home": tmp_path})
    with api_process(settings) as first, api_process(settings) as second:
        before = first.post("/v1/auth/token", password_grant(tenant))["access_token"]
        old = jwt.get_unverified_header(before)["kid"]
        assert status(second.with_token(before)) == 200
        new = SigningKeys.rotate(settings.keys_path).kid
        after = first.post("/v1/auth/token", password_grant(tenant))["access_token"]
        assert jwt.get_unverified_header(after)["kid"] == new != old
        for process in (first, second):
            assert [key["kid"] for key in process.get("/.well-known/jwks.json")["keys"]] == [new, old]
            assert status(process.with_token(before)) == status(process.with_token(after)) == 200


def test_a_process_with_other_keys_takes_none_of_these_tokens(tenant: Tenant, tmp_path: Path) -> None:
    answer, caller = signed_in(tenant)
    assert status(caller) == 200
    with api_process(tenant.running.settings.model_copy(update={"home": tmp_path})) as other:
        assert status(other.with_token(answer["access_token"])) == 401
