"""Dagster as three parts: one code server that both others share, the webserver, the daemon. Assets are elsewhere."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from cli.stack.credentials import write_private
from cli.stack.parts.base import LOOPBACK, Health, base_environment
from cli.stack.parts.command import CommandPart
from cli.stack.parts.probes import grpc_health, http_health

CODE_MODULE = "orchestration.definitions"
DAEMON_MODULE = "orchestration.daemon"
ONE_AT_A_TIME = ("dagster/partition", "dagster/partition/tenant", "footfall/tenant")
DSN_VARIABLE = "FOOTFALL_POSTGRES__DAGSTER_DSN"
# Dagster stores UTC without saying so.
_HEARTBEAT_AGE = "select extract(epoch from (now() at time zone 'utc') - min(timestamp))::float8 from daemon_heartbeats"
_HEARTBEAT_SECONDS = 120  # the daemon writes one at its start and every 30 s


@dataclass(frozen=True, slots=True)
class Orchestrator:
    """Where Dagster lives. Webserver and daemon load no code of ours and are given no key but their own database's;
    runs are started by the code server, which has the operator's."""

    home: Path
    folder: Path
    code_port: int
    web_port: int
    dagster_dsn: str = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.web_port}"

    def code_part(self, environment: Mapping[str, str]) -> CommandPart:
        """Loads the definitions once: two processes of their own would cost their memory twice."""
        options = ("--host", LOOPBACK, "--port", str(self.code_port), "--location-name", "footfall")
        return CommandPart(
            name="dagster-code",
            argv=(sys.executable, *_DAGSTER, "api", "grpc", "--module-name", CODE_MODULE, *options, *_LOG),
            environment=self._environment(environment),
            working_directory=self.folder,
            check=partial(grpc_health, f"{LOOPBACK}:{self.code_port}", "/api.DagsterApi/Ping", name="the code server"),
            ports=(self.code_port,),
            make_ready=self.write_files,
        )

    def web_part(self) -> CommandPart:
        return CommandPart(
            name="dagster-web",
            argv=(
                *(sys.executable, "-m", "dagster_webserver", "--host", LOOPBACK, "--port", str(self.web_port)),
                *("--workspace", str(self._workspace), "--dagster-log-level", "warning"),
            ),
            environment=self._environment({}),
            working_directory=self.folder,
            check=partial(http_health, f"{self.url}/server_info", name="Dagster"),
            ports=(self.web_port,),
            url=self.url,
        )

    def daemon_part(self) -> CommandPart:
        return CommandPart(
            name="dagster-daemon",
            argv=(sys.executable, "-m", DAEMON_MODULE, "run", "--workspace", str(self._workspace), *_LOG),
            environment=self._environment({}),
            working_directory=self.folder,
            check=self._daemon_health,
        )

    def write_files(self) -> None:
        """dagster.yaml and workspace.yaml (JSON is YAML). The DSN stays in the environment."""
        instance = {
            "storage": {"postgres": {"postgres_url": {"env": DSN_VARIABLE}}},
            "concurrency": {
                "runs": {
                    "max_concurrent_runs": 1,  # one machine: a second run only slows the first
                    # Where it is raised, runs of one tenant or day still follow each other.
                    "tag_concurrency_limits": [
                        {"key": key, "value": {"applyLimitPerUniqueValue": True}, "limit": 1} for key in ONE_AT_A_TIME
                    ],
                },
                "pools": {"default_limit": 1},  # for runs that pass by the queue, as the demo's does
            },
            # A run whose process was killed counts as running until its job's dagster/max_runtime is over.
            "run_monitoring": {"enabled": True, "start_timeout_seconds": 180, "free_slots_after_run_end_seconds": 60},
            "freshness": {"enabled": True},
            "retention": {"schedule": {"purge_after_days": 30}, "sensor": {"purge_after_days": 7}},
            "telemetry": {"enabled": False},  # it is on unless said otherwise, and sends to the internet
            "nux": {"enabled": False},
        }
        server = {"host": LOOPBACK, "port": self.code_port, "location_name": "footfall"}
        workspace = {"load_from": [{"grpc_server": server}]}
        write_private(self.folder / "dagster.yaml", json.dumps(instance, indent=1))
        write_private(self._workspace, json.dumps(workspace, indent=1))

    @property
    def _workspace(self) -> Path:
        return self.folder / "workspace.yaml"

    def _environment(self, extra: Mapping[str, str]) -> dict[str, str]:
        own = {"DAGSTER_HOME": str(self.folder), "FOOTFALL_HOME": str(self.home), DSN_VARIABLE: self.dagster_dsn}
        return base_environment({**own, "DAGSTER_DISABLE_TELEMETRY": "1", **_SHORT_GOODBYE, **extra})

    def _daemon_health(self) -> Health:
        """The daemon serves nothing; its heartbeats in Dagster's storage are what its own liveness check reads."""
        try:
            with psycopg.connect(self.dagster_dsn, connect_timeout=2, application_name="footfall-stack") as connection:
                row = connection.execute(_HEARTBEAT_AGE).fetchone()
        except psycopg.Error:
            return Health(False, "its storage does not answer")
        if row is None or row[0] is None:
            return Health(False, "no heartbeat yet")
        age_seconds = float(row[0])
        return Health(age_seconds < _HEARTBEAT_SECONDS, f"heartbeat {age_seconds:.0f} s ago")


# The code server waits this long for calls that the stopped webserver and daemon will not end; its default is a minute.
_SHORT_GOODBYE = {"DAGSTER_GRPC_SHUTDOWN_GRACE_PERIOD": "2"}
_DAGSTER = ("-m", "dagster")
_LOG = ("--log-level", "warning")
