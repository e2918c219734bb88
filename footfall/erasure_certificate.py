"""The certificate of an erasure: made of what was read back, signed, and verified by anybody who has the public key.
Pure; no store is asked."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from uuid import UUID, uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from pydantic import ValidationError

from contracts.base import TenantId
from contracts.erasure import Certificate, CertificateSubject, ErasureRequest, SignedCertificate, StoreProof
from footfall.errors import InputError
from footfall.jwk import public_jwk, thumbprint
from footfall.signing_keys import SigningKeys

ALGORITHM = "RS256"
TYPE = "purge+jws"
"""Keeps an access token, signed with the same key, from passing for a certificate, and the other way round."""

_KEPT_ALWAYS = (
    "audit log: who did what and when, with ids that lead nowhere any more; under its own term",
    "erasure request: the id it was about and its reference, as the record that it was met",
    "backups: not rewritten; what was erased is sealed there with keys that were destroyed, where it was sealed",
)


@dataclass(frozen=True, slots=True)
class Verified:
    """A certificate whose signature is good. `kid`: the thumbprint of the key that it was checked with."""

    certificate: Certificate
    kid: str

    def is_about(self, subject_id: UUID) -> bool:
        """Whether that is the id of whom, or of what, it was erased."""
        return salted(self.certificate.salt, subject_id) == self.certificate.subject.sha256


def salted(salt: str, value: UUID) -> str:
    """Ids are random, so that no hash leads back to one; the salt keeps two certificates from being linked."""
    return hashlib.sha256(f"{salt}:{value}".encode()).hexdigest()


def make(
    tenant_id: TenantId,
    request: ErasureRequest,
    proofs: Sequence[StoreProof],
    keys: SigningKeys,
    *,
    started_at: datetime,
    verified_at: datetime,
    issued_at: datetime,
    kept: Sequence[str] = (),
) -> SignedCertificate:
    """Signed with the key in use."""
    salt = secrets.token_hex(16)
    subject_id = request.customer_id or request.staff_id or request.camera_id or tenant_id
    certificate = Certificate(
        certificate_id=uuid4(),
        request_sha256=salted(salt, request.request_id),
        tenant_sha256=salted(salt, tenant_id),
        subject=CertificateSubject(
            kind=request.subject_kind, sha256=salted(salt, subject_id), since=request.since, until=request.until
        ),
        salt=salt,
        requested_at=request.requested_at,
        started_at=started_at,
        verified_at=verified_at,
        issued_at=issued_at,
        stores=tuple(proofs),
        kept=(*_KEPT_ALWAYS, *kept),
        code_version=version("footfall"),
        key_thumbprint=keys.kid,
    )
    jws = jwt.encode(
        certificate.model_dump(mode="json"),
        keys.private,
        algorithm=ALGORITHM,
        headers={"typ": TYPE, "kid": keys.kid},
    )
    return SignedCertificate(certificate=certificate, jws=jws, key=public_jwk(keys.public))


def verify(document: bytes, known: Mapping[str, rsa.RSAPublicKey]) -> Verified:
    """`known`: public keys that are trusted, by their thumbprint; the key in the document is not one.

    Raises InputError for what is no certificate, is signed with another key, was changed, or says to the reader
    something else than what was signed.
    """
    try:
        signed = SignedCertificate.model_validate_json(document)
        header = jwt.get_unverified_header(signed.jws)
    except (ValidationError, jwt.InvalidTokenError, ValueError, RecursionError) as error:
        raise InputError("This is no purge certificate.", hint="It is the JSON that the API gave.") from error
    kid = header.get("kid")
    public = known.get(kid) if isinstance(kid, str) else None
    if public is None or thumbprint(public) != kid:
        raise InputError(
            "The certificate is signed with a key that is not known here.",
            hint="Give the installation's keys with --jwks FILE; `footfall purge keys` prints them.",
        )
    try:
        if header.get("alg") != ALGORITHM or header.get("typ") != TYPE:
            raise jwt.InvalidTokenError("another type")
        payload = jwt.decode(
            signed.jws,
            public,
            algorithms=[ALGORITHM],
            options={"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        certificate = Certificate.model_validate_json(json.dumps(payload))
    except (jwt.InvalidTokenError, ValidationError) as error:
        raise InputError("The certificate's signature is not good: it was changed, or is no certificate.") from error
    if certificate != signed.certificate or certificate.key_thumbprint != kid:
        raise InputError("What the certificate says to its reader is not what was signed.")
    return Verified(certificate, kid)


def read_jwks(document: bytes) -> dict[str, rsa.RSAPublicKey]:
    """RSA keys of a JSON Web Key Set by their thumbprint, whatever it calls them. Raises InputError."""
    try:
        found = {}
        for entry in json.loads(document)["keys"]:
            if entry.get("kty") == "RSA":
                key = RSAAlgorithm.from_jwk(entry)
                if isinstance(key, rsa.RSAPublicKey):
                    found[thumbprint(key)] = key
    except (ValueError, KeyError, TypeError, AttributeError, jwt.InvalidKeyError, RecursionError) as error:
        raise InputError("This is no JSON Web Key Set.", hint="`footfall purge keys` prints one.") from error
    return found


def jwks_of(keys: Mapping[str, rsa.RSAPublicKey]) -> dict[str, list[dict[str, str]]]:
    """A JSON Web Key Set (RFC 7517) of public keys."""
    return {
        "keys": [{**public_jwk(key), "kid": kid, "use": "sig", "alg": ALGORITHM} for kid, key in sorted(keys.items())]
    }
