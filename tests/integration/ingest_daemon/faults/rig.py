"""The one-machine stack and daemons that send to it, both real processes; and the ways to disturb them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import psycopg

from cli.stack import Stack, read_state
from client.api import FootfallClient
from contracts.base import CameraId, TenantId
from contracts.places import CameraCreate, SiteCreate
from footfall import access, provisioning
from footfall.stores.postgres.engine import owner_engine
from tests.integration.ingest_daemon.faults import feeder
from tests.integration.ingest_daemon.faults.ledger import VISIT_GAP, Ledger, count_events, read_ledger
from tests.servers import ADMIN_PASSWORD

ADMIN_EMAIL = "admin@example.com"
ABREAST = 4
LONGEST_SECONDS = 3600.0
STARTED_AT = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


@dataclass(frozen=True)
class Film:
    """So many sightings, each of one event or of two: when the person is sure, and when they have left."""

    sightings: int
    events_each: int = 2

    @property
    def source(self) -> str:
        people = max(1, self.sightings * 3 // 10)
        return f"synthetic:{self.sightings}?people={people}&abreast={ABREAST}&seen=0.3&apart=0.4"

    @property
    def tuning(self) -> dict[str, str]:
        sure_after = "0.1" if self.events_each == 2 else "1.0"
        return {"FOOTFALL_INGEST__SURE_AFTER_SECONDS": sure_after, "FOOTFALL_INGEST__LOST_AFTER_SECONDS": "0.2"}


@dataclass(frozen=True)
class Door:
    """A camera of a tenant of its own, its host's folder and key."""

    tenant_id: TenantId
    camera_id: UUID
    key: str = field(repr=False)
    home: Path


@dataclass
class Outcome:
    """Of all the daemon's lives together. `told`: what each said at its end; one that was killed says nothing."""

    told: list[dict[str, object]]
    lives: int

    @property
    def dropped(self) -> int:
        """Events that the daemon's counters say were lost."""
        return sum(int(str(one["dropped"])) + int(str(one["set_aside"])) for one in self.told)


class Daemon:
    """A daemon under something like a service manager: when it ends before all is sent, it is started again."""

    def __init__(self, command: list[str], environment: Mapping[str, str], log: Path) -> None:
        self._command, self._environment, self._log = command, dict(environment), log
        self._told: list[dict[str, object]] = []
        self._lives = 0
        self._process = self._start()

    @property
    def done(self) -> bool:
        """Looks after the process; True once it ended with everything sent."""
        code = self._process.poll()
        if code is None:
            return False
        out = self._process.communicate()[0]
        self._told += [json.loads(line) for line in out.splitlines()]
        if code == 0:
            return True
        assert code in {3, -signal.SIGKILL}, f"the daemon ended with {code}: {self._log.read_text()[-3000:]}"
        self._process = self._start()
        return False

    def kill(self) -> None:
        # The daemon itself, also where something started it.
        self._process.send_signal(signal.SIGKILL)

    def outcome(self) -> Outcome:
        return Outcome(self._told, self._lives)

    def end(self) -> None:
        if self._process.poll() is None:
            self._process.kill()
        if self._process.stdout is not None and not self._process.stdout.closed:
            self._process.communicate()

    def _start(self) -> subprocess.Popen[bytes]:
        self._lives += 1
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, env=self._environment, stdout=subprocess.PIPE, stderr=log)


@dataclass(frozen=True)
class Rig:
    stack: Stack
    folder: Path

    @property
    def owner_dsn(self) -> str:
        return self.stack.environment("schema")["FOOTFALL_POSTGRES__DSN"]

    @property
    def api_url(self) -> str:
        return self.stack.url("api")

    def door(self, name: str) -> Door:
        tenant_id = provisioning.create_tenant(
            self.owner_dsn,
            slug=name,
            name=name,
            privacy_mode="identify",
            legal_basis="consent",
            retention_days=30,
            admin_email=ADMIN_EMAIL,
            admin_password=ADMIN_PASSWORD,
        )
        with FootfallClient(self.api_url, tenant=name, email=ADMIN_EMAIL, password=ADMIN_PASSWORD) as admin:
            gap = int(VISIT_GAP.total_seconds() // 60)
            site = admin.create_site(SiteCreate(name="Hall", timezone="Europe/Vienna", visit_gap_minutes=gap))
            camera_id = admin.create_camera(CameraCreate(site_id=site.site_id, name="Door")).camera_id
        with owner_engine(self.owner_dsn) as engine:
            key = access.create_api_key(engine, tenant_id, name="host", role="worker", camera_ids=[CameraId(camera_id)])
        home = self.folder / name
        home.mkdir()
        return Door(tenant_id, camera_id, key, home)

    def daemon(
        self,
        door: Door,
        film: Film,
        *,
        prefix: tuple[str, ...] = (),
        api_url: str | None = None,
        patience_seconds: float = 120.0,
        variables: Mapping[str, str] | None = None,
    ) -> Daemon:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FOOTFALL_")}
        environment = {
            **clean,
            "PYTHONPATH": str(Path(__file__).parents[4]),
            "FOOTFALL_HOME": str(door.home),
            "FOOTFALL_API__URL": api_url or self.api_url,
            "FOOTFALL_INGEST__API_KEY": door.key,
            **film.tuning,
            **(variables or {}),
        }
        command = [*prefix, sys.executable, "-m", feeder.__name__, str(door.camera_id), film.source]
        return Daemon(
            [*command, STARTED_AT.isoformat(), str(patience_seconds)],
            environment,
            self.folder / f"{door.home.name}.log",
        )

    def run(self, daemon: Daemon, door: Door, film: Film, blows: Mapping[float, Callable[[], None]]) -> Outcome:
        """Lets the daemon send the film, and does each of `blows` once that share of the sightings is on the server."""
        waiting = sorted(blows.items())
        deadline = time.monotonic() + LONGEST_SECONDS
        try:
            while not daemon.done:
                assert time.monotonic() < deadline, "it is never done"
                time.sleep(0.1)
                if waiting and self._arrived(door) >= waiting[0][0] * film.sightings:
                    waiting.pop(0)[1]()
            assert not waiting, "the film was over before everything had been done to it"
            return daemon.outcome()
        finally:
            daemon.end()

    def ledger(self, door: Door) -> Ledger:
        return read_ledger(self.owner_dsn, door.tenant_id)

    def kill(self, part: str) -> None:
        """kill -9, and back to what the stack's own supervisor makes of it."""
        state = read_state(self.stack.settings.home)
        assert state is not None
        process = state.parts[part].process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)

    def _arrived(self, door: Door) -> int:
        try:
            return count_events(self.owner_dsn, door.tenant_id)
        except psycopg.OperationalError:
            return -1  # it is being killed, or is coming back
