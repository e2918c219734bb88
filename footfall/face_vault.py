"""The master key of an installation, and the wrapping of the faces' keys by it. Where wrapped keys are kept, and what
is sealed with them, is not known here. docs/adr/a-key-for-each-face.md"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True, slots=True, eq=False)
class _Masters:
    """The master keys as they were read: `current` wraps, and each opens what it wrapped. `stamp`: of the file then."""

    stamp: object
    key: bytes = field(repr=False)
    current: bytes
    sealers: Mapping[bytes, Sealer] = field(repr=False)
    former: bytes | None = field(repr=False)


class FaceVault:
    """Makes and opens faces' keys. The master key is read, or made, at the first use, and again when another one has
    taken its place (`footfall.master_rotation`): running processes follow by themselves. Thread-safe.

    `seals`: whether what is written from now on is to be sealed. `load_former`: the master key before this one, as long
    as there is one. `stamp`: tells one state of the master key's file from another; None keeps what was read.
    """

    def __init__(
        self,
        load: Callable[[], bytes],
        *,
        seals: bool = True,
        load_former: Callable[[], bytes | None] = lambda: None,
        stamp: Callable[[], object] = lambda: None,
    ) -> None:
        self._load = load
        self._load_former = load_former
        self._stamp = stamp
        self._kept: _Masters | None = None
        self.seals = seals

    def new_key(self, tenant_id: TenantId, face_id: UUID) -> WrappedKey:
        """Raises ConfigurationError without a usable master key, as every method does."""
        return self._wrap(self._following(), tenant_id, face_id, secrets.token_bytes(KEY_BYTES))

    def rewrap(self, tenant_id: TenantId, face_id: UUID, key: WrappedKey) -> WrappedKey:
        """The same key, wrapped by the current master key. Raises as `unwrap`."""
        return self._wrap(self._following(), tenant_id, face_id, self._plain(tenant_id, face_id, key))

    def unwrap(self, tenant_id: TenantId, face_id: UUID, key: WrappedKey) -> Sealer:
        """What seals and opens for that face. Raises ConfigurationError for a key that another master key wrapped."""
        return Sealer(self._plain(tenant_id, face_id, key))

    def ring_sealer(self) -> Sealer:
        """What seals the key rings of backups, so that they can be written anew without a passphrase."""
        return _ring_sealer(self._following().key)

    def ring_openers(self) -> list[Sealer]:
        """What may open a key ring: one that was away while the master key was replaced has the former's."""
        masters = self._following()
        return [_ring_sealer(key) for key in (masters.key, masters.former) if key is not None]

    @property
    def master_id(self) -> bytes:
        """Names the master key and says nothing about it."""
        return self._following().current

    def _plain(self, tenant_id: TenantId, face_id: UUID, key: WrappedKey) -> bytes:
        masters = self._kept or self._following()
        if key.master_id not in masters.sealers:
            masters = self._read()
        sealer = masters.sealers.get(key.master_id)
        plain = None if sealer is None else sealer.open(key.wrapped, _context("key", tenant_id, face_id))
        if plain is None:
            raise ConfigurationError(
                "A face's key was wrapped by another master key." if sealer is None else "A face's key is damaged.",
                hint="Put the master key of this installation back: FOOTFALL_VAULT__MASTER_KEY_FILE, or faces.key among"
                " the secrets of a backup.",
            )
        return plain

    @staticmethod
    def _wrap(masters: _Masters, tenant_id: TenantId, face_id: UUID, plain: bytes) -> WrappedKey:
        sealer = masters.sealers[masters.current]
        return WrappedKey(sealer.seal(plain, _context("key", tenant_id, face_id)), masters.current)

    def _following(self) -> _Masters:
        """What is kept, or what has taken its place."""
        kept, stamp = self._kept, self._stamp()
        return kept if kept is not None and stamp in {None, kept.stamp} else self._read()

    def _read(self) -> _Masters:
        stamp = self._stamp()
        key, former = self._load(), self._load_former()
        if len(key) != KEY_BYTES:
            raise ConfigurationError(f"The master key of faces must have {KEY_BYTES} bytes, as 64 hexadecimal digits.")
        sealers = {_name(one): Sealer(one) for one in (former, key) if one is not None}
        self._kept = _Masters(stamp, key, _name(key), sealers, None if former == key else former)
        return self._kept


def open_vault(settings: Settings) -> FaceVault:
    """The vault of the installation that the settings describe. Reads nothing yet."""

    def load() -> bytes:
        given = settings.vault.master_key
        if given is not None:
            return _parsed(given.get_secret_value(), "FOOTFALL_VAULT__MASTER_KEY")
        return load_or_create_master(settings)

    if settings.vault.master_key is not None:
        return FaceVault(load, seals=settings.vault.seal)
    path = settings.master_key_path
    return FaceVault(
        load, seals=settings.vault.seal, load_former=lambda: read_former(path), stamp=lambda: _stamp_of(path)
    )


def former_path(path: Path) -> Path:
    """Where the master key before the one at `path` lies while it is being replaced."""
    return path.with_name(f"{path.name}.former")


def read_former(path: Path) -> bytes | None:
    """The master key before the one at `path`, where it still wraps anything. Raises ConfigurationError."""
    former = former_path(path)
    try:
        text = former.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The former master key {former} cannot be read.") from error
    # Zeros are what its destruction leaves for a moment.
    return _parsed(text, str(former)) if text.strip("\0") else None


def put_master(path: Path, source: Path) -> None:
    """Puts the master key that `source` holds in the place of the one at `path`. Raises ConfigurationError."""
    try:
        text = source.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The master key {source} cannot be read.") from error
    _write(path, _parsed(text, str(source)).hex())


def _stamp_of(path: Path) -> object:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def load_or_create_master(settings: Settings) -> bytes:
    """The master key in its file. In the home it is made when it is not there, by the first of several processes; a
    file that a setting names must exist. Raises ConfigurationError."""
    path = settings.master_key_path
    try:
        if settings.vault.master_key_file is None and not path.exists():
            create_master(path)
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


def _name(key: bytes) -> bytes:
    return sha256(b"footfall master key " + key).digest()[:MASTER_ID_BYTES]


def _ring_sealer(key: bytes) -> Sealer:
    return Sealer(HKDF(SHA256(), KEY_BYTES, salt=None, info=b"footfall key ring").derive(key))


def _parsed(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""  # Not chained below: the message of the cause would show a part of it.
    if len(key) != KEY_BYTES:
        raise ConfigurationError(f"{where} is no master key: it must be 64 hexadecimal digits.")
    return key


def create_master(path: Path) -> None:
    """A fresh master key, in a file that only its owner reads; the first of several processes makes it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        _write(temporary, secrets.token_hex(KEY_BYTES))
        # A hard link fails when the name is taken, a rename does not: the first of two wins.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
