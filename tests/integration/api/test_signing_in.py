"""Signing in with a password or a key, and what a token that is not good enough is answered with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import jwt
import pytest

from contracts.base import CameraId
from footfall import access, tokens
from footfall.tokens import SigningKeys
from tests.integration.api.conftest import Running, Tenant
from tests.integration.api.harness import slug_of
from tests.servers import ADMIN_PASSWORD


def password_grant(tenant: Tenant, /, **changed: str) -> dict[str, str]:
    grant = {"tenant": tenant.slug, "email": "admin@example.com", "password": ADMIN_PASSWORD}
    return {"grant_type": "password", **grant, **changed}


def test_a_password_gives_a_token_that_works(quiet: Tenant) -> None:
    answer = quiet.running.nobody.post("/v1/auth/token", password_grant(quiet))
    assert (answer["tenant_id"], answer["role"]) == (str(quiet.tenant_id), "tenant_admin")
    assert answer["expires_in"] == quiet.running.settings.api.token_seconds
    signed_in = quiet.running.nobody.with_token(answer["access_token"])
    assert signed_in.get("/v1/staff") == quiet.admin.get("/v1/staff")


def test_an_api_key_gives_a_token_of_its_role(tenant: Tenant) -> None:
    camera = tenant.camera(tenant.site()["site_id"])
    key = access.create_api_key(
        tenant.running.engine,
        tenant.tenant_id,
        name="door",
        role="worker",
        camera_ids=[CameraId(UUID(camera["camera_id"]))],
    )
    answer = tenant.running.nobody.post("/v1/auth/token", {"grant_type": "api_key", "api_key": key})
    worker = tenant.running.nobody.with_token(answer["access_token"])
    assert answer["role"] == "worker"
    assert [item["camera_id"] for item in worker.get("/v1/cameras")["items"]] == [camera["camera_id"]]


def test_the_public_key_verifies_the_token(quiet: Tenant, running: Running) -> None:
    [key] = running.nobody.get("/.well-known/jwks.json")["keys"]
    token = running.nobody.post("/v1/auth/token", password_grant(quiet))["access_token"]
    claims = jwt.decode(token, jwt.PyJWK(key), algorithms=["RS256"], audience=running.settings.api.audience)
    assert claims["tenant_id"] == str(quiet.tenant_id)
    assert not {"d", "p", "q"} & key.keys()


@pytest.mark.parametrize(
    "changed", [{"password": "wrong-horse-battery"}, {"email": "eve@example.com"}, {"tenant": "nobody-here"}]
)
def test_wrong_credentials_are_refused_alike(quiet: Tenant, changed: dict[str, str]) -> None:
    found = quiet.running.nobody.refused("POST", "/v1/auth/token", json=password_grant(quiet, **changed))
    assert (found.status, slug_of(found)) == (401, "unauthenticated")
    assert found.detail == "The credentials are not valid."


@pytest.mark.parametrize("key", ["ffk_" + "0" * 32 + "_" + "0" * 32 + "_" + "0" * 64, "x" * 40])
def test_a_wrong_key_is_refused(running: Running, key: str) -> None:
    found = running.nobody.refused("POST", "/v1/auth/token", json={"grant_type": "api_key", "api_key": key})
    assert (found.status, slug_of(found)) == (401, "unauthenticated")
    assert key not in found.model_dump_json()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, ""),
        ({"grant_type": "magic"}, ""),
        ({"grant_type": "password", "tenant": "acme", "email": "a@b.c"}, "/password"),
        ({"grant_type": "password", "tenant": "UPPER CASE", "email": "a@b.c", "password": "hunter2"}, "/tenant"),
        ({"grant_type": "api_key", "api_key": "short"}, "/api_key"),
    ],
)
def test_a_grant_that_does_not_fit_is_explained_without_its_secrets(
    running: Running, body: dict[str, str], field: str
) -> None:
    found = running.nobody.refused("POST", "/v1/auth/token", json=body)
    assert (found.status, slug_of(found)) == (422, "invalid-request")
    assert [item.field for item in found.errors] == [field]
    assert "hunter2" not in found.model_dump_json()


def principal(tenant: Tenant) -> access.Principal:
    return access.Principal(
        tenant_id=tenant.tenant_id, subject=f"user:{uuid4()}", role="tenant_admin", session_id=uuid4()
    )


def test_an_expired_token_is_refused(quiet: Tenant) -> None:
    long_ago = datetime.now(UTC) - timedelta(hours=1)
    token, _ = tokens.issue(principal(quiet), quiet.running.keys, quiet.running.settings, now=long_ago)
    found = quiet.running.nobody.with_token(token).refused("GET", "/v1/sites")
    assert (found.status, slug_of(found)) == (401, "unauthenticated")


def test_a_token_of_another_key_is_refused(quiet: Tenant, tmp_path: Path) -> None:
    forged, _ = tokens.issue(principal(quiet), SigningKeys.load_or_create(tmp_path / "keys"), quiet.running.settings)
    assert quiet.running.nobody.with_token(forged).refused("GET", "/v1/sites").status == 401


@pytest.mark.parametrize("header", ["", "Bearer", "Basic YTpi", "Bearer not.a.token", "Token abc", "Bearer é"])
def test_no_token_worth_the_name_is_refused_with_how_to_get_one(running: Running, header: str) -> None:
    answer = running.nobody.ask("GET", "/v1/sites", headers={"Authorization": header.encode("latin-1")})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "/v1/auth/token" in answer.json()["hint"]


def test_no_header_at_all_is_refused(running: Running) -> None:
    assert running.nobody.refused("GET", "/v1/sites").status == 401


def test_an_answer_about_signing_in_is_never_cached(quiet: Tenant) -> None:
    answer = quiet.running.nobody.ask("POST", "/v1/auth/token", json=password_grant(quiet))
    assert answer.headers["cache-control"] == "no-store"
