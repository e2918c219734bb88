"""Room on the disk that is kept for taking events away. SQLite needs some to delete: without it an outbox that has
filled its disk could send what it holds for ever and never forget it."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RESERVE_BYTES = 1 << 20
"""Twice what the journal grows to before it is written over (`database`)."""


class Reserve:
    """A file of zeros beside the outbox. It is given up when a deletion finds the disk full, and made again once there
    is room."""

    def __init__(self, outbox: Path) -> None:
        self._path = outbox.with_name(outbox.name + ".reserve")

    @property
    def short(self) -> bool:
        """Whether the disk has so little room that new events may only take the place of old ones."""
        try:
            found = os.statvfs(self._path.parent)
        except OSError:
            return False
        return found.f_bavail * found.f_frsize < RESERVE_BYTES

    def hold(self) -> None:
        """Makes the file where it is missing and the disk has room for it and as much again."""
        with suppress(OSError):
            found = os.statvfs(self._path.parent)
            if self._path.exists() or found.f_bavail * found.f_frsize < 2 * RESERVE_BYTES:
                return
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.posix_fallocate(descriptor, 0, RESERVE_BYTES)
            except OSError:
                self._path.unlink()
            finally:
                os.close(descriptor)

    def release(self) -> bool:
        """Gives the room up; answers whether there was any."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
