"""Outboxes that former versions wrote: what waits in them is sent, and is no longer readable on the disk."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from footfall.errors import ConfigurationError
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.outbox.versions import VERSION
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

UNSEALED = Path(__file__).parent / "outboxes" / "unsealed.sql"
"""As the version of commit 87a70d2 wrote it, dumped by SQLite."""
OLD_IMAGE = b"\xff\xd8 the picture of a face"
FIRST, SECOND, THIRD, REFUSED = (UUID(f"80000000-0000-1000-0000-00000000000{number}") for number in range(1, 5))


def loaded(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.executescript(UNSEALED.read_text(encoding="utf-8"))
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "outbox.sqlite"
    loaded(path)
    return path


def drained(outbox: Outbox) -> list[tuple[UUID, int, bool, bytes | None, int]]:
    found = []
    while heads := outbox.heads():
        [head] = heads
        event = head.event
        found.append((event.event_id, event.revision, event.embedding is not None, head.image, head.attempts))
        outbox.sent(head.seq)
    return found


def test_everything_that_waits_is_sent_in_its_order(path: Path) -> None:
    outbox = Outbox.open(path, max_bytes=10**8)
    state = outbox.state()

    assert (state.pending, state.dead, state.dropped) == (4, 1, 7)
    assert drained(outbox) == [
        (FIRST, 0, True, OLD_IMAGE, 1),
        (FIRST, 1, True, OLD_IMAGE, 0),
        (SECOND, 0, True, None, 0),
        (THIRD, 0, False, None, 0),
    ]
    assert outbox.state().pending_bytes == 0
    [letter] = outbox.dead_letters()
    assert (letter.event_id, letter.status) == (REFUSED, 422)
    assert outbox.retry(REFUSED) == 1
    assert drained(outbox) == [(REFUSED, 0, False, None, 0)]
    outbox.close()


def test_nothing_of_a_face_can_be_read_on_the_disk_any_more(path: Path) -> None:
    assert OLD_IMAGE in path.read_bytes()

    outbox = Outbox.open(path, max_bytes=10**8)
    lying = b"".join(part.read_bytes() for part in path.parent.iterdir())
    outbox.close()

    assert OLD_IMAGE not in lying
    assert b"landmarks" not in lying


def test_an_outbox_that_was_sealed_before_versions_had_numbers_is_as_it_was(tmp_path: Path) -> None:
    path, event = tmp_path / "outbox.sqlite", face_event()
    outbox = Outbox.open(path, max_bytes=10**8)
    outbox.put(event, IMAGE, run="r", read_at=0.0)
    size = outbox.state().pending_bytes
    outbox.close()
    number(path, 0)

    again = Outbox.open(path, max_bytes=10**8)

    [head] = again.heads()
    assert (head.event, head.image, again.state().pending_bytes) == (event, IMAGE, size)
    again.close()


def test_an_update_that_is_interrupted_begins_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingest_daemon.outbox import versions

    seal: Callable[..., int] = versions._seal

    def broken(*arguments: object) -> int:
        seal(*arguments)
        raise sqlite3.OperationalError("database or disk is full")

    monkeypatch.setattr(versions, "_seal", broken)
    with pytest.raises(ConfigurationError, match="disk is full"):
        Outbox.open(path, max_bytes=10**8)
    monkeypatch.setattr(versions, "_seal", seal)

    outbox = Outbox.open(path, max_bytes=10**8)
    assert len(drained(outbox)) == 4
    outbox.close()


def test_an_outbox_of_a_later_version_is_left_alone(path: Path) -> None:
    number(path, VERSION + 1)

    with pytest.raises(ConfigurationError, match="later version"):
        Outbox.open(path, max_bytes=10**8)

    assert OLD_IMAGE in path.read_bytes()
    number(path, 0)
    outbox = Outbox.open(path, max_bytes=10**8)
    assert len(drained(outbox)) == 4
    outbox.close()


def number(path: Path, version: int) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"pragma user_version = {version}")
    connection.close()
