"""Rotating keys: the new one signs, those before it verify as long as they must and no longer, and are noticed."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives import serialization
from typer.testing import CliRunner

from cli.main import app as cli
from contracts.base import TenantId
from footfall.access import Principal
from footfall.errors import ConfigurationError, UnauthenticatedError
from footfall.settings import load_settings
from footfall.signing_keys import KeyWatch, SigningKeys
from footfall.tokens import issue, jwks, verifiable_seconds, verify

PRINCIPAL = Principal(
    tenant_id=TenantId(UUID(int=1)), subject=f"user:{UUID(int=2)}", role="tenant_admin", session_id=UUID(int=3)
)
SETTINGS = load_settings(api={"token_seconds": 900, "switch_seconds": 600})


def rotate(folder: Path, *, ago: timedelta = timedelta()) -> SigningKeys:
    return SigningKeys.rotate(folder, now=datetime.now(UTC) - ago)


def listed(keys: SigningKeys) -> list[str]:
    return [key["kid"] for key in jwks(keys, SETTINGS)["keys"]]


def test_after_a_rotation_the_new_key_signs_and_both_verify(tmp_path: Path) -> None:
    old = SigningKeys.load_or_create(tmp_path)
    before, _ = issue(PRINCIPAL, old, SETTINGS)
    new = rotate(tmp_path)
    after, _ = issue(PRINCIPAL, new, SETTINGS)
    assert new.kid != old.kid
    assert listed(new) == [new.kid, old.kid]
    assert verify(before, new, SETTINGS) == verify(after, new, SETTINGS) == PRINCIPAL
    with pytest.raises(UnauthenticatedError):
        verify(after, old, SETTINGS)  # as by a process that has not looked at the folder again


def test_a_key_verifies_until_the_longest_of_its_tokens_has_expired(tmp_path: Path) -> None:
    old = SigningKeys.load_or_create(tmp_path)
    overlap = timedelta(seconds=verifiable_seconds(SETTINGS))
    assert overlap >= timedelta(seconds=900)
    kept = rotate(tmp_path, ago=overlap - timedelta(seconds=30))
    assert listed(kept) == [kept.kid, old.kid]
    token, _ = issue(PRINCIPAL, old, SETTINGS)
    assert verify(token, kept, SETTINGS) == PRINCIPAL
    other = tmp_path / "other"
    gone_old = SigningKeys.load_or_create(other)
    gone = rotate(other, ago=overlap + timedelta(seconds=30))
    assert listed(gone) == [gone.kid]
    late, _ = issue(PRINCIPAL, gone_old, SETTINGS)
    with pytest.raises(UnauthenticatedError):
        verify(late, gone, SETTINGS)


def test_of_a_retired_key_nothing_is_left_that_could_sign(tmp_path: Path) -> None:
    old = SigningKeys.load_or_create(tmp_path)
    secret = str(old.private.private_numbers().d)
    rotate(tmp_path)
    [retired] = tmp_path.glob("retired-*.pem")
    assert b"PRIVATE" not in retired.read_bytes()
    assert stat.S_IMODE(retired.stat().st_mode) == 0o600
    for file in tmp_path.glob("*.pem"):
        if b"PRIVATE" in file.read_bytes():
            key = serialization.load_pem_private_key(file.read_bytes(), password=None)
            assert str(key.private_numbers().d) != secret  # type: ignore[union-attr]  # an RSA key


def test_rotating_again_and_again_keeps_all_that_still_verify_and_removes_what_is_long_gone(tmp_path: Path) -> None:
    first = SigningKeys.load_or_create(tmp_path)
    second = rotate(tmp_path, ago=timedelta(days=3))
    third = rotate(tmp_path, ago=timedelta(seconds=10))
    fourth = rotate(tmp_path)
    assert listed(fourth) == [fourth.kid, third.kid, second.kid]
    assert first.kid not in {path.stem[-43:] for path in tmp_path.glob("retired-*.pem")}


def test_a_rotation_is_noticed_at_the_next_use(tmp_path: Path) -> None:
    watch = KeyWatch(tmp_path)
    held = watch.current()
    assert watch.current() is held, "nothing is read again while nothing has changed"
    new = rotate(tmp_path)
    assert watch.current().kid == new.kid


def test_keys_that_cannot_be_read_anew_leave_those_that_are_held(tmp_path: Path) -> None:
    watch = KeyWatch(tmp_path)
    held = watch.current()
    (tmp_path / "signing.pem").write_bytes(b"no key")
    assert watch.current().kid == held.kid
    with pytest.raises(ConfigurationError):
        KeyWatch(tmp_path)


def test_a_retired_file_that_holds_no_key_is_named(tmp_path: Path) -> None:
    SigningKeys.load_or_create(tmp_path)
    (tmp_path / f"retired-20261122T120000Z-{'a' * 43}.pem").write_bytes(b"nothing")
    with pytest.raises(ConfigurationError, match="retired-20261122T120000Z"):
        SigningKeys.load_or_create(tmp_path)


def test_the_commands_rotate_and_list(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path))

    def footfall(*words: str) -> str:
        result = CliRunner().invoke(cli, ["keys", *words], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.stdout

    [before] = json.loads(footfall("list", "--json"))["keys"]
    said = footfall("rotate")
    now, retired = json.loads(footfall("list", "--json"))["keys"]
    assert now["kid"] in said
    assert (retired["kid"], retired["use"]) == (before["kid"], "verifies")
    assert datetime.fromisoformat(retired["until"]) > datetime.now(UTC)
    assert len(footfall("list").splitlines()) == 2
