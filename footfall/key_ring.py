"""Key rings: every face's key in one small file beside the backups, which have none. A backup's faces open with the
newest ring alone, so that a face whose key was destroyed opens in no backup. What is in a backup is not known here.

The keys in it are wrapped, and the file is sealed with a key made of the master key, so that it can be written anew
without the backups' passphrase. docs/adr/a-key-for-each-face.md
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import ConfigurationError, InputError
from footfall.face_vault import MASTER_ID_BYTES, WRAPPED_BYTES, FaceVault, WrappedKey, open_vault
from footfall.settings import Settings
from footfall.stores.postgres import tenants
from footfall.stores.postgres.face_keys import every_key
from footfall.tenancy import tenant_transaction, unbound_transaction

RING_NAME = "footfall.keyring"

_MARK = b"footfall-key-ring-1\n"
_CONTEXT = "footfall key ring"
_ID_BYTES = 16
_ENTRY_BYTES = 2 * _ID_BYTES + WRAPPED_BYTES + MASTER_ID_BYTES
_KNOWN_FILE = "key-rings.json"


@dataclass(frozen=True, slots=True)
class RingEntry:
    tenant_id: TenantId
    face_id: UUID
    key: WrappedKey


@dataclass(frozen=True, slots=True)
class RingState:
    """What became of a ring that was to be written anew: `fault` says why it was not."""

    path: Path
    keys: int
    fault: str | None


def write_ring(path: Path, vault: FaceVault, entries: Iterable[RingEntry]) -> int:
    """Writes the ring in place of the one that is there, whole or not at all; how many keys it has.

    Raises InputError for a file that is there and is no ring of this installation: other backups may need it.
    """
    if path.exists():
        read_ring(path, vault)
    packed = b"".join(_packed(entry) for entry in entries)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(_MARK + vault.ring_sealer().seal(packed, _CONTEXT))
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise InputError(f"The key ring {path} cannot be written: {error.strerror}.") from error
    return len(packed) // _ENTRY_BYTES


def read_ring(path: Path, vault: FaceVault) -> list[RingEntry]:
    """Raises InputError for a file that is not there, is damaged, or is another installation's."""
    try:
        held = path.read_bytes()
    except OSError as error:
        raise InputError(
            f"The key ring {path} cannot be read: {error.strerror}.", hint="Backups open with the newest key ring."
        ) from error
    sealed = held[len(_MARK) :] if held.startswith(_MARK) else b""
    found = (opener.open(sealed, _CONTEXT) for opener in vault.ring_openers())
    plain = next((opened for opened in found if opened is not None), None)
    if plain is None or len(plain) % _ENTRY_BYTES:
        raise InputError(
            f"{path} is no key ring of this installation.",
            hint="Keep the backups of each installation in a folder. A backup from before the master key was replaced "
            "needs the present one: `footfall restore --master-key`.",
        )
    return [_unpacked(plain[start : start + _ENTRY_BYTES]) for start in range(0, len(plain), _ENTRY_BYTES)]


def remember_ring(home: Path, path: Path) -> None:
    """Has the ring written anew from now on whenever keys are destroyed."""
    _store(home, [*(known for known in known_rings(home) if known != path.resolve()), path.resolve()])


def forget_ring(home: Path, path: Path) -> bool:
    """Whether it was known."""
    known = known_rings(home)
    _store(home, [one for one in known if one != path.resolve()])
    return path.resolve() in known


def known_rings(home: Path) -> list[Path]:
    """Raises ConfigurationError for a list that cannot be read."""
    path = home / _KNOWN_FILE
    if not path.exists():
        return []
    try:
        return [Path(str(one)) for one in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        raise ConfigurationError(f"The list of key rings {path} cannot be read.") from error


def refresh_key_rings(settings: Settings, engine: Engine) -> list[RingState]:
    """Writes every known key ring anew, without the keys that were destroyed since. `engine`: of footfall_operator.

    For after the transaction that destroyed keys. Does not raise for a ring that is away, on a disk that is not
    mounted for one: its state says so, and until it is written it still has the keys.
    """
    rings = known_rings(settings.home)
    if not rings:
        return []
    vault = open_vault(settings)
    entries = list(_every_entry(engine))
    return [_rewritten(path, vault, entries) for path in rings]


def _rewritten(path: Path, vault: FaceVault, entries: list[RingEntry]) -> RingState:
    try:
        read_ring(path, vault)
        return RingState(path, write_ring(path, vault, entries), None)
    except InputError as error:
        return RingState(path, 0, error.message)


def _every_entry(engine: Engine) -> Iterator[RingEntry]:
    with unbound_transaction(engine) as connection:
        tenant_ids = tenants.all_ids(connection)
    for tenant_id in tenant_ids:
        with tenant_transaction(engine, tenant_id) as connection:
            for kept in every_key(connection):
                yield RingEntry(tenant_id, kept.face_id, kept.key)


def _packed(entry: RingEntry) -> bytes:
    return entry.tenant_id.bytes + entry.face_id.bytes + entry.key.wrapped + entry.key.master_id


def _unpacked(packed: bytes) -> RingEntry:
    key_from = 2 * _ID_BYTES
    return RingEntry(
        TenantId(UUID(bytes=packed[:_ID_BYTES])),
        UUID(bytes=packed[_ID_BYTES:key_from]),
        WrappedKey(packed[key_from : key_from + WRAPPED_BYTES], packed[key_from + WRAPPED_BYTES :]),
    )


def _store(home: Path, paths: list[Path]) -> None:
    path = home / _KNOWN_FILE
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps([str(one) for one in paths]), encoding="utf-8")
    temporary.replace(path)
