"""The worker's part of an erasure: outboxes that lose faces or sightings, of cameras watched now and before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.commands import Forget
from ingest_daemon.forgetting import forget, forget_left_behind
from ingest_daemon.outbox.store import Outbox
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

FORMER_CAMERA = UUID(int=98)


@dataclass
class Gallery:
    forgotten: int = 0
    refreshed: int = 0

    def forget(self) -> None:
        self.forgotten += 1

    def refresh(self) -> None:
        self.refreshed += 1


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = Outbox.open(tmp_path / f"outbox-{CAMERA_ID}.sqlite", max_bytes=100_000_000)
    for _ in range(2):
        opened.put(face_event(), IMAGE, run="run", read_at=1.0)
    yield opened
    opened.close()


def order(**particulars: object) -> Forget:
    return Forget.model_validate({"kind": "forget", "request_id": uuid4(), **particulars})


def test_of_a_person_what_waits_loses_its_face_and_is_still_counted(outbox: Outbox, tmp_path: Path) -> None:
    gallery = Gallery()
    done = forget(order(gallery=True), [(CAMERA_ID, outbox)], gallery)
    assert (done.stripped, done.dropped, done.gallery_forgotten) == (2, 0, True)
    assert (gallery.forgotten, gallery.refreshed) == (1, 1)
    [head] = outbox.heads()
    assert (head.event.embedding, head.image, outbox.state().pending) == (None, None, 2)
    assert IMAGE not in b"".join(part.read_bytes() for part in tmp_path.iterdir())


def test_of_a_period_what_was_captured_in_it_goes(outbox: Outbox) -> None:
    [head] = outbox.heads()
    at = head.event.captured_at
    other = order(camera_id=FORMER_CAMERA, drop=True)
    assert forget(other, [(CAMERA_ID, outbox)], Gallery()).dropped == 0
    before = order(camera_id=CAMERA_ID, since=at - timedelta(hours=1), until=at, drop=True)
    assert forget(before, [(CAMERA_ID, outbox)], Gallery()).dropped == 0
    within = order(camera_id=CAMERA_ID, since=at, until=at + timedelta(hours=1), drop=True)
    assert forget(within, [(CAMERA_ID, outbox)], Gallery()).dropped == 2
    assert (outbox.state().pending, outbox.state().pending_bytes) == (0, 0)


def test_outboxes_of_cameras_that_are_watched_no_more_forget_too(outbox: Outbox, tmp_path: Path) -> None:
    former = Outbox.open(tmp_path / f"outbox-{FORMER_CAMERA}.sqlite", max_bytes=100_000_000)
    former.put(face_event(), IMAGE, run="run", read_at=1.0)
    former.close()
    assert forget_left_behind(order(drop=True), tmp_path, [CAMERA_ID], max_bytes=100_000_000) == (1, 0)
    assert outbox.state().pending == 2
