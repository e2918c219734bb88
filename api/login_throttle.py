"""Waits between failed sign-ins, which grow. Whether a password is right is `footfall.access`'.

Nothing here knows whether an account exists: one that does not waits like one that does. Failures from elsewhere make
an account wait for seconds at most, and not at all where it has signed in from before, so nobody can be locked out.
"""

from __future__ import annotations

import hashlib
import math
import time

from prometheus_client import Counter

from api.rate_limits import CounterStore
from footfall.errors import TooManyRequestsError
from footfall.settings_limits import LimitSettings

_FORGOTTEN_SECONDS = 3600
_KNOWN_SECONDS = 30 * 86_400
_FROM_ELSEWHERE = 4  # an account hears of several people, an address speaks for several
_FROM_ADDRESS = 10


class LoginThrottle:
    """The waits of one API process, or of all that share a Redis."""

    def __init__(self, settings: LimitSettings, store: CounterStore, *, refused: Counter) -> None:
        self._free = settings.login_free_failures
        self._longest_seconds = settings.login_longest_wait_seconds
        self._elsewhere_seconds = settings.login_account_wait_seconds
        self._store = store
        self._refused = refused

    async def admit(self, account: str, address: str) -> None:
        """Raises TooManyRequestsError while this account, from this address, has to wait. `account`: as it was sent,
        whether or not there is one."""
        waits = [await self._wait("pair", account, address)]
        if not await self._count("known", account, address):
            waits += [await self._wait("account", account), await self._wait("address", address)]
        seconds = max(waits)
        if seconds > 0:
            self._refused.labels("failures").inc()
            raise TooManyRequestsError(
                "Too many sign-ins have failed.",
                retry_after_seconds=math.ceil(seconds),
                hint="Wait as Retry-After says; an attempt before that is not looked at.",
            )

    async def failed(self, account: str, address: str) -> None:
        """The sign-in was refused."""
        await self._fail("pair", self._free, self._longest_seconds, account, address)
        await self._fail("account", self._free * _FROM_ELSEWHERE, self._elsewhere_seconds, account)
        await self._fail("address", self._free * _FROM_ADDRESS, self._elsewhere_seconds, address)

    async def succeeded(self, account: str, address: str) -> None:
        """The account is at home at this address, and its failures there are forgotten."""
        failures, known = _key("failures", "pair", account, address), _key("known", account, address)
        await self._store.ask(lambda: self._store.storage.clear(failures), None)
        await self._store.ask(lambda: self._store.storage.incr(known, _KNOWN_SECONDS), 0)

    async def _fail(self, kind: str, free: int, longest_seconds: int, *who: str) -> None:
        failures, block = _key("failures", kind, *who), _key("block", kind, *who)
        count = await self._store.ask(lambda: self._store.storage.incr(failures, _FORGOTTEN_SECONDS), 0)
        if count > free:
            seconds = min(2 ** min(count - free, 20), longest_seconds)
            # A block that is there keeps its end: of attempts that came at once the last one's wait counts.
            await self._store.ask(lambda: self._store.storage.clear(block), None)
            await self._store.ask(lambda: self._store.storage.incr(block, seconds), 0)

    async def _wait(self, kind: str, *who: str) -> float:
        """Seconds until the block ends; 0 without one."""
        if not await self._count("block", kind, *who):
            return 0.0
        block = _key("block", kind, *who)
        return max(0.0, await self._store.ask(lambda: self._store.storage.get_expiry(block), 0.0) - time.time())

    async def _count(self, *parts: str) -> int:
        key = _key(*parts)
        return await self._store.ask(lambda: self._store.storage.get(key), 0)


def account_key(tenant: str, email: str) -> str:
    """One account, however its name is written."""
    return f"{tenant.strip().lower()}\n{email.strip().lower()}"


def _key(*parts: str) -> str:
    # Hashed: the store, which others may read, learns no e-mail address.
    said = "\n".join(parts).encode("utf-8", "surrogatepass")
    return f"login/{parts[0]}/{hashlib.sha256(said).hexdigest()}"
