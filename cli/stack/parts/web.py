"""The API, the dashboards and the ingest daemon as parts. What they serve is theirs; how they are started is here."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import partial
from importlib.util import find_spec
from pathlib import Path

from cli.stack.parts.base import LOOPBACK, Health, base_environment
from cli.stack.parts.command import CommandPart
from cli.stack.parts.probes import http_health
from footfall.errors import ConfigurationError


def api_part(*, host: str, port: int, environment: Mapping[str, str], folder: Path) -> CommandPart:
    """uvicorn with one worker: the vision models are in memory once. Streams get five seconds to end at a stop."""
    url = f"http://{host}:{port}"
    command = ("-m", "uvicorn", "api.main:create_app", "--factory", "--host", host, "--port", str(port))
    # Which proxies are believed is a setting of the API's own; uvicorn would believe everybody on this machine.
    quiet = ("--no-access-log", "--no-server-header", "--no-proxy-headers", "--timeout-graceful-shutdown", "5")
    # Callers of the WebSocket say one short thing.
    bounded = ("--ws-max-size", "65536", "--ws-ping-interval", "20")
    return CommandPart(
        name="api",
        argv=(sys.executable, *command, *quiet, *bounded),
        environment=base_environment(environment),
        working_directory=folder,
        check=partial(http_health, f"{url}/readyz", name="the API", timeout_seconds=5.0),
        ports=(port,),
        url=url,
        stop_seconds=12.0,
    )


def dashboards_part(*, port: int, api_url: str, home: Path, folder: Path) -> CommandPart:
    """Streamlit. Of all settings it is told the API's address alone: people sign in with passwords of their own."""
    options = {
        "server.address": LOOPBACK,
        "server.port": port,
        "server.headless": "true",
        "server.fileWatcherType": "none",
        "server.maxUploadSize": 16,
        "browser.gatherUsageStats": "false",  # it is on unless said otherwise, and sends to the internet
        "browser.serverAddress": LOOPBACK,
        "client.toolbarMode": "viewer",
        "client.showErrorDetails": "none",
        "client.showErrorLinks": "false",  # they would hand the message to search engines
    }
    url = f"http://{LOOPBACK}:{port}"
    return CommandPart(
        name="dashboards",
        argv=(
            sys.executable,
            *("-m", "streamlit", "run", str(_module_folder("dashboards") / "app.py")),
            *(f"--{name}={value}" for name, value in options.items()),
        ),
        environment=base_environment({"FOOTFALL_API__URL": api_url, "FOOTFALL_HOME": str(home)}),
        working_directory=folder,
        check=partial(http_health, f"{url}/_stcore/health", name="Streamlit"),
        ports=(port,),
        url=url,
    )


def ingest_part(*, camera_id: str, host: str, port: int, environment: Mapping[str, str], folder: Path) -> CommandPart:
    """One daemon for one camera, as `footfall ingest` would run on the camera's host.

    The source stays in the environment: a camera's URL often holds its password, and every user of the machine may
    read a command line.
    """
    url = f"http://{host}:{port}"
    return CommandPart(
        name="ingest",
        argv=(sys.executable, "-m", "cli.main", "ingest", "--camera", camera_id, "--realtime", "--stay"),
        environment=base_environment(environment),
        working_directory=folder,
        check=partial(_ingest_health, url),
        ports=(port,),
        url=url,
    )


def _ingest_health(url: str) -> Health:
    """A daemon whose camera is away runs on, and says so: starting it again would not bring the camera back."""
    alive = http_health(f"{url}/healthz", name="the ingest daemon")
    if alive.ok and not http_health(f"{url}/readyz", name="the ingest daemon").ok:
        return Health(True, f"it runs, but something it needs is away: {url}/readyz")
    return alive


def _module_folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ConfigurationError(f"The package {package} is not installed.", hint="Run `make install`.")
    return Path(spec.origin).parent
