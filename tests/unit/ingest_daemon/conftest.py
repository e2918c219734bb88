"""The outbox that its tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from ingest_daemon.outbox.store import Outbox

PLENTY = 100_000_000


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ingest" / "outbox.sqlite"


@pytest.fixture
def outbox(path: Path) -> Iterator[Outbox]:
    outbox = Outbox.open(path, max_bytes=PLENTY)
    yield outbox
    outbox.close()
