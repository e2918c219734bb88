"""Ways to prove who the caller is, and the access token they are exchanged for. No HTTP here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from contracts.access import TokenResponse

_LONGEST_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Password:
    """A person's sign-in."""

    tenant: str
    email: str
    secret: str = field(repr=False)

    def grant(self) -> Mapping[str, str]:
        return {"grant_type": "password", "tenant": self.tenant, "email": self.email, "password": self.secret}


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A machine's sign-in."""

    secret: str = field(repr=False)

    def grant(self) -> Mapping[str, str]:
        return {"grant_type": "api_key", "api_key": self.secret}


Credentials = Password | ApiKey


@dataclass(frozen=True, slots=True)
class _Held:
    answer: TokenResponse = field(repr=False)
    renew_at: float


class TokenKeeper:
    """Holds one access token and renews it shortly before it expires. Thread-safe: of many threads that need a new
    token one fetches it and the others wait for that one."""

    def __init__(
        self,
        fetch: Callable[[Mapping[str, str]], TokenResponse],
        credentials: Credentials,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._fetch = fetch
        self._credentials = credentials
        self._clock = clock
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def current(self) -> TokenResponse:
        """A token with life left in it. Raises what `fetch` raises."""
        with self._lock:
            if self._held is None or self._clock() >= self._held.renew_at:
                self._held = self._renewed()
            return self._held.answer

    def discard(self, access_token: str) -> None:
        """Forgets a token that the server refused, unless another thread has replaced it already."""
        with self._lock:
            if self._held is not None and self._held.answer.access_token == access_token:
                self._held = None

    def _renewed(self) -> _Held:
        asked_at = self._clock()
        answer = self._fetch(self._credentials.grant())
        margin_seconds = min(_LONGEST_MARGIN_SECONDS, answer.expires_in * _MARGIN_SHARE)
        return _Held(answer, asked_at + answer.expires_in - margin_seconds)
