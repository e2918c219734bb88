"""The outbox: what is put in it stays in it until it is sent, and is bounded."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from contracts.events import FaceDetectedV1
from footfall.errors import ConfigurationError
from ingest_daemon.outbox.records import Taken
from ingest_daemon.outbox.store import Outbox
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.conftest import PLENTY
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

OTHER_CAMERA = UUID(int=99)
SEAL_BYTES = 12 + 16  # nonce and tag of AES-GCM


def put(outbox: Outbox, event: FaceDetectedV1, image: bytes | None = IMAGE) -> Taken:
    return outbox.put(event, image, run="run", read_at=1.0)


def waiting(outbox: Outbox) -> list[UUID]:
    """Empties the outbox as a sender does."""
    found: list[UUID] = []
    while heads := outbox.heads():
        for head in heads:
            found.append(head.event.event_id)
            outbox.sent(head.seq)
    return found


def on_disk(path: Path) -> bytes:
    return b"".join(part.read_bytes() for part in path.parent.iterdir())


def test_event_and_image_come_out_as_they_went_in(outbox: Outbox) -> None:
    event = face_event()

    assert put(outbox, event) == Taken(stored=True, dropped=0)

    [head] = outbox.heads()
    assert (head.event, head.image, head.run, head.read_at, head.attempts) == (event, IMAGE, "run", 1.0, 0)


def test_each_camera_s_events_leave_in_their_order_and_no_camera_waits_for_another(outbox: Outbox) -> None:
    first, second = face_event(), face_event()
    elsewhere = face_event(camera_id=OTHER_CAMERA)
    for event in (first, second, elsewhere):
        put(outbox, event)

    heads = outbox.heads()

    assert [head.event.event_id for head in heads] == [first.event_id, elsewhere.event_id]
    outbox.sent(heads[0].seq)
    assert [head.event.event_id for head in outbox.heads()] == [second.event_id, elsewhere.event_id]


def test_both_revisions_wait_but_each_only_once(outbox: Outbox) -> None:
    event_id = uuid4()
    put(outbox, face_event(event_id=event_id))
    put(outbox, face_event(event_id=event_id, revision=1))
    size = outbox.state().pending_bytes
    put(outbox, face_event(event_id=event_id, revision=1))

    assert outbox.state().pending == 2
    assert outbox.state().pending_bytes == size


def test_failed_attempts_are_counted(outbox: Outbox) -> None:
    put(outbox, face_event())
    [head] = outbox.heads()

    outbox.postponed(head.seq)

    assert outbox.heads()[0].attempts == 1


def test_the_oldest_make_room_when_the_bound_is_reached_and_are_counted_for_good(path: Path) -> None:
    size = len(face_event().model_dump_json()) + len(IMAGE)
    outbox = Outbox.open(path, max_bytes=3 * size + size // 2)
    events = [face_event() for _ in range(5)]

    dropped = [put(outbox, event).dropped for event in events]

    assert dropped == [0, 0, 0, 1, 1]
    assert outbox.state().dropped == 2
    assert outbox.state().pending_bytes <= 3 * size + size // 2
    assert waiting(outbox) == [event.event_id for event in events[2:]]
    outbox.close()
    again = Outbox.open(path, max_bytes=PLENTY)
    assert again.state().dropped == 2
    again.close()


def test_a_single_event_over_the_bound_is_kept(path: Path) -> None:
    outbox = Outbox.open(path, max_bytes=10)

    assert put(outbox, face_event()) == Taken(stored=True, dropped=0)
    assert outbox.state().pending == 1
    outbox.close()


def test_bytes_are_those_of_what_waits(outbox: Outbox) -> None:
    event = face_event()
    put(outbox, event)

    assert outbox.state().pending_bytes == len(event.model_dump_json()) + len(IMAGE) + 2 * SEAL_BYTES
    waiting(outbox)
    assert outbox.state().pending_bytes == 0
    assert outbox.state().oldest_seconds is None


def test_what_was_sent_is_overwritten_on_the_disk(outbox: Outbox, path: Path) -> None:
    event = face_event()
    put(outbox, event)
    with sqlite3.connect(path) as other:
        (sealed,) = other.execute("select image from pending").fetchone()
    other.close()
    assert sealed[:40] in on_disk(path)
    assert waiting(outbox) == [event.event_id]

    outbox.rest()

    assert sealed[:40] not in on_disk(path)


def test_a_tenant_that_counts_only_gets_its_waiting_faces_removed(outbox: Outbox) -> None:
    put(outbox, face_event())
    put(outbox, face_event(face=False), None)
    put(outbox, face_event(camera_id=OTHER_CAMERA))

    assert outbox.strip_faces(CAMERA_ID) == 1
    assert outbox.strip_faces(CAMERA_ID) == 0

    here, elsewhere = outbox.heads()
    assert (here.event.embedding, here.image) == (None, None)
    assert elsewhere.event.embedding is not None
    assert elsewhere.image == IMAGE


def test_it_is_readable_by_its_owner_alone(outbox: Outbox, path: Path) -> None:
    put(outbox, face_event())

    for part in path.parent.iterdir():
        assert stat.S_IMODE(part.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_two_workers_cannot_share_one(outbox: Outbox, path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Another worker") as refusal:
        Outbox.open(path, max_bytes=PLENTY)

    assert refusal.value.hint
    assert "FOOTFALL_INGEST__OUTBOX" in refusal.value.hint


def test_a_closed_one_can_be_taken_by_the_next(path: Path) -> None:
    event = face_event()
    first = Outbox.open(path, max_bytes=PLENTY)
    put(first, event)
    first.close()

    second = Outbox.open(path, max_bytes=PLENTY)

    assert waiting(second) == [event.event_id]
    second.close()


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(ConfigurationError, match="cannot be written"):
        Outbox.open(tmp_path / "file" / "outbox.sqlite", max_bytes=PLENTY)


@pytest.mark.parametrize("damage", ["header", "middle"])
def test_a_damaged_one_is_moved_aside_and_counting_goes_on(
    path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    first = Outbox.open(path, max_bytes=PLENTY)
    for _ in range(50):
        put(first, face_event())
    first.close()
    content = bytearray(path.read_bytes())
    content[slice(0, 100) if damage == "header" else slice(4096, len(content) - 4096)] = (
        b"\xaa" * 100 if damage == "header" else b"\xaa" * (len(content) - 8192)
    )
    path.write_bytes(content)

    second = Outbox.open(path, max_bytes=PLENTY)

    assert put(second, face_event()).stored
    second.close()
    assert "damaged" in caplog.text
    [aside] = path.parent.glob("outbox.sqlite.damaged-*")
    assert aside.read_bytes() == content


def test_a_full_disk_loses_the_event_but_not_the_worker(tmp_path: Path) -> None:
    """A limit on file size stands for the full disk; in a process of its own, for it cannot be lifted again."""
    script = textwrap.dedent(
        f"""
        import resource, signal
        from pathlib import Path
        from ingest_daemon.outbox.store import Outbox
        from tests.unit.ingest_daemon.event_kit import IMAGE, face_event
        outbox = Outbox.open(Path({str(tmp_path / "outbox.sqlite")!r}), max_bytes=100_000_000)
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, {resource.RLIM_INFINITY}))
        stored = [outbox.put(face_event(), IMAGE, run="r", read_at=0.0).stored for _ in range(60)]
        state = outbox.state()
        assert state.pending == sum(stored), (state, sum(stored))
        size = len(face_event().model_dump_json()) + len(IMAGE) + 2 * {SEAL_BYTES}
        assert state.pending_bytes == size * sum(stored), state
        print(sum(stored), len(stored))
        """
    )

    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=_root()
    )

    stored, tried = map(int, done.stdout.split())
    assert 0 < stored < tried
    assert "An event was lost" in done.stderr


def test_what_was_put_survives_kill_9(tmp_path: Path) -> None:
    """The process says what it has stored and is killed in the middle of storing more."""
    path = tmp_path / "outbox.sqlite"
    script = textwrap.dedent(
        f"""
        from pathlib import Path
        from ingest_daemon.outbox.store import Outbox
        from tests.unit.ingest_daemon.event_kit import IMAGE, face_event
        outbox = Outbox.open(Path({str(path)!r}), max_bytes=100_000_000)
        while True:
            event = face_event()
            if outbox.put(event, IMAGE, run="r", read_at=0.0).stored:
                print(event.event_id, flush=True)
        """
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, cwd=_root())
    assert process.stdout is not None
    told = [UUID(process.stdout.readline().strip()) for _ in range(40)]
    os.kill(process.pid, signal.SIGKILL)
    told += [UUID(line.strip()) for line in process.stdout.readlines() if line.endswith("\n")]
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()

    outbox = Outbox.open(path, max_bytes=PLENTY)
    found = waiting(outbox)
    outbox.close()

    # One more may have reached the disk before it could be told.
    assert found[: len(told)] == told
    assert len(found) - len(told) in (0, 1)


def test_the_age_of_the_oldest_is_known(outbox: Outbox) -> None:
    put(outbox, face_event())
    time.sleep(0.02)

    oldest = outbox.state().oldest_seconds

    assert oldest is not None
    assert oldest >= 0.02


def _root() -> Path:
    return Path(__file__).parents[3]
