"""Hashing and checking passwords, and what one must be like. Whose they are is not known here."""

from __future__ import annotations

import secrets
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from footfall.errors import InputError

MIN_PASSWORD_LENGTH = 12
MAX_PASSWORD_LENGTH = 1024  # as in contracts.access; bounds the work that a login can ask for
_DECOY_BYTES = 32
_hasher = PasswordHasher()  # argon2id with the library's defaults, which follow RFC 9106


def hash_password(password: str) -> str:
    """An argon2id hash with its parameters and salt. Raises InputError outside 12 to 1024 characters."""
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise InputError(
            "The password cannot be used.",
            hint=f"Choose one of {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters.",
        )
    return _hasher.hash(_password_bytes(password))


def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is that of the hash; after the same work False for None, which is nobody's."""
    decoy = _decoy_hash()  # made now: the first unknown user must not take longer than others
    try:
        _hasher.verify(decoy if password_hash is None else password_hash, _password_bytes(password))
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def renewed_hash(password_hash: str, password: str) -> str | None:
    """A hash with the parameters of today, where those of `password_hash` have been outgrown; else None. The password
    was checked before."""
    return _hasher.hash(_password_bytes(password)) if _hasher.check_needs_rehash(password_hash) else None


@cache
def _decoy_hash() -> str:
    """What an unknown user's password is checked against, so that the answer takes as long as a known user's."""
    return _hasher.hash(secrets.token_bytes(_DECOY_BYTES))


def _password_bytes(password: str) -> bytes:
    # NFKC, so that one password typed on two keyboards is one password (NIST SP 800-63B, 3.1.1.2).
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")
