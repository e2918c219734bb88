"""Writing a backup: in which order the record, the images and the secrets go into it. How it is sealed and how Postgres
is dumped stand beside this module, and so does putting one back."""

from __future__ import annotations

import io
import json
import tarfile
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from cli import stack
from cli.backup.contents import BUCKETS, DUMP, MANIFEST, OBJECTS, ROLES, SECRETS, Manifest, Progress
from cli.backup.own_stores import own_stores, require_own, staging_folder
from cli.backup.sealed import SealedWriter
from contracts.base import TenantId
from footfall.errors import ConfigurationError
from footfall.face_vault import open_vault
from footfall.key_ring import remember_ring, write_ring
from footfall.settings import Settings
from footfall.stores.base import ObjectStore


def make_backup(settings: Settings, target: Path, ring: Path, passphrase: str, progress: Progress) -> Manifest:
    """Writes the stack's record, images and secrets into the sealed file `target`, and the faces' keys, which are not
    in it, into the key ring `ring`. Works while the stack runs; one that is down has its stores started for as long as
    it takes.

    Rows are of one moment. Images come after them, so that each row's image is there; one that was stored meanwhile is
    in the backup without its row, and the nightly sweep takes it for an orphan after a restore.

    Raises InputError for the files and the passphrase, ConfigurationError for servers that are not the stack's own.
    """
    settings = stack.at_home(settings)
    require_own(settings)
    vault = open_vault(settings)
    if not (settings.home / "secrets" / "stack.json").exists():
        raise ConfigurationError(f"There is no stack in {settings.home}.", hint="FOOTFALL_HOME names another folder?")
    _ = vault.master_id  # made now where there was none, so that it is among the secrets
    with (
        SealedWriter(target, passphrase) as sealed,
        staging_folder(settings.home) as staging,
        own_stores(settings) as (postgres, objects),
        tarfile.open(fileobj=sealed, mode="w|") as archive,
    ):
        _add_secrets(archive, settings.home / "secrets")
        progress("roles and tables")
        with postgres.snapshot() as (snapshot, rows):
            postgres.dump_roles(staging / ROLES)
            postgres.dump(staging / DUMP, snapshot)
            tenant_ids = postgres.tenant_ids()
        for name in (ROLES, DUMP):
            archive.add(staging / name, arcname=name, filter=_plain)
        count, size = _add_objects(archive, objects, tenant_ids, progress)
        progress("the key ring")
        # After everything that is sealed with its keys; whose face is erased meanwhile is in it no more.
        keys = write_ring(ring, vault, postgres.face_keys())
        remember_ring(settings.home, ring)
        manifest = Manifest(version("footfall"), datetime.now(UTC).isoformat(), rows, count, size, keys)
        _add_bytes(archive, MANIFEST, json.dumps(asdict(manifest)).encode())
    return manifest


def _add_secrets(archive: tarfile.TarFile, folder: Path) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            _add_bytes(archive, f"{SECRETS}{path.relative_to(folder)}", path.read_bytes())


def _add_objects(
    archive: tarfile.TarFile, objects: ObjectStore, tenant_ids: list[TenantId], progress: Progress
) -> tuple[int, int]:
    count, size = 0, 0
    for bucket in BUCKETS:
        for tenant_id in tenant_ids:
            for item in objects.list(tenant_id, bucket):
                data = objects.get(tenant_id, bucket, item.key)
                _add_bytes(archive, f"{OBJECTS}{bucket}/{item.key}", data)
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
