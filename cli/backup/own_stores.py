"""The stack's own stores, for as long as a backup or a restore takes, and a folder to work in. What is moved between
them is not known here."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli import stack
from cli.backup.database import EmbeddedPostgres
from cli.stack.credentials import load_or_create
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from footfall.stores.base import ObjectStore
from footfall.stores.objects import S3ObjectStore

STORES = ("postgres", "s3")


def require_own(settings: Settings) -> None:
    if settings.offline or settings.postgres.dsn or settings.postgres.app_dsn or settings.s3.endpoint:
        raise ConfigurationError(
            "Only the stack's own Postgres and S3 server are backed up here.",
            hint="Back up servers of your own with their own tools, and FOOTFALL_HOME/secrets beside them.",
        )


@contextmanager
def own_stores(settings: Settings) -> Iterator[tuple[EmbeddedPostgres, ObjectStore]]:
    with stack.running_stack(settings, only=STORES) as running:
        credentials = load_or_create(settings.home / "secrets")
        yield (
            EmbeddedPostgres(running.state.ports["postgres"].port, credentials.postgres_superuser),
            S3ObjectStore(running.settings_for("api").s3),
        )


@contextmanager
def staging_folder(home: Path) -> Iterator[Path]:
    """A folder that nobody else reads, gone afterwards: the dump lies there unsealed for as long as it takes."""
    folder = home / "run" / "backup"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
