"""Access tokens: what `issue` makes `verify` takes, and nothing else that a stranger could make."""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from contracts.base import CameraId, SiteId, TenantId
from footfall.access import Principal
from footfall.errors import UnauthenticatedError
from footfall.settings import Settings, load_settings
from footfall.tokens import SigningKeys, issue, jwks, thumbprint, verify

PRINCIPAL = Principal(
    tenant_id=TenantId(UUID(int=1)),
    subject="key:00000000-0000-0000-0000-000000000002",
    role="worker",
    site_ids=None,
    camera_ids=frozenset({CameraId(UUID(int=3)), CameraId(UUID(int=4))}),
    session_id=UUID(int=5),
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return SigningKeys.load_or_create(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def other_keys(tmp_path_factory: pytest.TempPathFactory) -> SigningKeys:
    return SigningKeys.load_or_create(tmp_path_factory.mktemp("other-keys"))


@pytest.fixture
def settings() -> Settings:
    return load_settings()


def _claims(token: str) -> dict[str, object]:
    claims: dict[str, object] = jwt.decode(token, options={"verify_signature": False})
    return claims


def _signed(keys: SigningKeys, claims: dict[str, object], **header: object) -> str:
    """A token of ours in everything but what is named."""
    headers = {"typ": "at+jwt", "kid": keys.kid, **header}
    return jwt.encode(claims, keys.private, algorithm="RS256", headers=headers)


@pytest.mark.parametrize(
    "principal",
    [
        PRINCIPAL,
        replace(PRINCIPAL, role="tenant_admin", camera_ids=None),
        replace(PRINCIPAL, role="site_manager", site_ids=frozenset({SiteId(UUID(int=9))}), camera_ids=None),
        replace(PRINCIPAL, role="site_manager", site_ids=frozenset(), camera_ids=frozenset()),
    ],
)
def test_a_principal_comes_back_as_it_went(keys: SigningKeys, settings: Settings, principal: Principal) -> None:
    token, expires_in = issue(principal, keys, settings)
    assert verify(token, keys, settings) == principal
    assert expires_in == settings.api.token_seconds


def test_a_token_says_who_made_it_for_whom_and_for_how_long(keys: SigningKeys, settings: Settings) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    token, _ = issue(PRINCIPAL, keys, settings, now=now)
    claims = _claims(token)
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "typ": "at+jwt", "kid": keys.kid}
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("footfall", "footfall-api", PRINCIPAL.subject)
    assert claims["iat"] == claims["nbf"] == int(now.timestamp())
    assert claims["exp"] == int(now.timestamp()) + settings.api.token_seconds


def test_no_two_tokens_are_the_same(keys: SigningKeys, settings: Settings) -> None:
    now = datetime.now(UTC)
    assert issue(PRINCIPAL, keys, settings, now=now) != issue(PRINCIPAL, keys, settings, now=now)


@pytest.mark.parametrize("age", [timedelta(hours=1), -timedelta(minutes=5)], ids=["expired", "of the future"])
def test_a_token_out_of_its_time_is_refused(keys: SigningKeys, settings: Settings, age: timedelta) -> None:
    token, _ = issue(PRINCIPAL, keys, settings, now=datetime.now(UTC) - age)
    with pytest.raises(UnauthenticatedError):
        verify(token, keys, settings)


@pytest.mark.parametrize("name", ["issuer", "audience"])
def test_a_token_of_another_issuer_or_for_another_audience_is_refused(
    keys: SigningKeys, settings: Settings, name: str
) -> None:
    token, _ = issue(PRINCIPAL, keys, load_settings(api={name: "somebody-else"}))
    with pytest.raises(UnauthenticatedError):
        verify(token, keys, settings)


def test_a_token_of_another_key_is_refused(keys: SigningKeys, other_keys: SigningKeys, settings: Settings) -> None:
    token, _ = issue(PRINCIPAL, other_keys, settings)
    forged = issue(PRINCIPAL, replace(other_keys, kid=keys.kid), settings)[0]
    for presented in (token, forged):
        with pytest.raises(UnauthenticatedError):
            verify(presented, keys, settings)


def _unsigned(token: str, _keys: SigningKeys) -> str:
    return jwt.encode(_claims(token), "", algorithm="none", headers={"typ": "at+jwt", "kid": _keys.kid})


def _signed_with_public_key_as_secret(token: str, keys: SigningKeys) -> str:
    """The classic: an RS256 verifier that lets the token choose takes the public PEM for an HMAC secret. By hand,
    for PyJWT refuses to make it."""
    header = json.dumps({"alg": "HS256", "typ": "at+jwt", "kid": keys.kid}).encode()
    signed = b".".join(
        base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, json.dumps(_claims(token)).encode())
    )
    secret = keys.public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signature = base64.urlsafe_b64encode(hmac.digest(secret, signed, sha256)).rstrip(b"=")
    return b".".join((signed, signature)).decode()


def _with_another_algorithm(algorithm: str) -> Callable[[str, SigningKeys], str]:
    return lambda token, keys: jwt.encode(
        _claims(token), keys.private, algorithm=algorithm, headers={"typ": "at+jwt", "kid": keys.kid}
    )


def _with_header(name: str, value: object) -> Callable[[str, SigningKeys], str]:
    return lambda token, keys: _signed(keys, _claims(token), **{name: value})


def _without_claim(name: str) -> Callable[[str, SigningKeys], str]:
    return lambda token, keys: _signed(keys, {key: value for key, value in _claims(token).items() if key != name})


def _with_claim(name: str, value: object) -> Callable[[str, SigningKeys], str]:
    return lambda token, keys: _signed(keys, {**_claims(token), name: value})


def _with_tampered_claims(token: str, _keys: SigningKeys) -> str:
    header, _, signature = token.split(".")
    claims = json.dumps({**_claims(token), "role": "tenant_admin"}).encode()
    return ".".join((header, base64.urlsafe_b64encode(claims).rstrip(b"=").decode(), signature))


FORGERIES: dict[str, Callable[[str, SigningKeys], str]] = {
    "algorithm none": _unsigned,
    "HS256 with the public key": _signed_with_public_key_as_secret,
    "RS512": _with_another_algorithm("RS512"),
    "PS256": _with_another_algorithm("PS256"),
    "another typ": _with_header("typ", "JWT"),
    "an id token's typ": _with_header("typ", "id+jwt"),
    "no typ": _with_header("typ", None),
    "an unknown kid": _with_header("kid", "somebody-else"),
    "a jku": _with_header("jku", "https://example.com/keys"),
    "a jwk": _with_header("jwk", {"kty": "RSA", "n": "AQAB", "e": "AQAB"}),
    "an x5u": _with_header("x5u", "https://example.com/certificate"),
    "an x5c": _with_header("x5c", ["MII"]),
    "a crit": _with_header("crit", ["exp"]),
    **{
        f"no {name}": _without_claim(name)
        for name in (
            *("iss", "aud", "sub", "exp", "nbf", "iat", "jti", "sid"),
            *("tenant_id", "role", "site_ids", "camera_ids"),
        )
    },
    "several audiences": _with_claim("aud", ["footfall-api", "another"]),
    "an unknown role": _with_claim("role", "root"),
    "a tenant that is no uuid": _with_claim("tenant_id", "' or true --"),
    "a tenant that is no text": _with_claim("tenant_id", 7),
    "cameras that are no list": _with_claim("camera_ids", "all"),
    "a camera that is no uuid": _with_claim("camera_ids", ["all"]),
    "tampered claims": _with_tampered_claims,
    "no signature": lambda token, _keys: token.rpartition(".")[0] + ".",
    "half of it": lambda token, _keys: token[: len(token) // 2],
    "nothing": lambda _token, _keys: "",
    "no token": lambda _token, _keys: "not a token",
    "no ASCII": lambda token, _keys: token[:-1] + "\udc80",
    "a header nested without end": lambda _token, _keys: (
        base64.urlsafe_b64encode(b'{"a":' + b"[" * 100_000).decode().rstrip("=") + ".e30.e30"
    ),
}


@pytest.mark.parametrize("forge", FORGERIES.values(), ids=FORGERIES.keys())
@pytest.mark.filterwarnings("ignore::jwt.warnings.InsecureKeyLengthWarning")
def test_a_forgery_is_refused_with_the_one_message(
    keys: SigningKeys, settings: Settings, forge: Callable[[str, SigningKeys], str]
) -> None:
    genuine, _ = issue(PRINCIPAL, keys, settings)
    forged = forge(genuine, keys)
    with pytest.raises(UnauthenticatedError, match=r"^The access token is not valid, or has expired\.$"):
        verify(forged, keys, settings)


def test_what_the_forgeries_are_made_of_is_taken_when_nothing_is_forged(keys: SigningKeys, settings: Settings) -> None:
    genuine, _ = issue(PRINCIPAL, keys, settings)
    assert verify(_signed(keys, _claims(genuine)), keys, settings) == PRINCIPAL


def test_the_published_key_verifies_tokens(keys: SigningKeys, settings: Settings) -> None:
    token, _ = issue(PRINCIPAL, keys, settings)
    (published,) = jwt.PyJWKSet.from_dict(jwks(keys, load_settings())).keys
    assert published.key_id == keys.kid
    claims = jwt.decode(token, published, algorithms=["RS256"], audience="footfall-api", issuer="footfall")
    assert claims["sub"] == PRINCIPAL.subject


def test_the_published_key_holds_nothing_private(keys: SigningKeys) -> None:
    (published,) = jwks(keys, load_settings())["keys"]
    assert set(published) == {"kty", "n", "e", "kid", "use", "alg"}


def test_the_key_id_is_the_thumbprint_of_the_rfc() -> None:
    """RFC 7638, 3.1: the example key and its thumbprint."""
    modulus = (
        "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3ok"
        "njhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6"
        "qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awa"
        "pJzKnqDKgw"
    )
    public = jwt.algorithms.RSAAlgorithm.from_jwk({"kty": "RSA", "n": modulus, "e": "AQAB"})
    assert isinstance(public, rsa.RSAPublicKey)
    assert thumbprint(public) == "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
