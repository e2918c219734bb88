"""One supervisor for a home: a lock that the kernel lets go when its holder ends, however it ends."""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from footfall.errors import ConflictError


@contextmanager
def only_supervisor(home: Path) -> Iterator[None]:
    """Holds the home's lock. Raises ConflictError when another process holds it."""
    path = _path(home)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with path.open("w") as lock:
        # Several attempts: `is_supervised`, asked at this moment, holds it for an instant.
        for pause_seconds in (0.05, 0.1, 0.2, None):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if pause_seconds is None:
                    raise ConflictError(
                        f"{home} already has a running stack.",
                        hint="`footfall status` shows it, `footfall down` stops it.",
                    ) from error
                time.sleep(pause_seconds)
        yield


def is_supervised(home: Path) -> bool:
    """Whether some process holds the home's lock, even one that has written no state yet."""
    try:
        with _path(home).open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return False


def _path(home: Path) -> Path:
    return home / "run" / "supervisor.lock"
