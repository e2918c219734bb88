"""Limits on the running API: what the answers say, who is counted with whom, and sign-ins that fail again and again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.main import create_app
from footfall.signing_keys import SigningKeys
from tests.callers import token_of
from tests.integration.api.conftest import Tenant
from tests.integration.api.harness import Caller, Documented, serving, slug_of
from tests.servers import ADMIN_PASSWORD


@contextmanager
def limited(tenant: Tenant, home: Path, **limits: Any) -> Iterator[Caller]:
    """An API of its own with those limits; the caller is an administrator of the tenant."""
    settings = tenant.running.settings
    chosen = settings.model_copy(update={"home": home, "limits": settings.limits.model_copy(update=limits)})
    app = create_app(chosen)
    with serving(app) as url, httpx.Client(base_url=url, timeout=30) as http:
        keys = SigningKeys.load_or_create(chosen.keys_path)
        token = token_of(tenant.running.engine, chosen, keys, tenant.tenant_id, "tenant_admin")
        yield Caller(http, Documented(app.openapi()), token)


def test_a_caller_over_the_limit_is_told_how_long_to_wait(tenant: Tenant, tmp_path: Path) -> None:
    with limited(tenant, tmp_path, write_per_minute=2, trusted_proxies="127.0.0.1") as caller:
        for remaining in (1, 0):
            answer = caller.ask("POST", "/v1/sites", json={"name": f"Site {remaining}", "timezone": "UTC"})
            assert answer.status_code == 201
            assert answer.headers["ratelimit-policy"] == '"write";q=2;w=60'
            assert answer.headers["ratelimit"].startswith(f'"write";r={remaining};t=')
        refused = caller.ask("POST", "/v1/sites", json={"name": "One too many", "timezone": "UTC"})
        assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (429, "too-many-requests")
        assert 1 <= int(refused.headers["retry-after"]) <= 60
        assert refused.headers["ratelimit"].startswith('"write";r=0;')
        assert caller.ask("GET", "/v1/sites").status_code == 200, "reads are counted apart"
        metrics = caller.http.get("/metrics").text
        assert 'footfall_rate_limited_total{limit="write"} 1.0' in metrics


def test_addresses_are_counted_apart_and_only_a_trusted_proxy_names_them(tenant: Tenant, tmp_path: Path) -> None:
    def ask(caller: Caller, forwarded: str) -> int:
        return caller.ask("GET", "/v1/sites", headers={"X-Forwarded-For": forwarded}).status_code

    with limited(tenant, tmp_path / "behind", address_per_minute=1, trusted_proxies="127.0.0.1") as caller:
        assert [ask(caller, "203.0.113.1"), ask(caller, "203.0.113.1"), ask(caller, "203.0.113.2")] == [200, 429, 200]
    with limited(tenant, tmp_path / "open", address_per_minute=1) as caller:
        assert [ask(caller, "203.0.113.1"), ask(caller, "203.0.113.2")] == [200, 429]
        assert caller.http.get("/healthz").status_code == 200, "which is never limited"


def grant(tenant: Tenant, email: str, password: str) -> dict[str, str]:
    return {"grant_type": "password", "tenant": tenant.slug, "email": email, "password": password}


@pytest.mark.parametrize("email", ["admin@example.com", "nobody@example.com"])
def test_failed_sign_ins_wait_alike_whether_or_not_there_is_an_account(
    tenant: Tenant, tmp_path: Path, email: str
) -> None:
    with limited(tenant, tmp_path, login_free_failures=2) as caller:
        nobody = caller.with_token(None)
        told = [
            nobody.ask("POST", "/v1/auth/token", json=grant(tenant, email, "wrong-horse-battery")) for _ in range(4)
        ]
    assert [answer.status_code for answer in told] == [401, 401, 401, 429]
    assert told[3].json()["type"].rpartition(":")[2] == "too-many-requests"
    assert told[3].headers["retry-after"] in {"1", "2"}
    assert {answer.json()["detail"] for answer in told[:3]} == {"The credentials are not valid."}


def test_an_attacker_does_not_lock_out_who_signs_in_from_elsewhere(tenant: Tenant, tmp_path: Path) -> None:
    def sign_in(caller: Caller, address: str, password: str) -> int:
        body = grant(tenant, "admin@example.com", password)
        asked = caller.ask("POST", "/v1/auth/token", json=body, headers={"X-Forwarded-For": address})
        return asked.status_code

    with limited(tenant, tmp_path, login_free_failures=1, trusted_proxies="127.0.0.1") as caller:
        nobody = caller.with_token(None)
        assert sign_in(nobody, "203.0.113.1", ADMIN_PASSWORD) == 200
        for attacker in range(8):
            assert sign_in(nobody, f"198.51.100.{attacker}", "wrong-horse-battery") in {401, 429}
        assert sign_in(nobody, "198.51.100.99", ADMIN_PASSWORD) == 429, "a new address waits, for seconds"
        assert sign_in(nobody, "203.0.113.1", ADMIN_PASSWORD) == 200


def test_a_store_that_is_away_stops_nobody_and_is_counted(tenant: Tenant, tmp_path: Path) -> None:
    with limited(tenant, tmp_path, storage=SecretStr("redis://127.0.0.1:1"), read_per_minute=1) as caller:
        for _ in range(3):
            answer = caller.ask("GET", "/v1/sites")
            assert answer.status_code == 200
            assert "ratelimit" not in answer.headers
        [line] = [
            line
            for line in caller.http.get("/metrics").text.splitlines()
            if line.startswith("footfall_rate_limit_store_failures_total ")
        ]
        assert float(line.split()[1]) >= 3


def test_a_limit_has_a_problem_of_its_own(tenant: Tenant, tmp_path: Path) -> None:
    with limited(tenant, tmp_path, login_per_minute=1) as caller:
        nobody = caller.with_token(None)
        body = grant(tenant, "admin@example.com", "wrong-horse-battery")
        assert slug_of(nobody.refused("POST", "/v1/auth/token", json=body)) == "unauthenticated"
        found = nobody.refused("POST", "/v1/auth/token", json=body)
        assert (found.status, slug_of(found)) == (429, "too-many-requests")
