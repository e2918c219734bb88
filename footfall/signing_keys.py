"""The keys that sign and verify access tokens: making, rotating and reading their files. What a token says is not here.

In the folder: `signing.pem`, the private key in use, and `retired-<UTC second>-<kid>.pem`, public halves of those
before it, which verify the tokens they signed until the longest of them has expired. `former-<kid>.pem` are those of
longer ago, with which nothing but a purge certificate is verified.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from footfall.errors import ConfigurationError
from footfall.jwk import thumbprint

logger = logging.getLogger(__name__)

_KEY_FILE = "signing.pem"
_RETIRED = re.compile(r"retired-(?P<second>[0-9]{8}T[0-9]{6}Z)-[A-Za-z0-9_-]{43}\.pem")
_FORMER = re.compile(r"former-[A-Za-z0-9_-]{43}\.pem")
_SECOND = "%Y%m%dT%H%M%SZ"
_KEY_BITS = 3072  # NIST SP 800-57 part 1, table 4: good beyond 2030
_LEAST_KEY_BITS = 2048  # RFC 7518, 3.3
_KEPT_AT_MOST = timedelta(days=2)  # no access token may live longer than a day


@dataclass(frozen=True, slots=True)
class RetiredKey:
    """A key that signs no more. `retired_at`: it signed nothing later."""

    kid: str
    public: rsa.RSAPublicKey = field(repr=False)
    retired_at: datetime


@dataclass(frozen=True, slots=True, eq=False)
class SigningKeys:
    """The key pair that tokens are signed with, and those before it. `kid` is a public key's RFC 7638 thumbprint."""

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)
    retired: tuple[RetiredKey, ...] = field(default=(), repr=False)

    @property
    def public(self) -> rsa.RSAPublicKey:
        return self.private.public_key()

    def verifying(self, kid: object, *, since: datetime) -> rsa.RSAPublicKey | None:
        """The public key of that id, unless it was retired before `since`."""
        if kid == self.kid:
            return self.public
        return next((key.public for key in self.retired if key.kid == kid and key.retired_at >= since), None)

    def published(self, *, since: datetime) -> list[tuple[str, rsa.RSAPublicKey]]:
        """Every key id with its public key: the one in use first, then those that were not retired before `since`."""
        retired = [(key.kid, key.public) for key in self.retired if key.retired_at >= since]
        return [(self.kid, self.public), *retired]

    @classmethod
    def load_or_create(cls, folder: Path) -> SigningKeys:
        """The keys in `folder`; one is made there (mode 0600, folder 0700) when there is none. Of several processes
        that come first at once, one makes it and all get it.

        Raises ConfigurationError when a key is no RSA key of 2048 bits or more, when people other than the owner and
        its group can read the private one or others than the owner write it, and when the folder cannot be used.
        """
        path = folder / _KEY_FILE
        with _folder_errors(path):
            if not path.exists():
                _create(folder, path)
            return cls._load(folder, path)

    @classmethod
    def rotate(cls, folder: Path, *, now: datetime | None = None) -> SigningKeys:
        """Makes a new key and retires the one in use, whose private half is gone with that. Long retired ones are
        removed. Raises as load_or_create."""
        path = folder / _KEY_FILE
        moment = now or datetime.now(UTC)
        with _folder_errors(path), _locked(folder):
            if path.exists():
                old = _read_private(path.read_bytes(), path)
                name = f"retired-{moment.strftime(_SECOND)}-{thumbprint(old.public_key())}.pem"
                # First the old key's public half, then the new key: at no instant does a good token fail.
                _write(folder / name, _public_pem(old.public_key()))
            _write(path, _private_pem(rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)))
            for file, retired_at in _retired_files(folder):
                if retired_at < moment - _KEPT_AT_MOST:
                    # No token needs it any more; a purge certificate is verified for years.
                    file.rename(folder / f"former-{file.stem[-43:]}.pem")
            logger.info("rotated the signing key %s", path)
            return cls._load(folder, path)

    @classmethod
    def _load(cls, folder: Path, path: Path) -> SigningKeys:
        mode = path.stat().st_mode
        if mode & 0o037:
            raise ConfigurationError(
                f"The signing key {path} is open to others (mode {mode & 0o777:03o}).",
                hint=f"Take their rights away (chmod 600 {path}) or, if others may have read it, remove it.",
            )
        private = _read_private(path.read_bytes(), path)
        retired = [_read_retired(file, retired_at) for file, retired_at in _retired_files(folder)]
        return cls(kid=thumbprint(private.public_key()), private=private, retired=tuple(retired))


def ever_signed(folder: Path) -> dict[str, rsa.RSAPublicKey]:
    """By thumbprint, every public key that the folder knows of: in use, retired, and of long ago. Makes no key. Raises
    ConfigurationError where there is none, or one cannot be read."""
    path = folder / _KEY_FILE
    with _folder_errors(path):
        now = _read_private(path.read_bytes(), path).public_key()
        files = [file for file in folder.iterdir() if _RETIRED.fullmatch(file.name) or _FORMER.fullmatch(file.name)]
        before = [_read_retired(file, datetime.now(UTC)).public for file in files]
    return {thumbprint(key): key for key in (now, *before)}


class KeyWatch:
    """The keys of a folder as they are now: a rotation is noticed at the next use. Thread-safe."""

    def __init__(self, folder: Path) -> None:
        """Raises as SigningKeys.load_or_create."""
        self._folder = folder
        self._keys = SigningKeys.load_or_create(folder)
        self._seen = self._state()

    def current(self) -> SigningKeys:
        state = self._state()
        if state != self._seen:
            try:
                self._keys = SigningKeys.load_or_create(self._folder)
            except ConfigurationError as error:
                # Those that are held still work; what is wrong is seen at the next start at the latest.
                logger.error("the signing keys cannot be read anew: %s", error.message)
            # As it was before they were read: what changed meanwhile is seen at the next use.
            self._seen = state
        return self._keys

    def _state(self) -> tuple[int, ...] | None:
        try:
            folder, key = self._folder.stat(), (self._folder / _KEY_FILE).stat()
        except OSError:
            return None
        return folder.st_mtime_ns, key.st_mtime_ns, key.st_ino, key.st_mode


def _read_private(pem: bytes, path: Path) -> rsa.RSAPrivateKey:
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None  # Not chained below: nothing of a key belongs in a traceback.
    if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_KEY_BITS:
        raise ConfigurationError(
            f"{path} is no RSA private key of {_LEAST_KEY_BITS} bits or more in PEM, without a passphrase.",
            hint="Put such a key there, or remove the file to have one made.",
        )
    return key


def _read_retired(path: Path, retired_at: datetime) -> RetiredKey:
    try:
        key = serialization.load_pem_public_key(path.read_bytes())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_KEY_BITS:
        raise ConfigurationError(
            f"{path} is no RSA public key of {_LEAST_KEY_BITS} bits or more in PEM.", hint="Remove the file."
        )
    return RetiredKey(thumbprint(key), key, retired_at)


def _retired_files(folder: Path) -> Iterator[tuple[Path, datetime]]:
    """The files of retired keys with when they were retired, the latest first."""
    for file in sorted(folder.iterdir(), reverse=True):
        match = _RETIRED.fullmatch(file.name)
        if match is not None:
            yield file, datetime.strptime(match["second"], _SECOND).replace(tzinfo=UTC)


def _create(folder: Path, path: Path) -> None:
    with _locked(folder):
        if not path.exists():
            _write(path, _private_pem(rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)))
            logger.info("made the signing key %s", path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time changes the folder, which is made where missing."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _write(path: Path, content: bytes) -> None:
    """Moves the file into place whole: whoever sees it sees all of it."""
    unfinished = path.with_suffix(".part")
    unfinished.unlink(missing_ok=True)  # of a process that was killed here
    with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _private_pem(key: rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: rsa.RSAPublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


@contextmanager
def _folder_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ConfigurationError(
            f"The signing key {path} cannot be used: {error.strerror}.",
            hint="Mend the folder's owner and rights, or set FOOTFALL_API__KEYS_DIR.",
        ) from error
