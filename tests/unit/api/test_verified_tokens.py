"""A token's signature is checked once in a while, and never believed for longer than the token lives."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest

from api.verified_tokens import REMEMBERED_SECONDS, VerifiedTokens
from contracts.base import TenantId
from footfall import tokens
from footfall.access import Principal
from footfall.errors import UnauthenticatedError
from footfall.settings import Settings
from footfall.signing_keys import KeyWatch, SigningKeys


class Checks:
    """Counts how often a signature was really checked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        really = tokens.verify_until

        def counted(*args: object) -> tuple[Principal, float]:
            self.count += 1
            return really(*args)  # type: ignore[arg-type]  # what it was called with

        monkeypatch.setattr(tokens, "verify_until", counted)


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> Checks:
    return Checks(monkeypatch)


@pytest.fixture
def keys(tmp_path: Path) -> KeyWatch:
    return KeyWatch(tmp_path)


def token_of(keys: KeyWatch, settings: Settings) -> tuple[str, Principal]:
    principal = Principal(
        tenant_id=TenantId(uuid4()), subject=f"user:{uuid4()}", role="tenant_admin", session_id=uuid4()
    )
    return tokens.issue(principal, keys.current(), settings)[0], principal


def test_the_same_token_is_checked_once_in_a_while(keys: KeyWatch, checks: Checks) -> None:
    now = time.time()
    clock = iter([now, now + REMEMBERED_SECONDS - 0.1, now + REMEMBERED_SECONDS + 0.1])
    verified = VerifiedTokens(keys, Settings(), clock=lambda: next(clock))
    token, principal = token_of(keys, Settings())

    assert [verified.principal(token) for _ in range(3)] == [principal] * 3
    assert checks.count == 2


def test_a_token_is_not_believed_past_its_end(keys: KeyWatch, checks: Checks) -> None:
    settings = Settings()
    token, _ = token_of(keys, settings)
    ends = time.time() + settings.api.token_seconds
    clock = iter([ends - 1, ends + 0.5])
    verified = VerifiedTokens(keys, settings, clock=lambda: next(clock))

    verified.principal(token)
    verified.principal(token)

    assert checks.count == 2


def test_other_keys_mean_another_check(keys: KeyWatch, checks: Checks, tmp_path: Path) -> None:
    verified = VerifiedTokens(keys, Settings())
    token, principal = token_of(keys, Settings())
    verified.principal(token)

    SigningKeys.rotate(tmp_path)

    assert verified.principal(token) == principal
    assert checks.count == 2


def test_a_refused_token_is_refused_every_time_and_passes_for_no_other(keys: KeyWatch) -> None:
    verified = VerifiedTokens(keys, Settings())
    token, _ = token_of(keys, Settings())
    verified.principal(token)
    for bad in (token[:-4] + "AAAA", token + "=", "", "a.b.c", token.replace(".", "\udc80", 1)):
        for _ in range(2):
            with pytest.raises(UnauthenticatedError):
                verified.principal(bad)
