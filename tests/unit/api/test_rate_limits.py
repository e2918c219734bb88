"""Limits and waits: what is counted together and what apart, growing waits, and a store that is away. In memory, and
in a real Redis where there is one on this machine."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Awaitable, Callable, Iterator

import anyio
import pytest
from prometheus_client import CollectorRegistry, Counter
from pydantic import SecretStr, ValidationError

from api.auth import ACCESS
from api.login_throttle import LoginThrottle, account_key
from api.rate_limits import RATE_KEY, CounterStore, Rate, RateLimits, class_of
from footfall.errors import TooManyRequestsError
from footfall.settings_limits import LimitSettings

HOME, ELSEWHERE = "203.0.113.9", "198.51.100.1"
ADA = account_key("acme", "ada@acme.example")


class Parts:
    def __init__(self, **settings: object) -> None:
        registry = CollectorRegistry()
        self.refused = Counter("refused_total", "Refused.", ["limit"], registry=registry)
        self.away = Counter("away_total", "Away.", registry=registry)
        chosen = LimitSettings.model_validate(settings)
        self.store = CounterStore(chosen, failures=self.away)
        self.limits = RateLimits(chosen, self.store, refused=self.refused)
        self.throttle = LoginThrottle(chosen, self.store, refused=self.refused)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    binary = shutil.which("redis-server")
    if binary is None:
        pytest.skip("there is no redis-server on this machine")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    folder = tmp_path_factory.mktemp("redis")
    with (folder / "log").open("w") as log, subprocess.Popen([binary, *options], cwd=folder, stdout=log) as server:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.02)
        yield f"redis://127.0.0.1:{port}"
        server.terminate()


@pytest.fixture(params=["memory", "redis"])
def where(request: pytest.FixtureRequest) -> dict[str, object]:
    return {} if request.param == "memory" else {"storage": request.getfixturevalue("redis_url")}


def run(parts: Parts, scenario: Callable[[], Awaitable[None]]) -> None:
    async def whole() -> None:
        try:
            await scenario()
        finally:
            await parts.store.close()

    anyio.run(whole)


def test_a_caller_is_refused_over_the_limit_and_others_are_not(where: dict[str, object]) -> None:
    parts = Parts(**where, write_per_minute=3)

    async def scenario() -> None:
        scope: dict[str, object] = {}
        for remaining in (2, 1, 0):
            await parts.limits.take(scope, "write", f"ada-{id(parts)}")
            assert isinstance(rate := scope[RATE_KEY], Rate)
            assert rate.remaining == remaining
            assert rate.headers()["RateLimit-Policy"] == '"write";q=3;w=60'
        with pytest.raises(TooManyRequestsError) as refused:
            await parts.limits.take(scope, "write", f"ada-{id(parts)}")
        assert 1 <= refused.value.retry_after_seconds <= 60
        await parts.limits.take(scope, "read", f"ada-{id(parts)}")
        await parts.limits.take(scope, "write", f"eve-{id(parts)}")

    run(parts, scenario)
    assert parts.refused.labels("write")._value.get() == 1
    assert parts.away._value.get() == 0


async def waits(parts: Parts, account: str, address: str) -> int:
    try:
        await parts.throttle.admit(account, address)
    except TooManyRequestsError as refused:
        return refused.retry_after_seconds
    return 0


async def fail(parts: Parts, times: int, account: str, address: str) -> None:
    for _ in range(times):
        await parts.throttle.failed(account, address)


def test_waits_grow_with_the_failures_up_to_the_longest(where: dict[str, object]) -> None:
    parts = Parts(**where, login_free_failures=3, login_longest_wait_seconds=6)
    account = f"{ADA}-{id(parts)}"

    async def scenario() -> None:
        await fail(parts, 3, account, HOME)
        assert await waits(parts, account, HOME) == 0
        await fail(parts, 1, account, HOME)
        first = await waits(parts, account, HOME)
        assert first in {1, 2}
        await parts.store.storage.reset()
        await fail(parts, 12, account, HOME)
        assert await waits(parts, account, HOME) <= 6

    run(parts, scenario)


def test_growth_is_by_doubling() -> None:
    parts = Parts(login_free_failures=1, login_longest_wait_seconds=3600)
    seen: list[int] = []

    async def scenario() -> None:
        for failures in (2, 3, 5, 8):
            await parts.store.storage.reset()
            await fail(parts, failures, ADA, HOME)
            seen.append(await waits(parts, ADA, HOME))

    run(parts, scenario)
    assert seen == [2, 4, 16, 128]


def test_an_attacker_elsewhere_makes_nobody_wait_who_signed_in_from_home_before() -> None:
    parts = Parts(login_free_failures=2, login_account_wait_seconds=20)

    async def scenario() -> None:
        await parts.throttle.succeeded(ADA, HOME)
        await fail(parts, 40, ADA, ELSEWHERE)
        assert await waits(parts, ADA, ELSEWHERE) > 20
        assert await waits(parts, ADA, HOME) == 0

    run(parts, scenario)


def test_at_a_new_address_the_wait_is_short_however_many_have_failed_elsewhere() -> None:
    parts = Parts(login_free_failures=2, login_account_wait_seconds=20)

    async def scenario() -> None:
        await fail(parts, 200, ADA, ELSEWHERE)
        assert 0 < await waits(parts, ADA, HOME) <= 20
        assert await waits(parts, account_key("acme", "eve@acme.example"), HOME) == 0, "another account of the tenant"

    run(parts, scenario)


def test_a_sign_in_that_works_forgets_the_failures_before() -> None:
    parts = Parts(login_free_failures=3)

    async def scenario() -> None:
        await fail(parts, 3, ADA, HOME)
        await parts.throttle.succeeded(ADA, HOME)
        await fail(parts, 3, ADA, HOME)
        assert await waits(parts, ADA, HOME) == 0

    run(parts, scenario)


def test_an_account_is_one_however_it_is_written() -> None:
    assert account_key(" ACME", "Ada@Acme.example ") == ADA
    assert account_key("acm", "eada@acme.example") != ADA


def test_a_store_that_is_away_refuses_nobody_and_is_counted() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    parts = Parts(storage=f"redis://127.0.0.1:{port}", write_per_minute=1, login_free_failures=1)

    async def scenario() -> None:
        scope: dict[str, object] = {}
        for _ in range(5):
            await parts.limits.take(scope, "write", "ada")
        await fail(parts, 10, ADA, HOME)
        assert await waits(parts, ADA, HOME) == 0
        assert RATE_KEY not in scope, "nobody knows what is left"

    run(parts, scenario)
    assert parts.away._value.get() >= 10


def test_the_stores_password_does_not_show() -> None:
    assert "hush" not in repr(LimitSettings(storage=SecretStr("redis://footfall:hush@127.0.0.1:6379")))


@pytest.mark.parametrize("wrong", [{"storage": "memcached://x"}, {"trusted_proxies": "10.0.0.0/8, everybody"}])
def test_what_cannot_be_used_is_refused_at_once(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        LimitSettings.model_validate(wrong)


def test_every_route_counts_under_a_limit_of_its_kind() -> None:
    kinds = {route: class_of(*route) for route in ACCESS}
    assert kinds[("POST", "/v1/auth/token")] == "login"
    assert kinds[("POST", "/v1/events/face")] == "event"
    assert kinds[("POST", "/v1/staff/{staff_id}/faces")] == "upload"
    assert kinds[("PATCH", "/v1/users/{user_id}")] == kinds[("DELETE", "/v1/users/{user_id}")] == "write"
    assert {kind for (method, _), kind in kinds.items() if method == "GET"} == {"read"}
