"""A real Milvus server for benchmarks and tests, in an environment of its own. The product's parts are cli.stack's."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.stack.parts.base import Launch, base_environment
from cli.stack.parts.milvus import ListeningMilvus
from cli.stack.ports import free_ports
from cli.stack.running import running_part
from footfall.errors import ServiceUnavailableError

_REQUIREMENTS = Path(__file__).with_name("milvus-server.txt")
_INSTALL_SECONDS = 600
_START_SECONDS = 120.0

SERVER_CONFIGURATION = (
    # Its provisional index over rows that have none yet looks into 16 of 128 clusters, whatever a search asks for:
    # a third of the people are not found while it stands in.
    "queryNode.segcore.interimIndex.enableIndex=false",
    # A write waits until every search sees it, which is at the next tick: by default that is 200 ms away.
    "proxy.timeTickInterval=10",
)


@dataclass(frozen=True, slots=True)
class MilvusServerPart(ListeningMilvus):
    """`environment`: the folder that `install_server` made."""

    environment: Path

    @property
    def name(self) -> str:
        return "milvus-server"

    def launch(self) -> Launch:
        extra = tuple(word for line in SERVER_CONFIGURATION for word in ("--extra-config", line))
        return Launch(
            argv=(
                str(self.environment / "bin" / "milvus-server"),
                *("--data", str(self.folder)),
                *("--proxy-port", str(self.port)),
                *extra,
            ),
            environment=base_environment({}),
            working_directory=self.folder,
            stop_signal=signal.SIGINT,
            stop_seconds=30.0,
        )


def install_server(home: Path) -> Path:
    """The environment in `<home>/milvus-server`, made when it is missing; its packages are pinned by their hashes.

    Raises ServiceUnavailableError where it cannot be installed.
    """
    environment = home.absolute() / "milvus-server" / "env"
    if (environment / "bin" / "milvus-server").exists():
        return environment
    python = environment / "bin" / "python"
    steps = (
        [sys.executable, "-m", "venv", str(environment)],
        [str(python), "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(_REQUIREMENTS)],
    )
    try:
        for step in steps:
            subprocess.run(step, check=True, capture_output=True, text=True, timeout=_INSTALL_SECONDS)
    except (OSError, subprocess.SubprocessError) as error:
        said = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        raise ServiceUnavailableError(
            f"The real Milvus server cannot be installed here: {said[-1] if said else error}.",
            hint="It is a Linux x86-64 package from the package index.",
        ) from error
    return environment


@contextmanager
def running_server(home: Path, folder: Path) -> Iterator[str]:
    """The URI of a server that runs for as long as the block does, its data in `folder`.

    Raises ServiceUnavailableError where it cannot be installed or does not start.
    """
    part = MilvusServerPart(folder, free_ports(1)[0], install_server(home))
    with running_part(part, folder.with_suffix(".log"), start_seconds=_START_SECONDS):
        yield part.url
