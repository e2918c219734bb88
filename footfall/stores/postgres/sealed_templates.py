"""Templates on their way into a row and out of it: sealed with their face's key. Which rows those are is the other
modules'; a template from before there were keys is plain, and is told by its length.

A sealed template: one byte that says how it is sealed, then what `footfall.sealing` made of the 2048 bytes, for the
tenant, the face and the model version. The views that templates are read by have an `opener` beside it, made by the
function footfall.opener: tenant (16 bytes), face (16), wrapped key (60), master key's id (8), model version.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import Connection

from contracts.base import TenantId
from footfall.errors import EmbeddingInvalidError
from footfall.face_vault import MASTER_ID_BYTES, WRAPPED_BYTES, WrappedKey, vault_of
from footfall.sealing import OVERHEAD_BYTES
from footfall.stores.postgres.face_keys import ensure_keys
from footfall.templates import TEMPLATE_BYTES

SEALED_BYTES = 1 + OVERHEAD_BYTES + TEMPLATE_BYTES

_AES_256_GCM = b"\x01"
_ID_BYTES = 16
_KEY_FROM = 2 * _ID_BYTES
_MASTER_FROM = _KEY_FROM + WRAPPED_BYTES
_VERSION_FROM = _MASTER_FROM + MASTER_ID_BYTES


@dataclass(frozen=True, slots=True, eq=False)
class PlainTemplate:
    """A template of 2048 bytes, of a face, in a model version."""

    face_id: UUID
    model_version: str
    embedding: bytes


def sealed(connection: Connection, tenant_id: TenantId, templates: Sequence[PlainTemplate]) -> list[bytes]:
    """The bytes to store for each of these templates; a face without a key gets one. Plain ones where the settings say
    so. Raises ConfigurationError without a usable master key."""
    if not vault_of(connection).seals:
        return [template.embedding for template in templates]
    keys = ensure_keys(connection, tenant_id, {template.face_id for template in templates})
    return [
        _AES_256_GCM
        + keys[template.face_id].seal(template.embedding, _context(tenant_id, template.face_id, template.model_version))
        for template in templates
    ]


def sealed_one(
    connection: Connection, tenant_id: TenantId, face_id: UUID, model_version: str, embedding: bytes
) -> bytes:
    """As `sealed`, of one."""
    [stored] = sealed(connection, tenant_id, [PlainTemplate(face_id, model_version, embedding)])
    return stored


def opened(connection: Connection, stored: bytes, opener: bytes | None) -> bytes:
    """The template's 2048 bytes, from what is stored and its opener. Raises EmbeddingInvalidError for what that key
    does not open, ConfigurationError for a key that this installation's master key does not."""
    if len(stored) == TEMPLATE_BYTES:
        return bytes(stored)
    if opener is None or len(stored) != SEALED_BYTES or stored[:1] != _AES_256_GCM:
        raise EmbeddingInvalidError("A stored template cannot be opened: its face's key was destroyed.")
    told = bytes(opener)
    tenant_id, face_id = TenantId(UUID(bytes=told[:_ID_BYTES])), UUID(bytes=told[_ID_BYTES:_KEY_FROM])
    key = WrappedKey(told[_KEY_FROM:_MASTER_FROM], told[_MASTER_FROM:_VERSION_FROM])
    sealer = vault_of(connection).unwrap(tenant_id, face_id, key)
    plain = sealer.open(stored[1:], _context(tenant_id, face_id, told[_VERSION_FROM:].decode()))
    if plain is None:
        raise EmbeddingInvalidError("A stored template does not open with its face's key: it was changed or moved.")
    return plain


def _context(tenant_id: TenantId, face_id: UUID, model_version: str) -> str:
    return f"footfall template {model_version} of {tenant_id}/{face_id}"
