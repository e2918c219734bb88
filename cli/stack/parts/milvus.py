"""The embedded Milvus: `milvus-lite server` over gRPC. Collections are the vector store's."""

from __future__ import annotations

import signal
import sys
from dataclasses import dataclass
from pathlib import Path

from cli.stack.parts.base import LOOPBACK, Health, Launch, base_environment
from cli.stack.parts.probes import milvus_health

_UNINDEXED_BYTES = 400_000
"""What it holds before it writes a segment: some 180 vectors. Beyond that it walks row by row through Python: with
its own 128 MB a search among 3,000 new vectors takes 100 ms instead of 4."""


@dataclass(frozen=True, slots=True)
class ListeningMilvus:
    """What any Milvus on this machine has, whichever engine it is: a folder of its own and a port on loopback."""

    folder: Path
    port: int

    @property
    def ports(self) -> tuple[int, ...]:
        return (self.port,)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def prepare(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def tidy(self) -> None:
        """Everything is inside its folder."""

    def probe(self) -> Health:
        return milvus_health(self.url, token=None)

    def initialise(self) -> None:
        """Nothing: the vector store makes its collection when it is first used."""


@dataclass(frozen=True, slots=True)
class MilvusPart(ListeningMilvus):
    """Milvus Lite knows no users: loopback alone keeps strangers out, so the host is never anything else."""

    @property
    def name(self) -> str:
        return "milvus"

    def launch(self) -> Launch:
        return Launch(
            argv=(
                sys.executable,
                "-m",
                "footfall.stores.milvus_lite",  # Milvus Lite's own server with a faster search
                "server",
                "--data-dir",
                str(self.folder),
                "--host",
                LOOPBACK,
                "--port",
                str(self.port),
                # Its engine is no more than one writer's: two at once tear its log, and a kill then loses what was
                # acknowledged. One worker is the lock that holds for every client: see docs/adr/one-milvus-worker.md.
                "--max-workers",
                "1",
            ),
            environment=base_environment({"MILVUS_LITE_MEMTABLE_MEMORY_LIMIT_BYTES": str(_UNINDEXED_BYTES)}),
            working_directory=self.folder,
            stop_signal=signal.SIGINT,  # the only one on which it closes its files
            stop_seconds=12.0,
        )
