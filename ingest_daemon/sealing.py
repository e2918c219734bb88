"""What lies on a camera host's disk is sealed under a key in a file that its owner alone reads. How things are sealed
is `footfall.sealing`'s; what is sealed is its user's matter.

It guards disks that are thrown away, sent in or copied without the key beside them. Whoever is root on the running host
reads the key, and sees the camera anyway.
"""

from __future__ import annotations

import os
from pathlib import Path

from footfall import sealing
from footfall.errors import ConfigurationError
from footfall.sealing import KEY_BYTES

__all__ = ["KEY_BYTES", "Sealer"]


class Sealer(sealing.Sealer):
    """With a key that lies in a file."""

    @classmethod
    def at(cls, path: Path) -> Sealer:
        """With the key in the file `path`, which is made, on the disk and readable by its owner alone, when it is not
        there. Raises ConfigurationError for a file that cannot be used as one."""
        try:
            key = path.read_bytes()
        except FileNotFoundError:
            key = _made(path)
        except OSError as error:
            raise ConfigurationError(f"The key {path} cannot be read: {error.strerror}.") from error
        if len(key) != KEY_BYTES:
            raise ConfigurationError(
                f"The key {path} is damaged.",
                hint="Put it back from a copy. Removing it gives up what waits in the outbox beside it.",
            )
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"The key {path} can be read by others.", hint=f"chmod 600 {path}")
        return cls(key)


def _made(path: Path) -> bytes:
    key = os.urandom(KEY_BYTES)
    partial = path.with_name(path.name + ".partial")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise ConfigurationError(f"The key {path} cannot be written: {error.strerror}.") from error
    return key
