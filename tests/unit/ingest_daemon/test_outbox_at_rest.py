"""What lies in the outbox's files: nothing that can be read without the key, and for how long."""

from __future__ import annotations

import sqlite3
import stat
import time
from pathlib import Path

import pytest

from footfall.errors import ConfigurationError
from ingest_daemon.outbox.dead_letters import UNREADABLE
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.sealing import KEY_BYTES, Sealer
from tests.unit.ingest_daemon.conftest import PLENTY
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event


def key_of(path: Path) -> Path:
    return path.with_name(path.name + ".key")


def test_nothing_of_a_face_can_be_read_on_the_disk(outbox: Outbox, path: Path) -> None:
    event = face_event()
    assert event.embedding is not None
    outbox.put(event, IMAGE, run="r", read_at=0.0)

    lying = b"".join(part.read_bytes() for part in path.parent.iterdir())

    assert event.embedding.vector.encode()[:60] not in lying
    assert IMAGE[:40] not in lying
    assert b"landmarks" not in lying


def test_the_key_is_its_owner_s_alone_and_stays_the_same(outbox: Outbox, path: Path) -> None:
    key = key_of(path).read_bytes()
    outbox.close()
    Outbox.open(path, max_bytes=PLENTY).close()

    assert len(key) == KEY_BYTES
    assert stat.S_IMODE(key_of(path).stat().st_mode) == 0o600
    assert key_of(path).read_bytes() == key


def test_a_key_that_others_can_read_is_refused(outbox: Outbox, path: Path) -> None:
    outbox.close()
    key_of(path).chmod(0o644)

    with pytest.raises(ConfigurationError, match="read by others"):
        Outbox.open(path, max_bytes=PLENTY)


def test_a_damaged_key_is_refused_and_nothing_is_thrown_away(outbox: Outbox, path: Path) -> None:
    outbox.put(face_event(), IMAGE, run="r", read_at=0.0)
    outbox.close()
    key = key_of(path).read_bytes()
    key_of(path).write_bytes(key[:-1])
    with pytest.raises(ConfigurationError, match="damaged"):
        Outbox.open(path, max_bytes=PLENTY)

    key_of(path).write_bytes(key)
    again = Outbox.open(path, max_bytes=PLENTY)
    assert len(again.heads()) == 1
    again.close()


def test_with_another_key_what_waits_is_set_aside_and_seen(outbox: Outbox, path: Path) -> None:
    outbox.put(face_event(), IMAGE, run="r", read_at=0.0)
    outbox.close()
    key_of(path).write_bytes(bytes(KEY_BYTES))

    again = Outbox.open(path, max_bytes=PLENTY)

    assert again.heads() == []
    assert [letter.status for letter in again.dead_letters()] == [UNREADABLE]
    again.close()


def test_a_picture_that_was_put_beside_another_event_does_not_open(outbox: Outbox, path: Path) -> None:
    first, second = face_event(), face_event(after=9)
    outbox.put(first, IMAGE, run="r", read_at=0.0)
    outbox.put(second, IMAGE[::-1], run="r", read_at=0.0)
    with sqlite3.connect(path) as other:
        other.execute(
            "update pending set image = (select image from pending where event_id = ?) where event_id = ?",
            (str(second.event_id), str(first.event_id)),
        )
    other.close()

    [head] = outbox.heads()

    assert (head.event, head.image) == (first, None)


def test_what_was_changed_does_not_open() -> None:
    sealer = Sealer(bytes(KEY_BYTES))
    sealed = sealer.seal(b"a face", "here")

    assert sealer.open(sealed, "here") == b"a face"
    assert sealer.open(sealed, "there") is None
    assert sealer.open(sealed[:-1] + bytes([sealed[-1] ^ 1]), "here") is None
    assert sealer.open(b"", "here") is None
    assert sealer.seal(b"a face", "here") != sealed


def test_what_waits_for_too_long_is_dropped_and_counted(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    old, young = face_event(), face_event(after=9)
    outbox.put(old, IMAGE, run="r", read_at=0.0)
    wall, steady = time.time() + 5 * 86_400, time.monotonic() + 5 * 86_400
    monkeypatch.setattr(time, "time", lambda: wall)
    monkeypatch.setattr(time, "monotonic", lambda: steady)
    outbox.put(young, None, run="r", read_at=0.0)

    assert outbox.expire(6 * 86_400) == 0
    assert outbox.expire(4 * 86_400) == 1

    state = outbox.state()
    assert (state.pending, state.dropped) == (1, 1)
    assert [head.event for head in outbox.heads()] == [young]
    assert state.pending_bytes < len(IMAGE)


def test_what_is_being_sent_is_not_dropped_for_room(path: Path) -> None:
    """It would count as dropped and arrive all the same."""
    outbox = Outbox.open(path, max_bytes=3 * len(IMAGE))
    events = [face_event(after=number) for number in range(4)]
    outbox.put(events[0], IMAGE, run="r", read_at=0.0)
    [head] = outbox.heads()
    for event in events[1:]:
        outbox.put(event, IMAGE, run="r", read_at=0.0)

    dropped = outbox.state().dropped
    outbox.sent(head.seq)
    left = []
    while heads := outbox.heads():
        left.append(heads[0].event)
        outbox.sent(heads[0].seq)
    outbox.close()

    assert dropped > 0
    assert head.event == events[0]
    assert left == events[1 + dropped :]


@pytest.mark.parametrize("step_seconds", [56 * 365 * 86_400, -40 * 86_400])
def test_a_clock_that_is_set_makes_nothing_wait_longer(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, step_seconds: float
) -> None:
    """A host without a battery starts in 1970 and learns the year from the network."""
    outbox.put(face_event(), None, run="r", read_at=0.0)
    before = time.time()
    monkeypatch.setattr(time, "time", lambda: before + step_seconds)

    assert outbox.expire(86_400) == 0
    outbox.put(face_event(after=9), None, run="r", read_at=0.0)
    assert outbox.expire(86_400) == 0
    assert outbox.state().pending == 2
