"""One process for each outbox: the lock beside the file. What is in the outbox is `store`'s."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from footfall.errors import ConfigurationError


class OutboxLock:
    """Held until `release`, or until the process ends, however it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, outbox: Path) -> OutboxLock:
        """Makes the folder where it is missing. Raises ConfigurationError when another process holds the lock or the
        folder cannot be written."""
        file = outbox.with_name(outbox.name + ".lock")
        try:
            file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"The outbox {outbox} cannot be written: {error.strerror}.",
                hint="Check the folder's permissions, or set FOOTFALL_INGEST__OUTBOX.",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            raise ConfigurationError(
                f"Another worker is using the outbox {outbox}.",
                hint="Stop it, or give this one its own with FOOTFALL_INGEST__OUTBOX.",
            ) from None
        return cls(descriptor)

    def release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
