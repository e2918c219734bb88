"""The scripted server, started and stopped around each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.client.fake_server import FakeServer


@pytest.fixture
def server() -> Iterator[FakeServer]:
    running = FakeServer()
    yield running
    running.stop()
