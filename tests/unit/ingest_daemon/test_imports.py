"""What a camera host loads before its first frame: its start is measured, and its memory small."""

from __future__ import annotations

import subprocess
import sys

UNUSED = ("httpx", "fastapi", "sqlalchemy", "pymilvus", "dagster", "pandas", "rich")


def test_the_daemon_loads_nothing_that_only_servers_and_set_up_use() -> None:
    listed = f"import sys, ingest_daemon.daemon; print([name for name in {UNUSED!r} if name in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", listed], capture_output=True, text=True, timeout=120, check=True)

    assert loaded.stdout.strip() == "[]"
