"""Users, API keys and the own tenant on the running API: who may make whom, what stays hidden, what must not happen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from contracts.problems import Problem
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Caller, Json, slug_of

PASSWORD = "another-horse-battery"


@pytest.fixture(scope="module")
def shared(new_tenant: Callable[..., Tenant]) -> Tenant:
    """For tests that look at records of their own only."""
    return new_tenant()


def new_user(tenant: Tenant, role: str = "site_manager", **more: Any) -> Json:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": role, **more}
    return tenant.admin.post("/v1/users", body)


def new_key(tenant: Tenant, **more: Any) -> Json:
    return tenant.admin.post("/v1/api-keys", {"name": uuid4().hex, **more})


def patched(caller: Caller, path: str, body: Json, version: int | str = "*") -> Json:
    answer = caller.ask("PATCH", path, json=body, headers={"If-Match": tag(version)})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def unpatched(caller: Caller, path: str, body: Json, version: int | str = "*") -> Problem:
    return caller.refused("PATCH", path, json=body, headers={"If-Match": tag(version)})


def tag(version: int | str) -> str:
    return version if isinstance(version, str) else f'"{version}"'


def sign_in(tenant: Tenant, email: str, password: str) -> int:
    grant = {"grant_type": "password", "tenant": tenant.slug, "email": email, "password": password}
    return tenant.running.nobody.ask("POST", "/v1/auth/token", json=grant).status_code


# --- users ------------------------------------------------------------------------------------------


def test_a_user_is_made_listed_read_changed_and_deleted(tenant: Tenant) -> None:
    site = tenant.site()["site_id"]
    made = new_user(tenant, site_ids=[site])
    assert (made["role"], made["active"], made["site_ids"], made["version"]) == ("site_manager", True, [site], 1)
    path = f"/v1/users/{made['user_id']}"
    assert tenant.admin.get(path) == made
    listed = tenant.admin.get("/v1/users", role="site_manager", email_contains=made["email"][:8].upper())["items"]
    assert listed == [made]
    assert made not in tenant.admin.get("/v1/users", active=False)["items"]
    changed = patched(tenant.admin, path, {"role": "tenant_admin"}, made["version"])
    assert (changed["role"], changed["site_ids"], changed["version"]) == ("tenant_admin", [], 2)
    tenant.admin.delete(path)
    assert slug_of(tenant.admin.refused("GET", path)) == "not-found"


def test_no_answer_shows_a_password_or_its_hash(tenant: Tenant) -> None:
    made = new_user(tenant)
    shown = tenant.admin.http.get("/v1/users", headers={"Authorization": f"Bearer {tenant.admin.token}"}).text
    assert made["email"] in shown
    for hidden in (PASSWORD, "argon2", "password"):
        assert hidden not in shown


def test_users_come_in_pages_in_either_order(tenant: Tenant) -> None:
    emails = sorted([new_user(tenant)["email"] for _ in range(3)])
    own = {user["email"] for user in tenant.admin.get("/v1/users")["items"]} - set(emails)
    page = tenant.admin.get("/v1/users", sort="-email", limit=2)
    rest = tenant.admin.get("/v1/users", sort="-email", limit=500, cursor=page["next_cursor"])
    found = [user["email"] for user in (*page["items"], *rest["items"])]
    assert found == sorted([*emails, *own], reverse=True)
    assert slug_of(tenant.admin.refused("GET", "/v1/users", params={"sort": "password_hash"})) == "invalid-request"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"email": "no address"}, "invalid-input"),
        ({"password": "short"}, "invalid-request"),
        ({"role": "worker"}, "invalid-request"),
        ({"role": "system_admin"}, "forbidden"),
        ({"role": "tenant_admin", "site_ids": [str(UUID(int=1))]}, "invalid-input"),
        ({"site_ids": [str(UUID(int=1))]}, "not-found"),
        ({"tenant_id": str(UUID(int=1))}, "invalid-request"),
        ({"active": False}, "invalid-request"),
    ],
)
def test_a_user_who_cannot_be_is_refused(shared: Tenant, body: Json, problem: str) -> None:
    whole = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": "site_manager", **body}
    found = shared.admin.refused("POST", "/v1/users", json=whole)
    assert slug_of(found) == problem
    assert "short" not in found.model_dump_json()


def test_an_address_is_given_once(shared: Tenant) -> None:
    made = new_user(shared)
    body = {"email": made["email"].upper(), "password": PASSWORD, "role": "site_manager"}
    assert slug_of(shared.admin.refused("POST", "/v1/users", json=body)) == "conflict"


def test_the_last_administrator_stays(tenant: Tenant) -> None:
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:  # leave the caller alone
        connection.execute(text("delete from footfall.users where email = 'admin@example.com'"))
    own = tenant.admin.get("/v1/auth/me")["subject"].removeprefix("user:")
    path = f"/v1/users/{own}"
    for body in ({"active": False}, {"role": "site_manager"}):
        assert slug_of(unpatched(tenant.admin, path, body)) == "conflict"
    assert slug_of(tenant.admin.refused("DELETE", path)) == "conflict"
    new_user(tenant, "tenant_admin")
    assert tenant.admin.ask("DELETE", path).status_code == 204


def test_a_change_names_the_version_that_it_changes(tenant: Tenant) -> None:
    made = new_user(tenant)
    path = f"/v1/users/{made['user_id']}"
    patched(tenant.admin, path, {"role": "tenant_admin"}, 1)
    assert slug_of(unpatched(tenant.admin, path, {"role": "site_manager"}, 1)) == "precondition-failed"
    assert slug_of(tenant.admin.refused("PATCH", path, json={"active": False})) == "precondition-required"
    assert tenant.admin.get(path)["active"]


def test_a_new_password_from_an_administrator_is_the_one_that_works(tenant: Tenant) -> None:
    made = new_user(tenant)
    patched(tenant.admin, f"/v1/users/{made['user_id']}", {"password": "a-third-horse-battery"})
    assert sign_in(tenant, made["email"], PASSWORD) == 401
    assert sign_in(tenant, made["email"], "a-third-horse-battery") == 200


def test_ones_own_password_is_changed_by_who_knows_it(tenant: Tenant) -> None:
    made = new_user(tenant)
    grant = {"grant_type": "password", "tenant": tenant.slug, "email": made["email"], "password": PASSWORD}
    nobody = tenant.running.nobody
    mine, elsewhere = (nobody.with_token(nobody.post("/v1/auth/token", grant)["access_token"]) for _ in range(2))
    path, new = "/v1/users/me/password", "a-third-horse-battery"
    wrong = mine.refused("POST", path, json={"current_password": "wrong-horse-battery", "new_password": new})
    assert (wrong.status, slug_of(wrong)) == (422, "wrong-password")
    change = {"current_password": PASSWORD, "new_password": new}
    assert mine.ask("POST", path, json=change).status_code == 204
    assert mine.ask("GET", "/v1/auth/me").status_code == 200, "the session that changed it goes on"
    assert elsewhere.ask("GET", "/v1/auth/me").status_code == 401
    assert sign_in(tenant, made["email"], new) == 200


def test_a_key_has_no_password_of_its_own(shared: Tenant) -> None:
    change = {"current_password": PASSWORD, "new_password": PASSWORD}
    manager = shared.caller("site_manager")
    assert slug_of(manager.refused("POST", "/v1/users/me/password", json=change)) == "forbidden"


# --- API keys ---------------------------------------------------------------------------------------


def test_a_key_is_shown_once_and_never_again(tenant: Tenant) -> None:
    made = new_key(tenant)
    secret = made.pop("api_key")
    assert secret.startswith("ffk_")
    path = f"/v1/api-keys/{made['key_id']}"
    assert tenant.admin.get(path) == made
    assert tenant.admin.get("/v1/api-keys", role="worker")["items"] == [made]
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        for table in ("api_keys", "audit_log"):
            rows = connection.execute(text(f"select to_jsonb(t)::text from footfall.{table} as t")).scalars()
            assert not [row for row in rows if secret.rpartition("_")[2] in row], table


def test_a_rotated_key_works_beside_the_one_before_until_the_overlap_ends(tenant: Tenant) -> None:
    made = new_key(tenant)
    path = f"/v1/api-keys/{made['key_id']}/rotate"
    second = tenant.admin.post(path, {"overlap_seconds": 600})["api_key"]
    assert (works(tenant, made["api_key"]), works(tenant, second)) == (True, True)
    third = tenant.admin.post(path, {"overlap_seconds": 0})["api_key"]
    assert [works(tenant, key) for key in (made["api_key"], second, third)] == [False, False, True]


def works(tenant: Tenant, key: str) -> bool:
    answer = tenant.running.nobody.ask("POST", "/v1/auth/token", json={"grant_type": "api_key", "api_key": key})
    assert answer.status_code in {200, 401}
    return answer.status_code == 200


def test_a_key_is_limited_to_its_sites_or_cameras(tenant: Tenant) -> None:
    site, other = tenant.site("One")["site_id"], tenant.site("Two")["site_id"]
    camera = tenant.camera(site)["camera_id"]
    tenant.camera(other)
    manager = new_key(tenant, role="site_manager", site_ids=[site])
    worker = new_key(tenant, role="worker", camera_ids=[camera])
    nobody = tenant.running.nobody
    for key, path, wanted in (
        (manager, "/v1/sites", [site]),
        (manager, "/v1/cameras", [site]),
        (worker, "/v1/cameras", [site]),
    ):
        token = nobody.post("/v1/auth/token", {"grant_type": "api_key", "api_key": key["api_key"]})["access_token"]
        assert [item["site_id"] for item in nobody.with_token(token).get(path)["items"]] == wanted


def test_a_key_is_changed_until_it_is_revoked(tenant: Tenant) -> None:
    made = new_key(tenant)
    path = f"/v1/api-keys/{made['key_id']}"
    later = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    changed = patched(tenant.admin, path, {"name": "Entrance", "expires_at": later}, 1)
    assert (changed["name"], changed["version"]) == ("Entrance", 2)
    assert patched(tenant.admin, path, {"expires_at": None}, 2)["expires_at"] is None, "null: never"
    tenant.admin.delete(path)
    assert not tenant.admin.get(path)["live"]
    assert slug_of(unpatched(tenant.admin, path, {"name": "Back again"})) == "conflict"
    assert slug_of(tenant.admin.refused("POST", f"{path}/rotate", json={})) == "conflict"
    assert [key["key_id"] for key in tenant.admin.get("/v1/api-keys", live=False)["items"]] == [made["key_id"]]


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"role": "system_admin"}, "invalid-request"),
        ({"name": "two\nlines"}, "invalid-request"),
        ({"camera_ids": [str(UUID(int=1))]}, "not-found"),
        ({"role": "site_manager", "site_ids": [str(UUID(int=1))]}, "not-found"),
        ({"role": "worker", "site_ids": []}, "invalid-input"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "invalid-input"),
        ({"expires_at": "2030-01-01T00:00:00"}, "invalid-request"),
        ({"secret_sha256": "00"}, "invalid-request"),
    ],
)
def test_a_key_that_cannot_be_is_refused(shared: Tenant, body: Json, problem: str) -> None:
    found = shared.admin.refused("POST", "/v1/api-keys", json={"name": uuid4().hex, **body})
    assert slug_of(found) == problem


def test_anothers_users_and_keys_do_not_exist(tenant: Tenant, other_tenant: Tenant) -> None:
    theirs_user, theirs_key = new_user(other_tenant), new_key(other_tenant)
    for path in (f"/v1/users/{theirs_user['user_id']}", f"/v1/api-keys/{theirs_key['key_id']}"):
        assert slug_of(tenant.admin.refused("GET", path)) == "not-found"
        assert slug_of(unpatched(tenant.admin, path, {})) == "not-found"
        assert slug_of(tenant.admin.refused("DELETE", path)) == "not-found"
    assert other_tenant.admin.get(f"/v1/users/{theirs_user['user_id']}")["active"]


# --- the own tenant ---------------------------------------------------------------------------------


def test_identifying_visitors_needs_a_basis_and_a_promise_first(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant("staff_only")
    before = tenant.admin.get("/v1/tenant")
    for body in (
        {"privacy_mode": "identify"},
        {"privacy_mode": "identify", "legal_basis": "Consent, form 17"},
        {"privacy_mode": "identify", "retention_days": 30},
        {"privacy_mode": "identify", "legal_basis": "   ", "retention_days": 30},
    ):
        found = unpatched(tenant.admin, "/v1/tenant", body)
        assert (found.status, slug_of(found)) == (422, "legal-basis-missing")
        assert "legal_basis" in (found.hint or "")
    assert tenant.admin.get("/v1/tenant") == before
    whole = {"privacy_mode": "identify", "legal_basis": "Consent, form 17", "retention_days": 30}
    changed = patched(tenant.admin, "/v1/tenant", whole, before["version"])
    assert (changed["privacy_mode"], changed["retention_days"]) == ("identify", 30)
    camera = tenant.camera(tenant.site()["site_id"])
    assert camera["privacy_mode"] == "identify", "workers read it there"


def test_the_basis_cannot_be_taken_from_under_the_mode(new_tenant: Callable[..., Tenant]) -> None:
    tenant = new_tenant("identify")
    for body in ({"legal_basis": None}, {"retention_days": None}):
        assert slug_of(unpatched(tenant.admin, "/v1/tenant", body)) == "legal-basis-missing"
    stepped_back = patched(tenant.admin, "/v1/tenant", {"privacy_mode": "count_only", "legal_basis": None})
    assert (stepped_back["privacy_mode"], stepped_back["legal_basis"]) == ("count_only", None)


def test_a_tenants_own_record_has_bounds(shared: Tenant) -> None:
    for body in ({"retention_days": 0}, {"slug": "another"}, {"platform": True}, {"status": "suspended"}, {"name": ""}):
        assert slug_of(unpatched(shared.admin, "/v1/tenant", body)) == "invalid-request", body


def test_what_was_changed_is_in_the_log_and_no_secret_is(tenant: Tenant) -> None:
    made = new_user(tenant)
    patched(tenant.admin, f"/v1/users/{made['user_id']}", {"password": "a-third-horse-battery"})
    patched(tenant.admin, "/v1/tenant", {"privacy_mode": "count_only"})
    entries = tenant.admin.get("/v1/audit", limit=100)["items"]
    actions = [entry["action"] for entry in entries]
    assert {"user.created", "user.changed", "tenant.changed"} <= set(actions)
    assert "battery" not in str(entries)
    changed = next(entry for entry in entries if entry["action"] == "tenant.changed")
    assert changed["actor"] == tenant.admin.get("/v1/auth/me")["subject"]
    assert changed["detail"]["privacy_mode"] == {"from": "identify", "to": "count_only"}
