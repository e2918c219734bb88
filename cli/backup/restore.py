"""Putting a backup back into an empty home: what is restored in which order, what it is held against, and what is
dropped because its key was destroyed. The gallery is `gallery`'s."""

from __future__ import annotations

import mimetypes
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from uuid import UUID

from cli import stack
from cli.backup.contents import (
    BUCKETS,
    DUMP,
    OBJECTS,
    ROLES,
    SECRETS,
    Manifest,
    Progress,
    members,
    read_manifest,
)
from cli.backup.database import EmbeddedPostgres
from cli.backup.own_stores import own_stores, require_own, staging_folder
from cli.stack.credentials import write_private
from contracts.base import TenantId
from footfall.errors import ConfigurationError, ConflictError, InputError
from footfall.face_vault import open_vault, put_master
from footfall.key_ring import RingEntry, read_ring
from footfall.pictures import SEALED_TYPE, sealed_face
from footfall.settings import Settings
from footfall.stores.base import BucketKind, ObjectStore

_OURS = ("postgres", "s3", "milvus", "secrets")


@dataclass(frozen=True, slots=True)
class Dropped:
    """What a restore left out because the key ring has no key for it any more: it was erased since the backup."""

    templates: int
    images: int


@dataclass(frozen=True, slots=True)
class _SealedImage:
    tenant_id: TenantId
    bucket: BucketKind
    key: str
    face_id: UUID


@dataclass(frozen=True, slots=True)
class _Restored:
    objects: int
    object_bytes: int
    sealed: list[_SealedImage]


def restore_backup(
    settings: Settings,
    source: Path,
    ring: Path,
    passphrase: str,
    progress: Progress,
    *,
    master_key: Path | None = None,
) -> tuple[Manifest, Dropped]:
    """Puts a backup into a home that has no stack yet, holds rows and images against the manifest, and then drops what
    no key of the ring opens. When anything fails the home is left as it was. `master_key`: the file of the one that the
    ring was written with, where it was replaced since the backup.

    Raises InputError for the files and the passphrase, ConflictError for a home that is in use, ConfigurationError when
    what was restored is not what was backed up.
    """
    settings = stack.at_home(settings)
    require_own(settings)
    used = [name for name in _OURS if (settings.home / name).exists()]
    if used:
        raise ConflictError(
            f"{settings.home} holds {', '.join(used)} already.", hint="Restore into another FOOTFALL_HOME."
        )
    progress("reading the backup through")
    manifest = read_manifest(source, passphrase)
    try:
        _restore_secrets(settings.home, source, passphrase)
        if master_key is not None:
            put_master(settings.master_key_path, master_key)
        entries = read_ring(ring, open_vault(settings)) if manifest.keys else []
        with staging_folder(settings.home) as staging, own_stores(settings) as (postgres, objects):
            objects.ensure()
            restored = _restore_rest(members(source, passphrase), staging, postgres, objects, progress)
            _compare(manifest, postgres.rows(), restored)
            dropped = _open(manifest, entries, postgres, objects, restored)
    except BaseException:
        for name in _OURS:
            shutil.rmtree(settings.home / name, ignore_errors=True)
        raise
    return manifest, dropped


def _open(
    manifest: Manifest, entries: list[RingEntry], postgres: EmbeddedPostgres, objects: ObjectStore, restored: _Restored
) -> Dropped:
    """Puts the keys beside what they open, and drops what none of them does."""
    if not manifest.keys:
        return Dropped(0, 0)
    postgres.put_face_keys(entries)
    opens = {(entry.tenant_id, entry.face_id) for entry in entries}
    lost = [one for one in restored.sealed if (one.tenant_id, one.face_id) not in opens]
    templates = postgres.drop_unreadable([one.key for one in lost])
    for one in lost:
        objects.delete(one.tenant_id, one.bucket, [one.key])
    return Dropped(templates, len(lost))


def _restore_secrets(home: Path, source: Path, passphrase: str) -> None:
    for name, content in members(source, passphrase):
        if not name.startswith(SECRETS):
            return
        path = home / "secrets" / name.removeprefix(SECRETS)
        if not path.resolve().is_relative_to((home / "secrets").resolve()):
            raise InputError("The backup names a file outside the secrets.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, content.read().decode())


def _restore_rest(
    found: Iterator[tuple[str, IO[bytes]]],
    staging: Path,
    postgres: EmbeddedPostgres,
    objects: ObjectStore,
    progress: Progress,
) -> _Restored:
    count, size = 0, 0
    sealed: list[_SealedImage] = []
    for name, content in found:
        if name in {ROLES, DUMP}:
            with (staging / name).open("wb") as file:
                shutil.copyfileobj(content, file)
            if name == DUMP:
                progress("roles and tables")
                postgres.restore(staging / ROLES, staging / DUMP)
        elif name.startswith(OBJECTS):
            bucket, tenant, rest = name.removeprefix(OBJECTS).split("/", 2)
            data = content.read()
            owner, into, face_id = TenantId(UUID(tenant)), _bucket(bucket), sealed_face(data)
            kind = SEALED_TYPE if face_id is not None else mimetypes.guess_type(rest)[0] or "application/octet-stream"
            key = objects.put(owner, into, rest, data, kind)
            if face_id is not None:
                sealed.append(_SealedImage(owner, into, key, face_id))
            count, size = count + 1, size + len(data)
            if count % 500 == 0:
                progress(f"{count} images")
    return _Restored(count, size, sealed)


def _bucket(name: str) -> BucketKind:
    for known in BUCKETS:
        if known == name:
            return known
    raise InputError(f"The backup names a bucket {name!r}, which this version does not know.")


def _compare(manifest: Manifest, rows: dict[str, int], restored: _Restored) -> None:
    wrong = sorted(name for name in manifest.rows.keys() | rows.keys() if manifest.rows.get(name) != rows.get(name))
    if (restored.objects, restored.object_bytes) != (manifest.objects, manifest.object_bytes):
        wrong.append("objects")
    if wrong:
        raise ConfigurationError(f"What was restored differs from the backup in {', '.join(wrong)}.")
