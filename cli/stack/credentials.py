"""The passwords and keys that the stack makes for its own parts: once, for one home. Users' keys are not among them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import stat
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

from footfall.errors import ConfigurationError

FILE_NAME = "stack.json"
_BYTES = 24


@dataclass(frozen=True, slots=True)
class Credentials:
    """Random, URL-safe without escaping, and never shown: `repr` is empty."""

    postgres_superuser: str = field(repr=False)
    postgres_owner: str = field(repr=False)
    postgres_app: str = field(repr=False)
    postgres_operator: str = field(repr=False)
    postgres_transform: str = field(repr=False)
    postgres_dagster: str = field(repr=False)
    s3_access_key: str = field(repr=False)
    s3_secret_key: str = field(repr=False)
    s3_internal_key: str = field(repr=False)
    fingerprint_key: str = field(repr=False)


def load_or_create(folder: Path) -> Credentials:
    """The credentials of the home whose secrets lie in `folder`, made now when there are none.

    The folder is 0700, the file 0600 from its first byte on and complete or absent: two starters at once end up
    with the same one. Raises ConfigurationError when it cannot be read or lacks something.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    path = folder / FILE_NAME
    if not path.exists():
        _create(path)
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
        path.chmod(0o600)
        return Credentials(**{item.name: held[item.name] for item in fields(Credentials)})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigurationError(
            f"The stack's secrets in {path} cannot be read.",
            hint="Restore the file from a backup: the embedded Postgres and S3 server know these passwords alone.",
        ) from error


def open_to_others(folder: Path) -> list[Path]:
    """Files and folders at and under `folder` that anyone but their owner may read, write or enter."""
    return [path for path in (folder, *folder.rglob("*")) if stat.S_IMODE(path.stat().st_mode) & 0o077]


def write_private(path: Path, text: str) -> None:
    """Replaces the file whole, 0600 from its first byte on."""
    temporary = _write_beside(path, text)
    temporary.replace(path)


def _create(path: Path) -> None:
    made = Credentials(**{item.name: secrets.token_hex(_BYTES) for item in fields(Credentials)})
    temporary = _write_beside(path, json.dumps(asdict(made), indent=1))
    try:
        # A hard link fails when the name is taken, a rename does not: the first of two starters wins.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(temporary)
    finally:
        temporary.unlink()


def _write_beside(path: Path, text: str) -> Path:
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return temporary
