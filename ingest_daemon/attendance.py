"""Everything around the cameras of a running daemon: its surface, its word to systemd and, on a host that registered,
the threads through which the server operates it. Opened and closed with the daemon; the cameras are `daemon`'s."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CollectorRegistry

from client.api import FootfallClient
from footfall.settings import Settings
from ingest_daemon.configuration import LayeredConfiguration
from ingest_daemon.file_watch import FileWatch
from ingest_daemon.operated import Operated
from ingest_daemon.operations import Operations
from ingest_daemon.registration import WorkerIdentity, load_identity
from ingest_daemon.supervision import Supervision
from ingest_daemon.surface import Guarded, Reporting, Surface, tls_context
from ingest_daemon.surface_access import Gate, ServerKeys

logger = logging.getLogger(__name__)


@contextmanager
def attended(
    settings: Settings,
    client: FootfallClient,
    daemon: Operated,
    *,
    state: Reporting,
    registry: CollectorRegistry,
    lives: Callable[[], bool],
) -> Iterator[Supervision]:
    """`lives`: whether every camera that should be looked at is. Raises ConfigurationError for an identity, a
    configuration file or certificates that cannot be used."""
    ingest, identity = settings.ingest, load_identity(settings.home)
    with ExitStack() as closing:
        configuration = LayeredConfiguration(settings, _remembered_in(settings, identity), ingest.config_file)
        configuration.apply(daemon)
        if ingest.config_file is not None:
            watch = FileWatch(ingest.config_file, configuration, daemon)
            watch.start()
            closing.callback(watch.stop)
        operations = None
        if identity is not None:
            operations = Operations(settings, identity, client, daemon, configuration, release=version("footfall"))
        gate = Gate(
            secret=ingest.surface_secret,
            keys=None if identity is None else ServerKeys(settings.api_url),
            worker_id=None if identity is None else identity.worker_id,
            tenant_id=None if identity is None else identity.tenant_id,
        )
        tls = None
        if ingest.tls_certificate is not None:
            tls = tls_context(ingest.tls_certificate, ingest.tls_key, ingest.tls_client_ca)
        surface = Surface.open(
            ingest.host,
            ingest.port,
            state,
            registry,
            guarded=Guarded(gate, daemon, None if operations is None else operations.accept),
            tls=tls,
        )
        closing.callback(surface.close)
        logger.info("Status is served on %s.", surface.url)
        if operations is not None:
            operations.start()
            closing.callback(operations.stop)
        supervision = Supervision(lives)
        closing.callback(supervision.stopping)
        yield supervision


def _remembered_in(settings: Settings, identity: WorkerIdentity | None) -> Path | None:
    """What the API said is of no account on a host that is nobody's worker."""
    return None if identity is None else settings.home / "ingest" / "configuration.json"
