"""What is in a backup: the names of its members, its manifest, and reading them. Sealing is `sealed`'s; nothing is
written from here."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, get_args

from cli.backup.sealed import SealedReader
from footfall.errors import InputError
from footfall.stores.base import BucketKind

ROLES, DUMP, MANIFEST = "roles.sql", "database.dump", "manifest.json"
SECRETS, OBJECTS = "secrets/", "objects/"
BUCKETS: tuple[BucketKind, ...] = get_args(BucketKind)

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


def read_manifest(source: Path, passphrase: str) -> Manifest:
    """What the backup holds, once every byte of it was found to be as it was written. Raises InputError."""
    for name, content in members(source, passphrase):
        if name == MANIFEST:
            return Manifest(**json.loads(content.read()))
    raise InputError("The backup has no manifest.", hint="Use another copy of it.")


def members(source: Path, passphrase: str) -> Iterator[tuple[str, IO[bytes]]]:
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
