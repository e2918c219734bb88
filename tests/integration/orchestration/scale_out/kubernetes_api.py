"""As much of Kubernetes' API as a run launcher asks for, on loopback: it keeps the Jobs it is asked to make, and does
what a kubelet would, which is to run their command with their Secrets' variables. No cluster is here."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import yaml

JOBS = "/apis/batch/v1/namespaces/footfall/jobs"
TOKEN = "a-service-accounts-token"


@dataclass
class Cluster:
    """`secrets` and `config_maps`: by their names. `images`: the command that stands for each image's interpreter."""

    secrets: Mapping[str, Mapping[str, str]]
    images: Mapping[str, str]
    folder: Path
    refusing: bool = False
    jobs: list[dict[str, Any]] = field(default_factory=list)
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def create(self, job: dict[str, Any]) -> None:
        """As the kubelet: the first container's arguments, with its variables and those of its Secrets."""
        self.jobs.append(job)
        [container] = job["spec"]["template"]["spec"]["containers"]
        environment = {"PATH": "/usr/bin:/bin"}
        for source in container["envFrom"]:
            environment |= self.secrets[source["secretRef"]["name"]]
        environment |= {one["name"]: one["value"] for one in container["env"] if "value" in one}
        name = job["metadata"]["name"]
        argv = [*(container.get("command") or []), *container["args"]]
        assert argv[0] == "dagster"
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes[name] = subprocess.Popen(
                [self.images[container["image"]], "-m", *argv],
                env=environment,
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def state(self, name: str) -> dict[str, int]:
        code = self.processes[name].poll()
        return {"active": 1} if code is None else {"succeeded": 1} if code == 0 else {"failed": 1}


@contextmanager
def served(cluster: Cluster, kubeconfig: Path) -> Iterator[str]:
    """The API's URL, while the block runs; `kubeconfig` is written for it. Jobs that still run are killed with it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            job = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if not self._allowed():
                return
            if self.path != JOBS:
                self._status(404, "NotFound", f"no such path: {self.path}")
            elif cluster.refusing:
                self._status(
                    403,
                    "Forbidden",
                    'jobs.batch is forbidden: User "system:serviceaccount:footfall:footfall-dagster" cannot create '
                    'resource "jobs" in API group "batch" in the namespace "footfall"',
                )
            else:
                cluster.create(job)
                self._answer(201, job)

        def do_GET(self) -> None:
            name = self.path.partition("?")[0].removeprefix(f"{JOBS}/").removesuffix("/status")
            if not self._allowed():
                return
            if name not in cluster.processes:
                self._status(404, "NotFound", f'jobs.batch "{name}" not found')
                return
            [job] = [one for one in cluster.jobs if one["metadata"]["name"] == name]
            self._answer(200, {**job, "status": cluster.state(name)})

        def _allowed(self) -> bool:
            cluster.asked.append(f"{self.command} {self.path}")
            if self.headers.get("Authorization") == f"Bearer {TOKEN}":
                return True
            self._status(401, "Unauthorized", "Unauthorized")
            return False

        def _status(self, code: int, reason: str, message: str) -> None:
            told = {"status": "Failure", "message": message, "reason": reason, "code": code}
            self._answer(code, {"kind": "Status", "apiVersion": "v1", "metadata": {}, **told})

        def _answer(self, code: int, body: Mapping[str, Any]) -> None:
            content = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_told: object) -> None:
            """Nothing: what was asked is in `asked`."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}"
        kubeconfig.write_text(yaml.safe_dump(_kubeconfig(url)), encoding="utf-8")
        try:
            yield url
        finally:
            server.shutdown()
            for process in cluster.processes.values():
                process.kill()
                process.wait()


def _kubeconfig(url: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "here", "user": "dagster"}}],
        "clusters": [{"name": "here", "cluster": {"server": url}}],
        "users": [{"name": "dagster", "user": {"token": TOKEN}}],
    }
