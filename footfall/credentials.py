"""The form of opaque credentials, API keys and refresh tokens: `<prefix>_<tenant>_<record>_<secret>`, all in hex. Only
the SHA-256 of a secret is stored, which needs no slow hash: nobody can guess 256 bits. What one buys is not here."""

from __future__ import annotations

import hashlib
import secrets
from uuid import UUID

from contracts.base import TenantId

KEY_PREFIX = "ffk"
REFRESH_PREFIX = "ffr"
NOBODY = TenantId(UUID(int=0))
"""The tenant of whoever names none."""
_SECRET_BYTES = 32


def new_secret() -> str:
    """256 bits that nobody can guess, in hex."""
    return secrets.token_hex(_SECRET_BYTES)


def digest(secret: str) -> bytes:
    """What is stored of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def credential_text(prefix: str, tenant_id: TenantId, record_id: UUID, secret: str) -> str:
    # The tenant's id stands in it, and is no secret: row-level security wants a tenant before anything is looked up.
    return f"{prefix}_{tenant_id.hex}_{record_id.hex}_{secret}"


def secret_parts(prefix: str, credential: str) -> tuple[TenantId, UUID, str]:
    """Tenant, record and secret; those of nobody for a malformed credential."""
    found, _, rest = credential.partition("_")
    parts = rest.split("_")
    if found == prefix and len(parts) == 3:
        tenant_hex, record_hex, secret = parts
        try:
            return TenantId(UUID(hex=tenant_hex)), UUID(hex=record_hex), secret
        except ValueError:
            pass
    return NOBODY, UUID(NOBODY.hex), credential
