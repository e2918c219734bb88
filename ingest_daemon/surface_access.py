"""Who may see the daemon's status and pictures and hand it commands: the server, by tokens that it signs, and whoever
has the host's own secret. Serving is `surface`'s."""

from __future__ import annotations

import hmac
import json
import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock
from uuid import UUID

import jwt
import urllib3
from pydantic import SecretStr

from client.errors import ApiError
from client.transport import Transport

logger = logging.getLogger(__name__)

_ALGORITHM = "RS256"
_TOKEN_TYPE = "footfall-worker+jwt"  # noqa: S105 - of what `footfall.worker_calls` issues
_KEYS_GOOD_SECONDS = 300.0
_KEYS_AGAIN_SECONDS = 10.0
"""A token with an unknown key may be of a rotated one; it must not make the worker ask for every forged token."""
_TIMEOUT_SECONDS = 5.0
_LEEWAY_SECONDS = 30
_REQUIRED = ["aud", "exp", "iat", "nbf", "sub", "tenant_id"]


class ServerKeys:
    """The server's public keys, fetched when they are needed and believed for minutes. Thread-safe."""

    def __init__(self, api_url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._transport = Transport(api_url, timeout=urllib3.Timeout(_TIMEOUT_SECONDS))
        self._clock = clock
        self._lock = Lock()
        self._keys: Mapping[str, jwt.PyJWK] = {}
        self._good_until = 0.0
        self._not_before = 0.0

    def key(self, kid: object) -> jwt.PyJWK | None:
        """None for a key that the server does not have, or cannot be asked about."""
        with self._lock:
            now = self._clock()
            known = self._keys.get(kid) if isinstance(kid, str) else None
            if (known is None or now >= self._good_until) and now >= self._not_before:
                self._not_before = now + _KEYS_AGAIN_SECONDS
                self._fetch(now)
                known = self._keys.get(kid) if isinstance(kid, str) else None
            return known

    def _fetch(self, now: float) -> None:
        try:
            answer = self._transport.send("GET", "/.well-known/jwks.json")
            found = jwt.PyJWKSet.from_dict(json.loads(answer.content)).keys
        except (ApiError, ValueError, jwt.PyJWTError) as error:
            # Those that are known go on being believed: a server that is away signs nothing new.
            logger.warning("The server's keys cannot be had: %s", type(error).__name__)
            return
        self._keys = {str(key.key_id): key for key in found}
        self._good_until = now + _KEYS_GOOD_SECONDS


class Gate:
    """`worker_id` and `tenant_id` None: a host that never registered, which no server's token can be meant for."""

    def __init__(
        self, *, secret: SecretStr | None, keys: ServerKeys | None, worker_id: UUID | None, tenant_id: UUID | None
    ) -> None:
        self._secret = secret
        self._keys = keys
        self._worker_id = worker_id
        self._tenant_id = tenant_id

    def lets_in(self, authorization: str | None) -> bool:
        """By the value of the Authorization header."""
        scheme, _, token = (authorization or "").partition(" ")
        token = token.strip()
        if scheme.lower() != "bearer" or not token:
            return False
        if self._secret is not None and hmac.compare_digest(
            token.encode("utf-8", "surrogatepass"), self._secret.get_secret_value().encode()
        ):
            return True
        return self._is_servers(token)

    def _is_servers(self, token: str) -> bool:
        if self._keys is None or self._worker_id is None:
            return False
        try:
            header = jwt.get_unverified_header(token)
            if (
                header.get("alg") != _ALGORITHM
                or header.get("typ") != _TOKEN_TYPE
                or {"jku", "jwk", "x5u"} & set(header)
            ):
                return False
            key = self._keys.key(header.get("kid"))
            if key is None:
                return False
            claims = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                audience=f"footfall-worker:{self._worker_id}",
                leeway=_LEEWAY_SECONDS,
                options={"require": _REQUIRED, "strict_aud": True},
            )
        except (jwt.PyJWTError, ValueError, RecursionError):
            return False
        return bool(claims["sub"] == "server" and claims["tenant_id"] == str(self._tenant_id))
