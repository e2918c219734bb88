"""Events that can never be sent: kept where they can be seen, without the face, tried again or forgotten."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ingest_daemon.outbox import dead_letters
from ingest_daemon.outbox.dead_letters import UNREADABLE
from ingest_daemon.outbox.store import Outbox
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event


def test_what_the_server_refuses_is_kept_visible_without_the_face(outbox: Outbox, path: Path) -> None:
    event = face_event()
    outbox.put(event, IMAGE, run="r", read_at=0.0)
    [head] = outbox.heads()

    outbox.set_aside(head.seq, status=422, reason="no good")

    [letter] = outbox.dead_letters()
    assert (letter.event_id, letter.camera_id, letter.revision) == (event.event_id, CAMERA_ID, 0)
    assert (letter.status, letter.reason) == (422, "no good")
    assert outbox.heads() == []
    assert outbox.state().dead == 1
    outbox.close()
    assert event.embedding is not None
    left = b"".join(part.read_bytes() for part in path.parent.iterdir())
    assert event.embedding.vector.encode() not in left
    assert IMAGE[:40] not in left


def test_dead_letters_are_bounded_and_the_latest_are_kept(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dead_letters, "MOST_DEAD_LETTERS", 3)
    events = [face_event(face=False) for _ in range(5)]
    for event in events:
        outbox.put(event, None, run="r", read_at=0.0)
        outbox.set_aside(outbox.heads()[0].seq, status=422, reason="no good")

    assert [letter.event_id for letter in outbox.dead_letters()] == [event.event_id for event in events[:1:-1]]


def test_an_event_of_a_version_that_cannot_be_read_does_not_block_the_others(outbox: Outbox, path: Path) -> None:
    outbox.put(face_event(), IMAGE, run="r", read_at=0.0)
    with sqlite3.connect(path) as other:
        other.execute("update pending set event = ?", (b'{"type": "Event.FaceDetected.v9"}',))
    other.close()
    readable = face_event()
    outbox.put(readable, IMAGE, run="r", read_at=0.0)

    assert outbox.heads() == []
    assert [head.event.event_id for head in outbox.heads()] == [readable.event_id]
    assert [letter.status for letter in outbox.dead_letters()] == [UNREADABLE]


def test_dead_letters_can_be_tried_again_and_carry_no_face(outbox: Outbox) -> None:
    event, other = face_event(), face_event(after=9)
    for one in (event, other):
        outbox.put(one, IMAGE, run="r", read_at=0.0)
        [head] = outbox.heads()
        outbox.set_aside(head.seq, status=422, reason="refused")

    assert outbox.retry(event.event_id) == 1
    assert outbox.retry(event.event_id) == 0

    [head] = outbox.heads()
    assert head.event == event.model_copy(update={"embedding": None})
    assert head.image is None
    outbox.sent(head.seq)
    assert outbox.state().pending_bytes == 0
    assert [letter.event_id for letter in outbox.dead_letters()] == [other.event_id]


def test_dead_letters_can_be_forgotten(outbox: Outbox) -> None:
    events = [face_event(after=after) for after in (0, 9, 18)]
    for one in events:
        outbox.put(one, None, run="r", read_at=0.0)
        [head] = outbox.heads()
        outbox.set_aside(head.seq, status=422, reason="refused")

    assert outbox.drop(events[1].event_id) == 1
    assert outbox.state().dead == 2
    assert outbox.drop() == 2
    assert outbox.retry() == 0
