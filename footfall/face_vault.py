"""The master key of an installation, and the wrapping of the faces' keys by it. Where wrapped keys are kept, and what
is sealed with them, is not known here. docs/adr/a-key-for-each-face.md"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import Connection

from contracts.base import TenantId
from footfall.errors import ConfigurationError
from footfall.sealing import KEY_BYTES, OVERHEAD_BYTES, Sealer
from footfall.settings import Settings

WRAPPED_BYTES = KEY_BYTES + OVERHEAD_BYTES
MASTER_ID_BYTES = 8

_OPTION = "footfall_face_vault"


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A face's key as it is kept: of no use without the master key that `master_id` names."""

    wrapped: bytes = field(repr=False)
    master_id: bytes


class FaceVault:
    """Makes and opens faces' keys. The master key is read, or made, at the first use. Thread-safe.

    `seals`: whether what is written from now on is to be sealed.
    """

    def __init__(self, load: Callable[[], bytes], *, seals: bool = True) -> None:
        self._load = load
        self.seals = seals

    def new_key(self, tenant_id: TenantId, face_id: UUID) -> WrappedKey:
        """Raises ConfigurationError without a usable master key, as every method does."""
        master_id, master = self._master
        return WrappedKey(master.seal(secrets.token_bytes(KEY_BYTES), _context("key", tenant_id, face_id)), master_id)

    def unwrap(self, tenant_id: TenantId, face_id: UUID, key: WrappedKey) -> Sealer:
        """What seals and opens for that face. Raises ConfigurationError for a key that another master key wrapped."""
        master_id, master = self._master
        plain = master.open(key.wrapped, _context("key", tenant_id, face_id))
        if plain is None:
            raise ConfigurationError(
                "A face's key was wrapped by another master key."
                if key.master_id != master_id
                else "A face's key is damaged.",
                hint="Put the master key of this installation back: FOOTFALL_VAULT__MASTER_KEY_FILE, or faces.key among"
                " the secrets of a backup.",
            )
        return Sealer(plain)

    def ring_sealer(self) -> Sealer:
        """What seals the key rings of backups, so that they can be written anew without a passphrase."""
        derived = HKDF(SHA256(), KEY_BYTES, salt=None, info=b"footfall key ring")
        return Sealer(derived.derive(self._load_checked))

    @property
    def master_id(self) -> bytes:
        """Names the master key and says nothing about it."""
        return self._master[0]

    @cached_property
    def _load_checked(self) -> bytes:
        key = self._load()
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"The master key of faces must have {KEY_BYTES} bytes, as 64 hexadecimal digits.")
        return key

    @cached_property
    def _master(self) -> tuple[bytes, Sealer]:
        key = self._load_checked
        return sha256(b"footfall master key " + key).digest()[:MASTER_ID_BYTES], Sealer(key)


def open_vault(settings: Settings) -> FaceVault:
    """The vault of the installation that the settings describe. Reads nothing yet."""

    def load() -> bytes:
        given = settings.vault.master_key
        if given is not None:
            return _parsed(given.get_secret_value(), "FOOTFALL_VAULT__MASTER_KEY")
        return load_or_create_master(settings)

    return FaceVault(load, seals=settings.vault.seal)


def load_or_create_master(settings: Settings) -> bytes:
    """The master key in its file. In the home it is made when it is not there, by the first of several processes; a
    file that a setting names must exist. Raises ConfigurationError."""
    path = settings.master_key_path
    try:
        if settings.vault.master_key_file is None and not path.exists():
            _create(path)
        text = path.read_text(encoding="ascii").strip()
        if path.stat().st_mode & 0o037:
            raise ConfigurationError(f"The master key {path} is open to others.", hint=f"chmod 600 {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The master key {path} cannot be read.", hint="Without it no kept face opens: restore it from a backup."
        ) from error
    return _parsed(text, str(path))


def carrying(vault: FaceVault) -> dict[str, object]:
    """Options for an engine: each of its connections then has the vault at hand."""
    return {_OPTION: vault}


def vault_of(connection: Connection) -> FaceVault:
    """Raises ConfigurationError for a connection that came without one."""
    vault = connection.get_execution_options().get(_OPTION)
    if not isinstance(vault, FaceVault):
        raise ConfigurationError("This connection cannot open kept faces: it was made without the master key.")
    return vault


def _context(what: str, tenant_id: TenantId, face_id: UUID) -> str:
    return f"footfall {what} of {tenant_id}/{face_id}"


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""  # Not chained below: the message of the cause would show a part of it.
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{where} is no master key: it must be 64 hexadecimal digits.")
    return key


def _create(path: Path) -> None:
    """A hard link fails when the name is taken, a rename does not: the first of two wins."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(KEY_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()
