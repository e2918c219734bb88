"""Pictures of faces as stored files: their content type, crops written as PNG, and each sealed with its face's key.
Decoding, with its limits, is vision's.

A sealed picture: a mark of four bytes, the face's id (16 bytes), then what `footfall.sealing` made of the file, for the
tenant, the face and the place in the store. One from before there were keys is the plain file.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import cv2
from sqlalchemy import Connection, Engine

from contracts.base import TenantId
from footfall.errors import NotAnImageError, NotFoundError
from footfall.face_vault import vault_of
from footfall.sealing import Sealer
from footfall.stores.base import BucketKind, ObjectStore
from footfall.stores.postgres.face_keys import ensure_keys, select_keys
from footfall.stores.rules import object_key
from footfall.tenancy import tenant_transaction
from footfall.vision.headers import ImageFormat, read_header
from footfall.vision.types import BgrImage

SEALED_TYPE = "application/octet-stream"

_MARK = b"FFP\x01"
_HEAD_BYTES = len(_MARK) + 16


@dataclass(frozen=True, slots=True)
class PictureKind:
    content_type: str
    suffix: str


_KINDS: dict[ImageFormat, PictureKind] = {
    "JPEG": PictureKind("image/jpeg", ".jpg"),
    "PNG": PictureKind("image/png", ".png"),
    "WebP": PictureKind("image/webp", ".webp"),
    "BMP": PictureKind("image/bmp", ".bmp"),
}


def kind_of(data: bytes) -> PictureKind:
    """What the file's own header says it is. Raises NotAnImageError for what vision would not decode either."""
    return _KINDS[read_header(data).format]


def png_of(picture: BgrImage) -> bytes:
    """The (height, width, 3) BGR picture as PNG, which loses nothing. Raises NotAnImageError for an empty one."""
    if picture.size == 0:
        raise NotAnImageError("The picture has no pixels.")
    _, data = cv2.imencode(".png", picture)
    return bytes(data.tobytes())


def put_picture(
    connection: Connection,
    objects: ObjectStore,
    tenant_id: TenantId,
    picture: bytes,
    *,
    bucket: BucketKind,
    name: str,
    face_id: UUID,
) -> str:
    """Stores the file, sealed with the face's key, which is made where missing, and answers its object's key. Until the
    caller's transaction commits nobody can open it.

    Raises as `ObjectStore.put`, NotAnImageError, ConfigurationError without a usable master key.
    """
    kind = kind_of(picture)
    if not vault_of(connection).seals:
        return objects.put(tenant_id, bucket, name, picture, kind.content_type)
    sealer = ensure_keys(connection, tenant_id, [face_id])[face_id]
    sealed = seal_picture(sealer, tenant_id, bucket, object_key(tenant_id, name), picture, face_id=face_id)
    return objects.put(tenant_id, bucket, name, sealed, SEALED_TYPE)


def read_picture(
    connection: Connection, objects: ObjectStore, tenant_id: TenantId, bucket: BucketKind, key: str
) -> bytes:
    """The file as it was before it was sealed. Raises as `open_picture` and `ObjectStore.get`."""
    return open_picture(connection, tenant_id, bucket, key, objects.get(tenant_id, bucket, key))


def fetch_picture(engine: Engine, objects: ObjectStore, tenant_id: TenantId, bucket: BucketKind, key: str) -> bytes:
    """As `read_picture`, in a transaction of its own that does not wait for the object store."""
    stored = objects.get(tenant_id, bucket, key)
    if sealed_face(stored) is None:
        return stored
    with tenant_transaction(engine, tenant_id) as connection:
        return open_picture(connection, tenant_id, bucket, key, stored)


def open_picture(connection: Connection, tenant_id: TenantId, bucket: BucketKind, key: str, stored: bytes) -> bytes:
    """Raises NotFoundError for a picture whose face's key was destroyed, NotAnImageError for one that was changed or
    moved, ConfigurationError for a key that this installation's master key does not open."""
    face_id = sealed_face(stored)
    if face_id is None:
        return stored
    sealer = select_keys(connection, tenant_id, [face_id]).get(face_id)
    if sealer is None:
        raise NotFoundError("The picture is gone: its key was destroyed.")
    plain = sealer.open(stored[_HEAD_BYTES:], _context(tenant_id, bucket, key, face_id))
    if plain is None:
        raise NotAnImageError("The stored picture does not open with its face's key: it was changed or moved.")
    return plain


def seal_picture(
    sealer: Sealer, tenant_id: TenantId, bucket: BucketKind, key: str, picture: bytes, *, face_id: UUID
) -> bytes:
    """What is stored under `key`."""
    return _MARK + face_id.bytes + sealer.seal(picture, _context(tenant_id, bucket, key, face_id))


def sealed_face(stored: bytes) -> UUID | None:
    """Whose key a stored file is sealed with; None for a plain one."""
    if stored[: len(_MARK)] != _MARK or len(stored) < _HEAD_BYTES:
        return None
    return UUID(bytes=stored[len(_MARK) : _HEAD_BYTES])


def _context(tenant_id: TenantId, bucket: BucketKind, key: str, face_id: UUID) -> str:
    return f"footfall picture {bucket}/{key} of {tenant_id}/{face_id}"
