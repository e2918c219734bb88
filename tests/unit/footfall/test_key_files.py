"""The file of the signing key: made once, for its owner alone, and refused when it is not fit. Rotation is in
`test_signing_keys`."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from footfall.errors import ConfigurationError
from footfall.tokens import SigningKeys


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return SigningKeys.load_or_create(tmp_path_factory.mktemp("keys"))


def test_the_key_is_made_once_for_the_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "secrets" / "jwt"
    first = SigningKeys.load_or_create(folder)
    again = SigningKeys.load_or_create(folder)
    assert first.kid == again.kid
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}


def test_processes_that_come_first_at_once_get_one_key(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from footfall.tokens import SigningKeys;"
        "sys.stdin.read(1); print(SigningKeys.load_or_create(Path(sys.argv[1])).kid)"
    )
    command = [sys.executable, "-c", script, str(tmp_path / "jwt")]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for process in processes:  # all have started and wait for this
        assert process.stdin is not None
        process.stdin.write("x")
        process.stdin.flush()
    key_ids = [process.communicate(timeout=60)[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert len(set(key_ids)) == 1
    assert key_ids[0] == SigningKeys.load_or_create(tmp_path / "jwt").kid


def test_what_a_killed_process_left_half_written_is_no_key(tmp_path: Path) -> None:
    (tmp_path / "signing.part").write_bytes(b"-----BEGIN PRIV")
    assert SigningKeys.load_or_create(tmp_path).kid


def _pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, passphrase: bytes | None = None) -> bytes:
    encryption = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


def _put(folder: Path, content: bytes, mode: int) -> None:
    (folder / "signing.pem").write_bytes(content)
    (folder / "signing.pem").chmod(mode)


@pytest.mark.parametrize("mode", [0o644, 0o604, 0o660, 0o602])
def test_a_key_that_others_can_read_is_refused(keys: SigningKeys, tmp_path: Path, mode: int) -> None:
    _put(tmp_path, _pem(keys.private), mode)
    with pytest.raises(ConfigurationError, match="open to others") as refused:
        SigningKeys.load_or_create(tmp_path)
    assert "chmod 600" in (refused.value.hint or "")


def test_a_key_that_the_group_may_read_is_taken(keys: SigningKeys, tmp_path: Path) -> None:
    """As a secret mounted into a container comes: owned by root, readable through the group."""
    _put(tmp_path, _pem(keys.private), 0o440)
    assert SigningKeys.load_or_create(tmp_path).kid == keys.kid


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no key",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        _pem(rsa.generate_private_key(public_exponent=65_537, key_size=1024)),  # noqa: S505 - the point of the case
        _pem(ec.generate_private_key(ec.SECP256R1())),
        _pem(rsa.generate_private_key(public_exponent=65_537, key_size=2048), b"passphrase"),
    ],
    ids=["empty", "text", "broken", "short", "elliptic", "encrypted"],
)
def test_a_file_that_is_no_fit_key_is_refused(tmp_path: Path, content: bytes) -> None:
    _put(tmp_path, content, 0o600)
    with pytest.raises(ConfigurationError, match="no RSA private key of 2048 bits"):
        SigningKeys.load_or_create(tmp_path)


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ConfigurationError, match="cannot be used") as refused:
        SigningKeys.load_or_create(tmp_path / "file" / "jwt")
    assert "FOOTFALL_API__KEYS_DIR" in (refused.value.hint or "")


def test_a_key_shows_nothing_of_itself(keys: SigningKeys) -> None:
    assert repr(keys) == f"SigningKeys(kid='{keys.kid}')"
