"""The worker's side of being operated, put together: heartbeats, commands and configuration, in threads of their own.
What each does is in its own module."""

from __future__ import annotations

import logging
from threading import Event, Thread

from client.api import FootfallClient
from contracts.commands import CommandOrder, SetConfig
from contracts.workers import HeartbeatAnswer
from footfall.errors import ConfigurationError
from footfall.settings import Settings
from ingest_daemon.command_ledger import CommandLedger
from ingest_daemon.commands import CommandDesk
from ingest_daemon.configuration import Applied, LayeredConfiguration
from ingest_daemon.heartbeat import Heart
from ingest_daemon.operated import Operated
from ingest_daemon.registration import WorkerIdentity

logger = logging.getLogger(__name__)

_PATIENCE_SECONDS = 5.0


class Operations:
    """Between `start` and `stop`. Belongs to one daemon on a host that has registered."""

    def __init__(
        self,
        settings: Settings,
        identity: WorkerIdentity,
        client: FootfallClient,
        daemon: Operated,
        configuration: LayeredConfiguration,
        *,
        release: str,
    ) -> None:
        """Raises ConfigurationError for a ledger that cannot be used."""
        self._daemon = daemon
        self._configuration = configuration
        self._ledger = CommandLedger(settings.home / "ingest" / "commands.sqlite")
        self._stop = Event()
        self._desk = CommandDesk(daemon, client, identity.worker_id, self._ledger, configure=self._set_configuration)
        self._heart = Heart(
            daemon,
            client,
            identity.worker_id,
            release=release,
            advertised_url=settings.ingest.advertised_url,
            interval_seconds=identity.heartbeat_seconds,
            configuration_version=lambda: self._configuration.version,
            configured=self._received,
            ordered=self._desk.accept,
        )
        self._threads = [
            Thread(target=work, name=name, args=(self._stop,), daemon=True)
            for name, work in (("commands", self._desk.work), ("heartbeat", self._heart.work))
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Returns soon: what waits for the network is left to its own timeout."""
        self._stop.set()
        for thread in self._threads:
            thread.join(_PATIENCE_SECONDS)
        if not any(thread.is_alive() for thread in self._threads):
            self._ledger.close()

    def accept(self, order: CommandOrder) -> bool:
        """Of a command that came over the daemon's own surface."""
        return self._desk.accept(order)

    def _received(self, answer: HeartbeatAnswer) -> None:
        if answer.configuration is None:
            return
        self._configuration.receive(answer.configuration_version, answer.configuration)
        try:
            applied = self._configuration.apply(self._daemon)
        except ConfigurationError as error:
            logger.error("The server's configuration %d is not followed: %s", answer.configuration_version, error)
        else:
            logger.info(
                "The server's configuration %d: in force %s; pinned here %s; after a restart %s.",
                applied.version,
                ", ".join(applied.applied) or "nothing",
                ", ".join(applied.pinned) or "nothing",
                ", ".join(applied.after_restart) or "nothing",
            )

    def _set_configuration(self, _command: SetConfig) -> Applied:
        # The heartbeat that brought the command brought the configuration before it; a command that came directly is
        # a reason to ask for it now.
        self._heart.beat()
        return self._configuration.apply(self._daemon)
