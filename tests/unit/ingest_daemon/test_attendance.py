"""What is around a daemon's cameras, on a host that never registered."""

from __future__ import annotations

import time
from pathlib import Path

from prometheus_client import CollectorRegistry

from client.api import FootfallClient
from footfall.settings import load_settings
from ingest_daemon import file_watch
from ingest_daemon.attendance import attended
from ingest_daemon.status import DaemonStates
from tests.unit.ingest_daemon.operated_kit import StagedDaemon


def test_a_host_with_a_key_of_its_own_follows_its_configuration_file_too(tmp_path: Path) -> None:
    file = tmp_path / "worker.toml"
    file.write_text("cpu_limit_cores = 0.5")
    settings = load_settings(home=tmp_path, ingest={"config_file": file, "port": 1})
    daemon = StagedDaemon()

    with (
        FootfallClient("http://127.0.0.1:9", api_key="ffk_none") as client,
        attended(settings, client, daemon, state=DaemonStates([]), registry=CollectorRegistry(), lives=lambda: True),
    ):
        assert [tuning.cpu_limit_cores for tuning in daemon.tunings] == [0.5]
        file.write_text("cpu_limit_cores = 0.25")
        deadline = time.monotonic() + 3 * file_watch.LOOK_SECONDS
        while len(daemon.tunings) == 1 and time.monotonic() < deadline:
            time.sleep(0.05)

    assert [tuning.cpu_limit_cores for tuning in daemon.tunings] == [0.5, 0.25]
