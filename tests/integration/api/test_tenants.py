"""What a system administrator may: tenants as records, from home; another tenant's data only by a recorded switch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import uuid4

import jwt
import pytest
from sqlalchemy import text

from contracts.access import TokenResponse
from footfall.tenancy import tenant_transaction
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Caller, Json, slug_of

PASSWORD = "another-horse-battery"
REASON = "Ticket 4711: no visits since Friday"


@pytest.fixture(scope="module")
def home(new_tenant: Callable[..., Tenant]) -> Tenant:
    return new_tenant()


@pytest.fixture(scope="module")
def system(home: Tenant) -> Caller:
    return home.caller("system_admin")


def new_tenant_body(**more: object) -> Json:
    return {
        "slug": f"n-{uuid4().hex[:12]}",
        "name": "New",
        "admin_email": "first@example.com",
        "admin_password": PASSWORD,
        **more,
    }


def patched(caller: Caller, path: str, body: Json) -> Json:
    answer = caller.ask("PATCH", path, json=body, headers={"If-Match": "*"})
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def switched(system: Caller, tenant: Tenant, reason: str = REASON) -> Caller:
    answer = system.post("/v1/auth/switch", {"tenant_id": str(tenant.tenant_id), "reason": reason})
    return system.with_token(answer["access_token"])


def log(tenant: Tenant, action: str) -> list[Json]:
    with tenant_transaction(tenant.running.engine, tenant.tenant_id) as connection:
        rows = connection.execute(
            text(
                "select actor, subject_id, detail from footfall.audit_log where action = :action order by audit_id desc"
            ),
            {"action": action},
        )
        return [dict(row._mapping) for row in rows]


# --- tenants as records -----------------------------------------------------------------------------


def test_a_tenant_is_made_with_an_administrator_who_signs_in(home: Tenant, system: Caller) -> None:
    body = new_tenant_body()
    made = system.post("/v1/tenants", body)
    assert (made["slug"], made["status"], made["platform"]) == (body["slug"], "active", False)
    grant = {"grant_type": "password", "tenant": body["slug"], "email": body["admin_email"], "password": PASSWORD}
    assert home.running.nobody.post("/v1/auth/token", grant)["role"] == "tenant_admin"
    assert system.get(f"/v1/tenants/{made['tenant_id']}") == made
    assert log(home, "tenant.created")[0]["subject_id"] == made["tenant_id"]
    assert slug_of(system.refused("POST", "/v1/tenants", json=body)) == "conflict"


def test_tenants_are_listed_in_pages(system: Caller, quiet: Tenant) -> None:
    names = {system.post("/v1/tenants", new_tenant_body())["slug"] for _ in range(2)}
    found: list[str] = []
    cursor = None
    while True:
        page = system.get("/v1/tenants", sort="slug", limit=3, **({"cursor": cursor} if cursor else {}))
        found += [tenant["slug"] for tenant in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == sorted(found)
    assert names | {quiet.slug} <= set(found)


def test_identify_needs_its_basis_from_the_first_day(system: Caller) -> None:
    body = new_tenant_body(privacy_mode="identify")
    assert slug_of(system.refused("POST", "/v1/tenants", json=body)) == "legal-basis-missing"
    assert system.post("/v1/tenants", {**body, "legal_basis": "Consent", "retention_days": 30})["retention_days"] == 30


def test_a_suspended_tenant_is_closed_at_once_and_opens_again(system: Caller, tenant: Tenant) -> None:
    path = f"/v1/tenants/{tenant.tenant_id}"
    assert tenant.admin.ask("GET", "/v1/sites").status_code == 200
    assert patched(system, path, {"status": "suspended"})["status"] == "suspended"
    assert tenant.admin.ask("GET", "/v1/sites").status_code == 401
    grant = {"grant_type": "password", "tenant": tenant.slug, "email": "admin@example.com"}
    known = {**grant, "password": "correct-horse-battery"}
    assert (
        tenant.running.nobody.refused("POST", "/v1/auth/token", json=known).detail == "The credentials are not valid."
    )
    patched(system, path, {"status": "active"})
    assert tenant.admin.ask("GET", "/v1/sites").status_code == 200


def test_a_tenant_whose_deletion_was_requested_is_closed(system: Caller, tenant: Tenant) -> None:
    path = f"/v1/tenants/{tenant.tenant_id}"
    inside = switched(system, tenant)
    assert inside.ask("GET", "/v1/sites").status_code == 200
    answer = system.ask("DELETE", path)
    assert (answer.status_code, answer.json()["status"]) == (202, "deletion_requested")
    assert tenant.admin.ask("GET", "/v1/sites").status_code == 401
    assert inside.ask("GET", "/v1/sites").status_code == 401
    body = {"tenant_id": str(tenant.tenant_id), "reason": REASON}
    assert slug_of(system.refused("POST", "/v1/auth/switch", json=body)) == "not-found"
    assert log(tenant, "tenant.deletion_requested")


def test_the_platform_itself_stays(home: Tenant, system: Caller) -> None:
    path = f"/v1/tenants/{home.tenant_id}"
    found = system.refused("PATCH", path, json={"status": "suspended"}, headers={"If-Match": "*"})
    assert slug_of(found) == "conflict"
    assert slug_of(system.refused("DELETE", path)) == "conflict"


@pytest.mark.parametrize("role", ["tenant_admin", "site_manager", "worker"])
def test_nobody_else_administers_tenants(home: Tenant, role: str) -> None:
    caller = home.caller(role)  # type: ignore[arg-type]  # of the three
    assert slug_of(caller.refused("GET", "/v1/tenants")) == "forbidden"
    assert slug_of(caller.refused("POST", "/v1/tenants", json=new_tenant_body())) == "forbidden"


def test_only_a_system_administrator_makes_another(home: Tenant, system: Caller) -> None:
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": "system_admin"}
    admin = home.caller("tenant_admin")
    assert slug_of(admin.refused("POST", "/v1/users", json=body)) == "forbidden"
    made = system.post("/v1/users", body)
    path = f"/v1/users/{made['user_id']}"
    found = admin.refused("PATCH", path, json={"password": PASSWORD}, headers={"If-Match": "*"})
    assert slug_of(found) == "forbidden", "or their password would be the way in"
    assert slug_of(admin.refused("DELETE", path)) == "forbidden"


# --- switching --------------------------------------------------------------------------------------


def test_without_a_switch_nothing_of_another_tenant_is_seen(system: Caller, tenant: Tenant) -> None:
    site = tenant.site("Secret site")
    assert slug_of(system.refused("GET", f"/v1/sites/{site['site_id']}")) == "not-found"
    assert "Secret" not in str(system.get("/v1/sites", limit=500))


def test_a_switch_is_in_both_logs_with_its_reason(home: Tenant, system: Caller, tenant: Tenant) -> None:
    site = tenant.site("Secret site")
    inside = switched(system, tenant)
    assert inside.get(f"/v1/sites/{site['site_id']}")["name"] == "Secret site"
    me = system.get("/v1/auth/me")["subject"]
    entered, left = log(tenant, "tenant.entered")[0], log(home, "tenant.switched")[0]
    assert entered["actor"] == me.replace("user:", "system_admin:")
    assert left["actor"] == me
    assert entered["detail"]["reason"] == left["detail"]["reason"] == REASON
    assert left["subject_id"] == str(tenant.tenant_id)


def test_the_token_of_a_switch_names_the_administrator_and_is_short(
    home: Tenant, system: Caller, tenant: Tenant
) -> None:
    body = {"tenant_id": str(tenant.tenant_id), "reason": REASON}
    answer = TokenResponse.model_validate(system.post("/v1/auth/switch", body))
    claims = jwt.decode(answer.access_token, options={"verify_signature": False})
    assert claims["act"] == {"sub": system.get("/v1/auth/me")["subject"], "tenant_id": str(home.tenant_id)}
    assert answer.expires_in == home.running.settings.api.switch_seconds <= 3600
    assert claims["exp"] <= datetime.now(UTC).timestamp() + 3600
    assert answer.refresh_token is None
    shown = system.with_token(answer.access_token).get("/v1/auth/me")
    assert shown["acting"]["tenant_id"] == str(home.tenant_id)
    assert shown["tenant_id"] == str(tenant.tenant_id)


def test_what_is_done_inside_is_logged_as_theirs(system: Caller, tenant: Tenant) -> None:
    inside = switched(system, tenant)
    inside.post("/v1/sites", {"name": "Made inside", "timezone": "UTC"})
    assert log(tenant, "site.created")[0]["actor"].startswith("system_admin:")


def test_inside_there_are_no_tenants_and_no_second_switch(system: Caller, tenant: Tenant, other_tenant: Tenant) -> None:
    inside = switched(system, tenant)
    assert slug_of(inside.refused("GET", "/v1/tenants")) == "forbidden"
    assert slug_of(inside.refused("GET", f"/v1/tenants/{other_tenant.tenant_id}")) == "forbidden"
    body = {"tenant_id": str(other_tenant.tenant_id), "reason": REASON}
    assert slug_of(inside.refused("POST", "/v1/auth/switch", json=body)) == "forbidden"
    assert slug_of(inside.refused("POST", "/v1/users/me/password", json=own_password())) == "forbidden"


def own_password() -> Json:
    return {"current_password": PASSWORD, "new_password": PASSWORD}


def test_no_system_administrator_is_made_inside_another_tenant(system: Caller, tenant: Tenant) -> None:
    inside = switched(system, tenant)
    body = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "role": "system_admin"}
    assert slug_of(inside.refused("POST", "/v1/users", json=body)) == "invalid-input"


def test_a_switch_ends_by_itself_or_with_its_session(home: Tenant, tenant: Tenant) -> None:
    system = home.caller("system_admin")
    first, second = switched(system, tenant), switched(system, tenant)
    assert first.ask("POST", "/v1/auth/revoke").status_code == 204
    assert first.ask("GET", "/v1/sites").status_code == 401
    assert second.ask("GET", "/v1/sites").status_code == system.ask("GET", "/v1/sites").status_code == 200
    system.ask("POST", "/v1/auth/revoke")
    assert second.ask("GET", "/v1/sites").status_code == 401


@pytest.mark.parametrize("reason", ["", "two\nlines", "x" * 201])
def test_a_switch_says_why(system: Caller, quiet: Tenant, reason: str) -> None:
    body = {"tenant_id": str(quiet.tenant_id), "reason": reason}
    assert slug_of(system.refused("POST", "/v1/auth/switch", json=body)) == "invalid-request"


@pytest.mark.parametrize("role", ["tenant_admin", "site_manager", "worker"])
def test_nobody_else_switches(quiet: Tenant, other_tenant: Tenant, role: str) -> None:
    body = {"tenant_id": str(other_tenant.tenant_id), "reason": REASON}
    caller = quiet.caller(role)  # type: ignore[arg-type]  # of the three
    assert slug_of(caller.refused("POST", "/v1/auth/switch", json=body)) == "forbidden"
