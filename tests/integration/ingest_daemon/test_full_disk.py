"""An outbox on a full disk, by its own doing or another's: nothing is lost uncounted, and what it holds goes out."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from footfall.errors import ServiceUnavailableError
from ingest_daemon.outbox.reserve import RESERVE_BYTES
from ingest_daemon.outbox.store import Outbox
from tests.integration.ingest_daemon.small_disk import small_disk
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

EVENTS = 300


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    with small_disk(folder, "4m"):
        yield folder


def drained(outbox: Outbox) -> list[UUID]:
    found: list[UUID] = []
    for _ in range(10 * EVENTS):
        heads = outbox.heads()
        if not heads:
            return found
        try:
            outbox.sent(heads[0].seq)
        except ServiceUnavailableError:
            continue  # as the sender: the event goes out again
        found.append(heads[0].event.event_id)
    raise AssertionError("the outbox never forgets what was sent")


def test_on_a_disk_that_is_nearly_full_the_newest_take_the_place_of_the_oldest(disk: Path) -> None:
    outbox = Outbox.open(disk / "outbox.sqlite", max_bytes=10**9)
    events = [face_event(after=number) for number in range(EVENTS)]

    taken = [outbox.put(event, IMAGE, run="r", read_at=0.0) for event in events]

    dropped = outbox.state().dropped
    assert all(one.stored for one in taken)
    assert dropped == sum(one.dropped for one in taken) > 0
    assert drained(outbox) == [event.event_id for event in events[dropped:]]
    outbox.close()


def test_what_waits_goes_out_when_somebody_else_has_filled_the_disk(disk: Path) -> None:
    outbox = Outbox.open(disk / "outbox.sqlite", max_bytes=10**9)
    events = [face_event(after=number) for number in range(40)]
    for event in events:
        assert outbox.put(event, IMAGE, run="r", read_at=0.0).stored
    reserve = disk / "outbox.sqlite.reserve"
    assert reserve.stat().st_size == RESERVE_BYTES
    filled(disk / "somebody-else-s")

    lost = sum(
        not outbox.put(face_event(after=50 + number), IMAGE, run="r", read_at=0.0).stored for number in range(99)
    )

    assert lost > 0
    assert reserve.exists(), "what is new may not take the room for deleting"
    gone = drained(outbox)
    assert (outbox.state().pending, len(gone)) == (0, len(events) + 99 - lost - outbox.state().dropped)

    (disk / "somebody-else-s").unlink()
    assert outbox.put(face_event(), IMAGE, run="r", read_at=0.0).stored
    assert len(drained(outbox)) == 1
    outbox.rest()
    assert reserve.exists()
    outbox.close()


def filled(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 12):
            while True:
                try:
                    if file.write(os.urandom(size)) < size:
                        break
                except OSError:
                    break
