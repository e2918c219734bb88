"""Has the daemon follow its configuration file while it runs, in a thread of its own. What the file may say, and what
goes before it, is `configuration`'s."""

from __future__ import annotations

import logging
from pathlib import Path
from threading import Event, Thread

from footfall.errors import ConfigurationError
from ingest_daemon.configuration import LayeredConfiguration
from ingest_daemon.operated import Operated

logger = logging.getLogger(__name__)

LOOK_SECONDS = 2.0
_Signature = tuple[int, int, int] | None


class FileWatch:
    """Between `start` and `stop`. `file` was followed when this was made."""

    def __init__(self, file: Path, configuration: LayeredConfiguration, daemon: Operated) -> None:
        self._file = file
        self._configuration = configuration
        self._daemon = daemon
        self._followed = _signature(file)
        self._stop = Event()
        self._thread = Thread(target=self._work, name="configuration file", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def look(self) -> bool:
        """Whether the file is another one than before, which the daemon follows now. One that is wrong or gone changes
        nothing, and is said once."""
        found = _signature(self._file)
        if found == self._followed:
            return False
        self._followed = found
        try:
            self._configuration.apply(self._daemon)
        except ConfigurationError as error:
            logger.error("The configuration file is not followed; what held before still does: %s", error)
            return False
        logger.info("The configuration file %s has changed, and is followed.", self._file)
        return True

    def _work(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            self.look()


def _signature(file: Path) -> _Signature:
    """Other for every other content that is written; None for none."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
