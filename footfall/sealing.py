"""Sealing bytes: AES-256-GCM under a key, for a place. Whose the key is and where it lies is its user's matter."""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
OVERHEAD_BYTES = 28
"""By how much sealed bytes are longer than plain ones: a nonce of 12, a tag of 16."""

_NONCE_BYTES = 12


class Sealer:
    """Seals and opens bytes. `context` says what they are: bytes that were moved to another place do not open there.
    Thread-safe."""

    def __init__(self, key: bytes) -> None:
        """Raises ValueError for a key that is not KEY_BYTES long."""
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(key)

    def seal(self, plain: bytes, context: str) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, context.encode())

    def open(self, sealed: bytes, context: str) -> bytes | None:
        """None for bytes that were sealed with another key, for another context, or were changed."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], context.encode())
        except (InvalidTag, ValueError):
            return None
