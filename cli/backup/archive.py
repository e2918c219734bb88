"""What is in a backup and in which order. How it is sealed and how Postgres is dumped stand beside this module."""

from __future__ import annotations

import io
import json
import mimetypes
import shutil
import tarfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import IO, get_args
from uuid import UUID

from cli import stack
from cli.backup.database import EmbeddedPostgres
from cli.backup.sealed import SealedReader, SealedWriter
from cli.stack.credentials import load_or_create, write_private
from contracts.base import TenantId
from footfall.errors import ConfigurationError, ConflictError, InputError
from footfall.face_vault import open_vault, put_master
from footfall.key_ring import RingEntry, read_ring, remember_ring, write_ring
from footfall.pictures import SEALED_TYPE, sealed_face
from footfall.settings import Settings
from footfall.stores.base import BucketKind, ObjectStore
from footfall.stores.objects import S3ObjectStore

STORES = ("postgres", "s3")

_ROLES, _DUMP, _MANIFEST = "roles.sql", "database.dump", "manifest.json"
_SECRETS, _OBJECTS = "secrets/", "objects/"
_BUCKETS: tuple[BucketKind, ...] = get_args(BucketKind)
_OURS = ("postgres", "s3", "milvus", "secrets")

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. `rows`: by table, as of one moment. `objects` and `object_bytes`: images stored by then.
    `keys`: faces' keys in the key ring that was written with it; 0 in backups from before there were any."""

    footfall: str
    made_at: str
    rows: dict[str, int]
    objects: int
    object_bytes: int
    keys: int = 0


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


def make_backup(settings: Settings, target: Path, ring: Path, passphrase: str, progress: Progress) -> Manifest:
    """Writes the stack's record, images and secrets into the sealed file `target`, and the faces' keys, which are not
    in it, into the key ring `ring`. Works while the stack runs; one that is down has its stores started for as long as
    it takes.

    Rows are of one moment. Images come after them, so that each row's image is there; one that was stored meanwhile is
    in the backup without its row, and the nightly sweep takes it for an orphan after a restore.

    Raises InputError for the files and the passphrase, ConfigurationError for servers that are not the stack's own.
    """
    settings = stack.at_home(settings)
    _require_own(settings)
    vault = open_vault(settings)
    if not (settings.home / "secrets" / "stack.json").exists():
        raise ConfigurationError(f"There is no stack in {settings.home}.", hint="FOOTFALL_HOME names another folder?")
    _ = vault.master_id  # made now where there was none, so that it is among the secrets
    with (
        SealedWriter(target, passphrase) as sealed,
        _staging(settings.home) as staging,
        _stores(settings) as (postgres, objects),
        tarfile.open(fileobj=sealed, mode="w|") as archive,
    ):
        _add_secrets(archive, settings.home / "secrets")
        progress("roles and tables")
        with postgres.snapshot() as (snapshot, rows):
            postgres.dump_roles(staging / _ROLES)
            postgres.dump(staging / _DUMP, snapshot)
            tenant_ids = postgres.tenant_ids()
        for name in (_ROLES, _DUMP):
            archive.add(staging / name, arcname=name, filter=_plain)
        count, size = _add_objects(archive, objects, tenant_ids, progress)
        progress("the key ring")
        # After everything that is sealed with its keys; whose face is erased meanwhile is in it no more.
        keys = write_ring(ring, vault, postgres.face_keys())
        remember_ring(settings.home, ring)
        manifest = Manifest(version("footfall"), datetime.now(UTC).isoformat(), rows, count, size, keys)
        _add_bytes(archive, _MANIFEST, json.dumps(asdict(manifest)).encode())
    return manifest


def read_manifest(source: Path, passphrase: str) -> Manifest:
    """What the backup holds, once every byte of it was found to be as it was written. Raises InputError."""
    for name, content in _members(source, passphrase):
        if name == _MANIFEST:
            return Manifest(**json.loads(content.read()))
    raise InputError("The backup has no manifest.", hint="Use another copy of it.")


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
    _require_own(settings)
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
        with _staging(settings.home) as staging, _stores(settings) as (postgres, objects):
            objects.ensure()
            restored = _restore_rest(_members(source, passphrase), staging, postgres, objects, progress)
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


@contextmanager
def _stores(settings: Settings) -> Iterator[tuple[EmbeddedPostgres, ObjectStore]]:
    with stack.running_stack(settings, only=STORES) as running:
        credentials = load_or_create(settings.home / "secrets")
        yield (
            EmbeddedPostgres(running.state.ports["postgres"].port, credentials.postgres_superuser),
            S3ObjectStore(running.settings_for("api").s3),
        )


@contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """A folder that nobody else reads, gone afterwards: the dump lies there unsealed for as long as it takes."""
    folder = home / "run" / "backup"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _require_own(settings: Settings) -> None:
    if settings.offline or settings.postgres.dsn or settings.postgres.app_dsn or settings.s3.endpoint:
        raise ConfigurationError(
            "Only the stack's own Postgres and S3 server are backed up here.",
            hint="Back up servers of your own with their own tools, and FOOTFALL_HOME/secrets beside them.",
        )


def _add_secrets(archive: tarfile.TarFile, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _add_bytes(archive, f"{_SECRETS}{path.relative_to(folder)}", path.read_bytes())


def _add_objects(
    archive: tarfile.TarFile, objects: ObjectStore, tenant_ids: list[TenantId], progress: Progress
) -> tuple[int, int]:
    count, size = 0, 0
    for bucket in _BUCKETS:
        for tenant_id in tenant_ids:
            for item in objects.list(tenant_id, bucket):
                data = objects.get(tenant_id, bucket, item.key)
                _add_bytes(archive, f"{_OBJECTS}{bucket}/{item.key}", data)
                count, size = count + 1, size + len(data)
                if count % 500 == 0:
                    progress(f"{count} images")
    return count, size


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), 0o600
    archive.addfile(member, io.BytesIO(data))


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def _members(source: Path, passphrase: str) -> Iterator[tuple[str, IO[bytes]]]:
    """Names and contents, each to be read before the next."""
    with SealedReader(source, passphrase) as sealed:
        try:
            with tarfile.open(fileobj=sealed, mode="r|") as archive:
                for member in archive:
                    content = archive.extractfile(member)
                    if content is not None:
                        yield member.name, content
        except tarfile.TarError as error:
            raise InputError("The backup is damaged.", hint="Use another copy of it.") from error
        while sealed.read(1 << 20):
            pass  # the padding: its last chunk says that nothing was cut off


def _restore_secrets(home: Path, source: Path, passphrase: str) -> None:
    for name, content in _members(source, passphrase):
        if not name.startswith(_SECRETS):
            return
        path = home / "secrets" / name.removeprefix(_SECRETS)
        if not path.resolve().is_relative_to((home / "secrets").resolve()):
            raise InputError("The backup names a file outside the secrets.")
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(path, content.read().decode())


def _restore_rest(
    members: Iterator[tuple[str, IO[bytes]]],
    staging: Path,
    postgres: EmbeddedPostgres,
    objects: ObjectStore,
    progress: Progress,
) -> _Restored:
    count, size = 0, 0
    sealed: list[_SealedImage] = []
    for name, content in members:
        if name in {_ROLES, _DUMP}:
            with (staging / name).open("wb") as file:
                shutil.copyfileobj(content, file)
            if name == _DUMP:
                progress("roles and tables")
                postgres.restore(staging / _ROLES, staging / _DUMP)
        elif name.startswith(_OBJECTS):
            bucket, tenant, rest = name.removeprefix(_OBJECTS).split("/", 2)
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
    for known in _BUCKETS:
        if known == name:
            return known
    raise InputError(f"The backup names a bucket {name!r}, which this version does not know.")


def _compare(manifest: Manifest, rows: dict[str, int], restored: _Restored) -> None:
    wrong = sorted(name for name in manifest.rows.keys() | rows.keys() if manifest.rows.get(name) != rows.get(name))
    if (restored.objects, restored.object_bytes) != (manifest.objects, manifest.object_bytes):
        wrong.append("objects")
    if wrong:
        raise ConfigurationError(f"What was restored differs from the backup in {', '.join(wrong)}.")
