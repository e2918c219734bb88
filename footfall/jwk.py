"""RSA public keys as JSON Web Keys (RFC 7517), and their thumbprints (RFC 7638). No file, no token."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from hashlib import sha256
from json import dumps

from cryptography.hazmat.primitives.asymmetric import rsa


def public_jwk(public: rsa.RSAPublicKey) -> dict[str, str]:
    """The members that RFC 7518, 6.3.1 requires."""
    numbers = public.public_numbers()
    return {"kty": "RSA", "n": _base64url(_octets(numbers.n)), "e": _base64url(_octets(numbers.e))}


def thumbprint(public: rsa.RSAPublicKey) -> str:
    """RFC 7638: SHA-256 of the key's required members, in lexical order, without white space."""
    canonical = dumps(public_jwk(public), sort_keys=True, separators=(",", ":"))
    return _base64url(sha256(canonical.encode("ascii")).digest())


def _octets(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8, "big")


def _base64url(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
