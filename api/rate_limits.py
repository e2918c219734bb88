"""How often one caller or one address may ask. The library `limits` counts; failed sign-ins are `login_throttle`'s."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.storage.redis.redispy import RedispyBridge
from limits.aio.strategies import SlidingWindowCounterRateLimiter
from limits.errors import StorageError
from prometheus_client import Counter
from redis.asyncio import Redis
from starlette.types import Scope

from footfall.errors import TooManyRequestsError
from footfall.settings_limits import LimitSettings

logger = logging.getLogger(__name__)

Class = Literal["address", "login", "read", "write", "event", "upload"]
Result = TypeVar("Result")

RATE_KEY = "footfall.rate"
"""Where the ASGI scope holds the state that the answer's headers tell of."""
_REDIS_SECONDS = 0.25  # a limit that is asked for longer costs more than it saves
_LEFT_ALONE_SECONDS = 5.0
_UPLOADS = frozenset(
    {
        "/v1/staff/{staff_id}/faces",
        "/v1/staff/{staff_id}/enrolments",
        "/v1/staff/{staff_id}/recognition-test",
        "/v1/recognition-test",
        "/v1/opt-outs",
    }
)


@dataclass(frozen=True, slots=True)
class Rate:
    """What is left of one limit, for `RateLimit` headers (draft-ietf-httpapi-ratelimit-headers-10)."""

    name: Class
    per_minute: int
    remaining: int
    reset_seconds: int

    def headers(self) -> Mapping[str, str]:
        return {
            "RateLimit-Policy": f'"{self.name}";q={self.per_minute};w=60',
            "RateLimit": f'"{self.name}";r={self.remaining};t={self.reset_seconds}',
        }


class CounterStore:
    """Counters in memory or in Redis. While Redis is away nothing is counted and nobody refused: the API must not
    depend on it. That is counted instead, and Redis left alone for seconds."""

    def __init__(
        self, settings: LimitSettings, *, failures: Counter, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.storage = (
            MemoryStorage(wrap_exceptions=True)
            if settings.storage is None
            else RedisStorage(
                f"async+{settings.storage.get_secret_value()}",
                wrap_exceptions=True,
                implementation="redispy",
                key_prefix="footfall",
                socket_timeout=_REDIS_SECONDS,
                socket_connect_timeout=_REDIS_SECONDS,
            )
        )
        self._failures = failures
        self._clock = clock
        self._left_alone_until = -math.inf

    async def close(self) -> None:
        bridge = self.storage.bridge if isinstance(self.storage, RedisStorage) else None
        client: object = bridge.get_connection() if isinstance(bridge, RedispyBridge) else None
        if isinstance(client, Redis):
            await client.aclose()

    async def ask(self, call: Callable[[], Awaitable[Result]], otherwise: Result) -> Result:
        """The call's result, or `otherwise` while the store is away."""
        if self._clock() < self._left_alone_until:
            self._failures.inc()
            return otherwise
        try:
            return await call()
        except StorageError as error:
            self._failures.inc()
            self._left_alone_until = self._clock() + _LEFT_ALONE_SECONDS
            logger.warning("rate limits are not held: %s", type(error.storage_error).__name__)
            return otherwise


class RateLimits:
    """The limits of one API process. Belongs to its event loop."""

    def __init__(self, settings: LimitSettings, store: CounterStore, *, refused: Counter) -> None:
        self._store = store
        self._limiter = SlidingWindowCounterRateLimiter(store.storage)
        self._refused = refused
        self._items: Mapping[Class, RateLimitItemPerMinute] = MappingProxyType(
            {
                "address": RateLimitItemPerMinute(settings.address_per_minute, namespace="rate"),
                "login": RateLimitItemPerMinute(settings.login_per_minute, namespace="rate"),
                "read": RateLimitItemPerMinute(settings.read_per_minute, namespace="rate"),
                "write": RateLimitItemPerMinute(settings.write_per_minute, namespace="rate"),
                "event": RateLimitItemPerMinute(settings.event_per_minute, namespace="rate"),
                "upload": RateLimitItemPerMinute(settings.upload_per_minute, namespace="rate"),
            }
        )

    async def take(self, scope: Scope, kind: Class, who: str) -> None:
        """Counts a request of `who`, and notes for the answer what is left. Raises TooManyRequestsError."""
        item = self._items[kind]
        admitted = await self._store.ask(lambda: self._limiter.hit(item, kind, who), True)
        reset_at, left = await self._store.ask(lambda: self._limiter.get_window_stats(item, kind, who), (0.0, -1))
        if left < 0:
            return  # nobody knows
        seconds = max(1, math.ceil(reset_at - time.time()))
        remaining = left if admitted else 0
        scope[RATE_KEY] = Rate(name=kind, per_minute=item.amount, remaining=remaining, reset_seconds=seconds)
        if not admitted:
            self._refused.labels(kind).inc()
            raise TooManyRequestsError(
                f"More than {item.amount} requests of the kind `{kind}` in a minute.",
                retry_after_seconds=seconds,
                hint="Wait as Retry-After says; RateLimit tells how many are left.",
            )


def class_of(method: str, path: str) -> Class:
    """The limit that a route counts under. `path`: its template."""
    if method in {"GET", "HEAD"}:
        return "read"
    if path == "/v1/auth/token":
        return "login"
    if path.startswith("/v1/events/"):
        return "event"
    return "upload" if path in _UPLOADS else "write"
