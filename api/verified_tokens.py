"""Access tokens whose signature was checked a moment ago: the same token comes with every request of a caller. What
makes a token good is `footfall.tokens`'."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

from footfall import tokens
from footfall.access import Principal
from footfall.settings import Settings
from footfall.signing_keys import KeyWatch, SigningKeys

REMEMBERED_SECONDS = 5.0
_MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class _Checked:
    principal: Principal
    keys: SigningKeys
    until: float


class VerifiedTokens:
    """Belongs to one event loop. A token is believed no longer than REMEMBERED_SECONDS, than it lives, and than the
    keys are those that it was checked with; of a refused one nothing is remembered. Whether its session goes on is
    asked elsewhere, at every request."""

    def __init__(self, keys: KeyWatch, settings: Settings, *, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._settings = settings
        self._clock = clock
        self._checked: dict[bytes, _Checked] = {}

    def principal(self, token: str) -> Principal:
        """Raises UnauthenticatedError as `tokens.verify` does."""
        keys, now = self._keys.current(), self._clock()
        # Not the token itself: what lies in memory for seconds should be of no use to who reads it.
        name = sha256(token.encode("utf-8", "surrogateescape")).digest()
        known = self._checked.get(name)
        if known is not None and known.keys is keys and now < known.until:
            return known.principal
        principal, expires_at = tokens.verify_until(token, keys, self._settings)
        if len(self._checked) >= _MOST_REMEMBERED:
            self._checked.clear()
        self._checked[name] = _Checked(principal, keys, min(now + REMEMBERED_SECONDS, expires_at))
        return principal
