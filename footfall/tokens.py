"""Access tokens: issuing, verifying, and the public keys for others. Keys are `footfall.signing_keys`', and whether a
session goes on is `footfall.standing`'s."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from typing import get_args
from uuid import UUID, uuid4

import jwt

from contracts.base import CameraId, Role, SiteId, TenantId
from footfall.access import Acting, Principal
from footfall.errors import UnauthenticatedError
from footfall.jwk import public_jwk, thumbprint
from footfall.settings import Settings
from footfall.signing_keys import SigningKeys

__all__ = ["ALGORITHM", "TOKEN_TYPE", "SigningKeys", "issue", "jwks", "thumbprint", "verifiable_seconds", "verify"]

logger = logging.getLogger(__name__)

ALGORITHM = "RS256"
TOKEN_TYPE = "at+jwt"  # noqa: S105 - RFC 9068, 2.1: keeps an ID token or any other JWT from passing for access
_CLOCK_LEEWAY_SECONDS = 5  # between two API servers that sign with one key
_REQUIRED = ("iss", "aud", "sub", "exp", "nbf", "iat", "jti", "sid", "tenant_id", "role")
_REQUIRED_OR_NULL = frozenset({"site_ids", "camera_ids"})
# Headers by which a token could say where its own key is to be found, or what must be understood of it.
_REFUSED_HEADERS = frozenset({"jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip"})


def issue(
    principal: Principal, keys: SigningKeys, settings: Settings, *, now: datetime | None = None
) -> tuple[str, int]:
    """An access token for the principal of a session, and the seconds it lives. `now`: the clock, unless given.

    Raises ValueError for a principal without a session.
    """
    if principal.session_id is None:
        raise ValueError("a token belongs to a session")
    issued_at = int((now or datetime.now(UTC)).timestamp())
    seconds = settings.api.token_seconds if principal.acting is None else settings.api.switch_seconds
    claims = {
        "iss": settings.api.issuer,
        "aud": settings.api.audience,
        "sub": principal.subject,
        "iat": issued_at,
        "nbf": issued_at,
        "exp": issued_at + seconds,
        "jti": uuid4().hex,
        "sid": str(principal.session_id),
        "tenant_id": str(principal.tenant_id),
        "role": principal.role,
        # Null says "every one of the tenant" aloud; a token that says nothing is refused.
        "site_ids": _listed(principal.site_ids),
        "camera_ids": _listed(principal.camera_ids),
    }
    if principal.acting is not None:
        # RFC 8693, 4.1: who acts, where the subject is not the one who signed in.
        claims["act"] = {"sub": principal.acting.subject, "tenant_id": str(principal.acting.tenant_id)}
    token = jwt.encode(claims, keys.private, algorithm=ALGORITHM, headers={"typ": TOKEN_TYPE, "kid": keys.kid})
    return token, seconds


def verify(token: str, keys: SigningKeys, settings: Settings) -> Principal:
    """The principal of a token that `issue` made with these keys and settings, and that has not expired.

    Raises UnauthenticatedError, with one message, for every other: another algorithm (`none` and HS256 with the
    public key as secret included), type, key, issuer or audience, a claim that is missing or malformed.
    """
    return verify_until(token, keys, settings)[0]


def verify_until(token: str, keys: SigningKeys, settings: Settings) -> tuple[Principal, float]:
    """As `verify`, with the Unix time at which the token expires."""
    try:
        header = jwt.get_unverified_header(token)
        public = keys.verifying(header.get("kid"), since=_oldest_retirement(settings))
        if (
            public is None
            or header.get("alg") != ALGORITHM
            or header.get("typ") != TOKEN_TYPE
            or not _REFUSED_HEADERS.isdisjoint(header)
        ):
            raise _refusal()
        claims = jwt.decode(
            token,
            public,
            algorithms=[ALGORITHM],
            audience=settings.api.audience,
            issuer=settings.api.issuer,
            leeway=_CLOCK_LEEWAY_SECONDS,
            options={"require": list(_REQUIRED), "strict_aud": True},
        )
    except (jwt.InvalidTokenError, UnicodeEncodeError, RecursionError) as error:  # the last: JSON nested to no end
        logger.info("refused an access token: %s", type(error).__name__)
        raise _refusal() from None
    return _principal(claims), float(claims["exp"])


def jwks(keys: SigningKeys, settings: Settings) -> dict[str, list[dict[str, str]]]:
    """The public keys as a JSON Web Key Set (RFC 7517), for who wants to verify tokens elsewhere: the one in use, and
    those before it whose tokens may not have expired yet."""
    published = keys.published(since=_oldest_retirement(settings))
    return {"keys": [{**public_jwk(public), "kid": kid, "use": "sig", "alg": ALGORITHM} for kid, public in published]}


def verifiable_seconds(settings: Settings) -> int:
    """How long after its retirement a key may have signed a token that is still good."""
    # One second more, for the name of a retired key's file holds whole ones.
    return max(settings.api.token_seconds, settings.api.switch_seconds) + _CLOCK_LEEWAY_SECONDS + 1


def _oldest_retirement(settings: Settings) -> datetime:
    """A key that was retired before this signed no token that is still good."""
    return datetime.now(UTC) - timedelta(seconds=verifiable_seconds(settings))


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
        session_id=_id(claims["sid"]),
        acting=_acting(claims.get("act")),
    )


def _acting(value: object) -> Acting | None:
    if value is None:
        return None
    if not isinstance(value, dict) or value.keys() != {"sub", "tenant_id"} or not isinstance(value["sub"], str):
        raise _refusal()
    return Acting(TenantId(_id(value["tenant_id"])), value["sub"])


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
