"""Replacing the master key that wraps the faces' keys: every key is wrapped anew, key rings are written anew, and only
when nothing is found that the former one wrapped is it destroyed. Faces' keys, pictures and templates stay as they are.
What wraps a key is `footfall.face_vault`'s. docs/adr/a-key-for-each-face.md

Whoever is killed anywhere is gone on with: what stands is told by the two files, and by each row's own master.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sqlalchemy import Engine

from contracts.base import TenantId
from footfall.errors import ConfigurationError, ConflictError, InputError
from footfall.face_vault import FaceVault, create_master, former_path, load_or_create_master, open_vault
from footfall.key_ring import RingState, read_ring, refresh_key_rings
from footfall.settings import Settings
from footfall.stores.postgres import face_keys as table
from footfall.stores.postgres import tenants
from footfall.tenancy import tenant_transaction, unbound_transaction

Step = Literal["prepared", "kept", "replaced", "batch", "rewrapped", "settled", "rings", "destroyed"]
Observe = Callable[[Step], None]

_BATCH_KEYS = 500


@dataclass(frozen=True, slots=True)
class Rotation:
    """`keys`: wrapped anew by this run. `rings`: as they were written. `completed`: whether the former master key is
    destroyed; where a ring is away it is kept, for that ring opens with it alone."""

    keys: int
    rings: list[RingState]
    completed: bool


def rotate_master(settings: Settings, engine: Engine, *, observe: Observe = lambda _: None) -> Rotation:
    """Replaces the master key, or goes on where a run before stopped. `engine`: of footfall_operator. Events go on
    meanwhile: running processes take the new key up by themselves, and read what either wrapped.

    Raises ConfigurationError for a master key that is in no file of this machine's and for keys that neither wrapped,
    ConflictError while another process does it, PostgresUnavailableError.
    """
    if settings.vault.master_key is not None:
        raise ConfigurationError(
            "The master key is in FOOTFALL_VAULT__MASTER_KEY, where it cannot be replaced.",
            hint="Put it into a file that FOOTFALL_VAULT__MASTER_KEY_FILE names, and start every process anew.",
        )
    path = settings.master_key_path
    load_or_create_master(settings)
    with _alone(path):
        _replace(path, observe)
        vault = open_vault(settings)
        keys = _rewrap(engine, vault, observe)
        rings = refresh_key_rings(settings, engine)
        observe("rings")
        if any(ring.fault is not None for ring in rings):
            return Rotation(keys, rings, completed=False)
        _require_rings(rings, vault)
        _destroy(former_path(path))
        observe("destroyed")
    return Rotation(keys, rings, completed=True)


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        # The folder's lock, for the file itself is replaced.
        fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise ConflictError("Another process replaces the master key.", hint="Wait until it is done.") from error
    finally:
        os.close(folder)


def _replace(path: Path, observe: Observe) -> None:
    """The key in use becomes the former one, and a fresh one takes its place; unless that has been done."""
    former = former_path(path)
    if former.exists() and not former.samefile(path):
        return
    fresh = path.with_name(f"{path.name}.next")
    try:
        fresh.unlink(missing_ok=True)  # of a run that died before anything was wrapped with it
        create_master(fresh)
        observe("prepared")
        if not former.exists():
            former.hardlink_to(path)
            _sync(path.parent)
        observe("kept")
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise ConfigurationError(
            f"The master key {path} cannot be replaced: {error.strerror}.",
            hint="The folder must be one that this user may write.",
        ) from error
    observe("replaced")


def _rewrap(engine: Engine, vault: FaceVault, observe: Observe) -> int:
    """Until nothing is found that another master key wrapped while nobody makes keys; how many were wrapped anew."""
    done = 0
    while True:
        for tenant_id in _tenant_ids(engine):
            while taken := _rewrap_batch(engine, tenant_id, vault):
                done += taken
                observe("batch")
        observe("rewrapped")
        # Whoever was making a key when the master key was replaced has committed it once this has the table.
        with unbound_transaction(engine) as holding:
            table.hold_still(holding)
            left = sum(_count(engine, tenant_id, vault) for tenant_id in _tenant_ids(engine))
        if not left:
            observe("settled")
            return done


def _rewrap_batch(engine: Engine, tenant_id: TenantId, vault: FaceVault) -> int:
    if not _count(engine, tenant_id, vault):
        return 0
    with tenant_transaction(engine, tenant_id) as connection:
        table.hold_still(connection)
        return table.rewrap_some(connection, tenant_id, vault, limit=_BATCH_KEYS)


def _count(engine: Engine, tenant_id: TenantId, vault: FaceVault) -> int:
    with tenant_transaction(engine, tenant_id) as connection:
        return table.count_wrapped_otherwise(connection, vault.master_id)


def _tenant_ids(engine: Engine) -> list[TenantId]:
    with unbound_transaction(engine) as connection:
        return tenants.all_ids(connection)


def _require_rings(rings: list[RingState], vault: FaceVault) -> None:
    """Reads every ring back. Raises InputError for one that holds a key of another master key."""
    for ring in rings:
        if any(entry.key.master_id != vault.master_id for entry in read_ring(ring.path, vault)):
            raise InputError(f"The key ring {ring.path} holds keys that the former master key wrapped.")


def _destroy(former: Path) -> None:
    try:
        with former.open("r+b") as file:
            file.write(bytes(former.stat().st_size))
            file.flush()
            os.fsync(file.fileno())
        former.unlink()
        _sync(former.parent)
    except OSError as error:
        raise ConfigurationError(
            f"The former master key {former} cannot be destroyed: {error.strerror}.", hint="Run the same again."
        ) from error


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
