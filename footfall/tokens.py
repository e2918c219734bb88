"""Access tokens: the key that signs them, issuing, verifying, and the public half for others. No passwords here."""

from __future__ import annotations

import fcntl
import logging
import os
from base64 import urlsafe_b64encode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from json import dumps
from pathlib import Path
from typing import get_args
from uuid import UUID, uuid4

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts.base import CameraId, Role, SiteId, TenantId
from footfall.access import Principal
from footfall.errors import ConfigurationError, UnauthenticatedError
from footfall.settings import Settings

logger = logging.getLogger(__name__)

ALGORITHM = "RS256"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068, 2.1: keeps an ID token or any other JWT from passing for access
_KEY_FILE = "signing.pem"
_KEY_BITS = 3072  # NIST SP 800-57 part 1, table 4: good beyond 2030
_LEAST_KEY_BITS = 2048  # RFC 7518, 3.3
_CLOCK_LEEWAY_SECONDS = 5  # between two API servers that sign with one key
_REQUIRED = ("iss", "aud", "sub", "exp", "nbf", "iat", "jti", "tenant_id", "role")
_REQUIRED_OR_NULL = frozenset({"site_ids", "camera_ids"})
# Headers by which a token could say where its own key is to be found, or what must be understood of it.
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"})


@dataclass(frozen=True, slots=True, eq=False)
class SigningKeys:
    """The one key pair that tokens are signed with. `kid` is the public key's RFC 7638 thumbprint.

    To change it, remove the file and restart the API: tokens live for minutes, and clients renew them.
    """

    kid: str
    private: rsa.RSAPrivateKey = field(repr=False)

    @property
    def public(self) -> rsa.RSAPublicKey:
        return self.private.public_key()

    @classmethod
    def load_or_create(cls, folder: Path) -> SigningKeys:
        """The key in `folder`, made there (mode 0600, folder 0700) when there is none. Of several processes that
        come first at once, one makes it and all get it.

        Raises ConfigurationError when it is no RSA key of 2048 bits or more, when people other than the owner and
        its group can read it or others than the owner write it, and when the folder cannot be used.
        """
        path = folder / _KEY_FILE
        try:
            if not path.exists():
                _create(folder, path)
            mode = path.stat().st_mode
            if mode & 0o037:
                raise ConfigurationError(
                    f"The signing key {path} is open to others (mode {mode & 0o777:03o}).",
                    hint=f"Take their rights away (chmod 600 {path}) or, if others may have read it, remove it.",
                )
            pem = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(
                f"The signing key {path} cannot be used: {error.strerror}.",
                hint="Mend the folder's owner and rights, or set FOOTFALL_API__KEYS_DIR.",
            ) from error
        return cls._read(pem, path)

    @classmethod
    def _read(cls, pem: bytes, path: Path) -> SigningKeys:
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            key = None  # Not chained below: nothing of a key belongs in a traceback.
        if not isinstance(key, rsa.RSAPrivateKey) or key.key_size < _LEAST_KEY_BITS:
            raise ConfigurationError(
                f"{path} is no RSA private key of {_LEAST_KEY_BITS} bits or more in PEM, without a passphrase.",
                hint="Put such a key there, or remove the file to have one made.",
            )
        return cls(kid=thumbprint(key.public_key()), private=key)


def issue(
    principal: Principal, keys: SigningKeys, settings: Settings, *, now: datetime | None = None
) -> tuple[str, int]:
    """An access token for the principal, and the seconds it lives. `now`: the clock, unless given."""
    issued_at = int((now or datetime.now(UTC)).timestamp())
    claims = {
        "iss": settings.api.issuer,
        "aud": settings.api.audience,
        "sub": principal.subject,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + settings.api.token_seconds,
        "jti": uuid4().hex,
        "tenant_id": str(principal.tenant_id),
        "role": principal.role,
        # Null says "every one of the tenant" aloud; a token that says nothing is refused.
        "site_ids": _listed(principal.site_ids),
        "camera_ids": _listed(principal.camera_ids),
    }
    token = jwt.encode(claims, keys.private, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": keys.kid})
    return token, settings.api.token_seconds


def verify(token: str, keys: SigningKeys, settings: Settings) -> Principal:
    """The principal of a token that `issue` made with this key and these settings, and that has not expired.

    Raises UnauthenticatedError, with one message, for every other: another algorithm (`none` and HS256 with the
    public key as secret included), type, key, issuer or audience, a claim that is missing or malformed.
    """
    try:
        header = jwt.get_unverified_header(token)
        if (
            header.get("alg") != ALGORITHM
            or header.get("typ") != TOKEN_TYPE
            or header.get("kid") != keys.kid
            or not _REFUSED_HEADERS.isdisjoint(header)
        ):
            raise _refusal()
        claims = jwt.decode(
            token,
            keys.public,
            algorithms=[ALGORITHM],
            audience=settings.api.audience,
            issuer=settings.api.issuer,
            leeway=_CLOCK_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED), "strict_aud": True},
        )
    except (jwt.InvalidTokenError, UnicodeEncodeError, RecursionError) as error:  # the last: JSON nested to no end
        logger.info("refused an access token: %s", type(error).__name__)
        raise _refusal() from None
    return _principal(claims)


def jwks(keys: SigningKeys) -> dict[str, list[dict[str, str]]]:
    """The public key as a JSON Web Key Set (RFC 7517), for who wants to verify tokens elsewhere."""
    return {"keys": [{**_public_jwk(keys.public), "kid": keys.kid, "use": "sig", "alg": ALGORITHM}]}


def _principal(claims: Mapping[str, object]) -> Principal:
    role = next((known for known in get_args(Role) if known == claims["role"]), None)
    subject = claims["sub"]
    if role is None or not isinstance(subject, str) or not claims.keys() >= _REQUIRED_OR_NULL:
        raise _refusal()
    sites, cameras = _ids(claims["site_ids"]), _ids(claims["camera_ids"])
    return Principal(
        tenant_id=TenantId(_id(claims["tenant_id"])),
        subject=subject,
        role=role,
        site_ids=None if sites is None else frozenset(SiteId(site) for site in sites),
        camera_ids=None if cameras is None else frozenset(CameraId(camera) for camera in cameras),
    )


def _ids(value: object) -> list[UUID] | None:
    if value is None:
        return None
    if not isinstance(value, list):
        raise _refusal()
    return [_id(item) for item in value]


def _id(value: object) -> UUID:
    if not isinstance(value, str):
        raise _refusal()
    try:
        return UUID(value)
    except ValueError:
        raise _refusal() from None


def _listed(ids: Collection[UUID] | None) -> list[str] | None:
    return None if ids is None else sorted(str(item) for item in ids)


def _refusal() -> UnauthenticatedError:
    return UnauthenticatedError(
        "The access token is not valid, or has expired.", hint="Ask POST /v1/auth/token for a new one."
    )


def _create(folder: Path, path: Path) -> None:
    """Makes the key under a lock, and moves it into place whole: whoever sees the file sees all of it."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if path.exists():
            return
        key = rsa.generate_private_key(public_exponent=65_537, key_size=_KEY_BITS)
        pem = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        unfinished = path.with_suffix(".part")
        unfinished.unlink(missing_ok=True)  # of a process that was killed here
        with os.fdopen(os.open(unfinished, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
        logger.info("made the signing key %s", path)
    finally:
        os.close(lock)


def thumbprint(public: rsa.RSAPublicKey) -> str:
    """RFC 7638: SHA-256 of the key's required members, in lexical order, without white space."""
    canonical = dumps(_public_jwk(public), sort_keys=True, separators=(",", ":"))
    return _base64url(sha256(canonical.encode("ascii")).digest())


def _public_jwk(public: rsa.RSAPublicKey) -> dict[str, str]:
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": _base64url(_octets(numbers.n)), "e": _base64url(_octets(numbers.e))}


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
