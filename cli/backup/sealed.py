"""A file that only the passphrase opens and that shows when anything in it is missing or changed. What is in it is not
known here.

The STREAM construction (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM: chunks with a counter and a last
mark in their nonce, so that none can be dropped, moved, repeated or cut off. The key is scrypt's (RFC 7914) of the
passphrase and the file's salt.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from footfall.errors import InputError

LEAST_PASSPHRASE = 12

_MAGIC = b"footfall-backup-1\n"
_SALT_BYTES = 16
_PREFIX_BYTES = 7
_TAG_BYTES = 16
_CHUNK_BYTES = 1 << 20
_SCRYPT_N, _SCRYPT_R, _SCRYPT_P = 1 << 16, 8, 1  # 64 MiB and a few tenths of a second for each guess


class SealedWriter(io.RawIOBase):
    """Takes bytes and writes them sealed; the file is whole once closed without an error, and absent before."""

    def __init__(self, path: Path, passphrase: str) -> None:
        """Raises InputError for a passphrase under 12 characters and for a file that is there already."""
        super().__init__()
        if len(passphrase) < LEAST_PASSPHRASE:
            raise InputError("The passphrase is too short.", hint=f"Use {LEAST_PASSPHRASE} characters or more.")
        if path.exists():
            raise InputError(f"{path} exists already.", hint="Name another file; a backup is never written over.")
        self._path = path
        self._temporary = path.with_name(f".{path.name}.part")
        salt, self._prefix = os.urandom(_SALT_BYTES), os.urandom(_PREFIX_BYTES)
        self._cipher = AESGCM(_key(passphrase, salt))
        self._pending = bytearray()
        self._counter = 0
        self._file: BinaryIO = os.fdopen(os.open(self._temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")
        self._file.write(_MAGIC + salt + self._prefix)

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        with memoryview(data) as view:  # type: ignore[arg-type]  # io's own signature takes any buffer
            self._pending += view
            size = view.nbytes
        # One byte more than a chunk has to wait: whether a chunk is the last is known when another follows.
        while len(self._pending) > _CHUNK_BYTES:
            self._seal(bytes(self._pending[:_CHUNK_BYTES]), last=False)
            del self._pending[:_CHUNK_BYTES]
        return size

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._seal(bytes(self._pending), last=True)
            self._file.flush()
            os.fsync(self._file.fileno())
        self._file.close()
        if kind is None:
            self._temporary.replace(self._path)
        else:
            self._temporary.unlink(missing_ok=True)
        self.close()

    def __enter__(self) -> Self:
        return self

    def _seal(self, chunk: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._prefix, self._counter, last=last), chunk, None))
        self._counter += 1


class SealedReader(io.RawIOBase):
    """Gives the bytes back. Reading raises InputError for another passphrase, for anything changed, and at the end of
    a file that was cut off."""

    def __init__(self, path: Path, passphrase: str) -> None:
        """Raises InputError for a file that cannot be read or is no backup."""
        super().__init__()
        try:
            self._file: BinaryIO = path.open("rb")
            head = self._file.read(len(_MAGIC) + _SALT_BYTES + _PREFIX_BYTES)
        except OSError as error:
            raise InputError(f"{path} cannot be read: {error.strerror}.") from error
        if not head.startswith(_MAGIC) or len(head) != len(_MAGIC) + _SALT_BYTES + _PREFIX_BYTES:
            self._file.close()
            raise InputError(f"{path} is no backup of Footfall.", hint="`footfall backup FILE` writes one.")
        salt = head[len(_MAGIC) : len(_MAGIC) + _SALT_BYTES]
        self._prefix = head[-_PREFIX_BYTES:]
        self._cipher = AESGCM(_key(passphrase, salt))
        self._counter = 0
        self._open = b""
        self._ended = False
        self._next = self._file.read(_CHUNK_BYTES + _TAG_BYTES)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._ended and (size < 0 or len(self._open) < size):
            self._unseal()
        taken = self._open if size < 0 else self._open[:size]
        self._open = self._open[len(taken) :]
        return taken

    def close(self) -> None:
        self._file.close()
        super().close()

    def _unseal(self) -> None:
        sealed, self._next = self._next, self._file.read(_CHUNK_BYTES + _TAG_BYTES)
        self._ended = not self._next
        try:
            self._open += self._cipher.decrypt(_nonce(self._prefix, self._counter, last=self._ended), sealed, None)
        except InvalidTag:
            raise InputError(
                "The backup cannot be opened." if self._counter == 0 else "The backup is damaged or was cut off.",
                hint="Give the passphrase that it was made with." if self._counter == 0 else "Use another copy of it.",
            ) from None
        self._counter += 1


def _key(passphrase: str, salt: bytes) -> bytes:
    scrypt = Scrypt(salt=salt, length=32, n=_SCRYPT_N, r=_SCRYPT_R, p=_SCRYPT_P)
    return scrypt.derive(passphrase.encode("utf-8"))


def _nonce(prefix: bytes, counter: int, *, last: bool) -> bytes:
    return prefix + counter.to_bytes(4, "big") + bytes([last])
