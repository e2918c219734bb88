"""Ways to prove who the caller is, and the access token they are exchanged for. No HTTP here."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from client.errors import ApiProblem
from contracts.access import TokenResponse
from contracts.problems import Problem

_LONGEST_MARGIN_SECONDS = 60.0
_MARGIN_SHARE = 0.1
_ENDED = Problem(
    type="urn:footfall:problem:unauthenticated",
    title="Who you are could not be established",
    status=HTTPStatus.UNAUTHORIZED,
    detail="The session has ended.",
    hint="Sign in again.",
)


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
    """Holds one access token and renews it shortly before it expires: by the refresh token that came with it, where
    one did, and else by the credentials. Thread-safe: of many threads that need a new token one fetches it and the
    others wait for that one."""

    def __init__(
        self,
        fetch: Callable[[Mapping[str, str]], TokenResponse],
        credentials: Credentials,
        *,
        keeps_credentials: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`keeps_credentials` False: forgets them once there is a refresh token, and with that token's end the caller
        has to sign in anew."""
        self._fetch = fetch
        self._credentials: Credentials | None = credentials
        self._keeps_credentials = keeps_credentials
        self._refresh_token: str | None = None
        self._clock = clock
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def current(self) -> TokenResponse:
        """A token with life left in it. Raises what `fetch` raises, and ApiProblem with the status 401 when the
        credentials are forgotten and no refresh token is left."""
        with self._lock:
            if self._held is None or self._clock() >= self._held.renew_at:
                self._held = self._renewed()
            return self._held.answer

    def discard(self, access_token: str) -> None:
        """Forgets a token that the server refused, unless another thread has replaced it already."""
        with self._lock:
            if self._held is not None and self._held.answer.access_token == access_token:
                self._held = None

    @property
    def holds(self) -> TokenResponse | None:
        """The token that is held, whatever life is left in it."""
        held = self._held
        return None if held is None else held.answer

    def _renewed(self) -> _Held:
        asked_at = self._clock()
        answer = self._refreshed()
        if answer is None:
            if self._credentials is None:
                raise ApiProblem(_ENDED)
            answer = self._fetch(self._credentials.grant())
        self._refresh_token = answer.refresh_token
        if self._refresh_token is not None and not self._keeps_credentials:
            self._credentials = None
        margin_seconds = min(_LONGEST_MARGIN_SECONDS, answer.expires_in * _MARGIN_SHARE)
        return _Held(answer, asked_at + answer.expires_in - margin_seconds)

    def _refreshed(self) -> TokenResponse | None:
        """By the refresh token, which is given up with the attempt: it is good for one, and whether a lost answer used
        it nobody knows. None without one, or when the server no longer takes it."""
        refresh_token, self._refresh_token = self._refresh_token, None
        if refresh_token is None:
            return None
        try:
            return self._fetch({"grant_type": "refresh_token", "refresh_token": refresh_token})
        except ApiProblem as error:
            if error.problem.status == HTTPStatus.UNAUTHORIZED:
                return None
            self._refresh_token = refresh_token  # refused unlooked at, as by a server that is busy
            raise
