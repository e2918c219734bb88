"""`footfall ingest outbox` on the outbox of a daemon that has stopped: what waits, what was refused, and what can be
done about it."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from cli.main import main
from ingest_daemon.outbox.store import Outbox
from ingest_daemon.registration import WorkerIdentity
from tests.unit.ingest_daemon.api_server import CAMERA_ID
from tests.unit.ingest_daemon.event_kit import IMAGE, face_event

REFUSED, OTHER, WAITING = uuid4(), uuid4(), uuid4()
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An outbox in which one event waits and two were refused."""
    path = tmp_path / "home" / "ingest" / f"outbox-{CAMERA_ID}.sqlite"
    outbox = opened(path)
    for event_id in (REFUSED, OTHER):
        outbox.put(face_event(event_id=event_id), IMAGE, run="r", read_at=0.0)
        [head] = outbox.heads()
        outbox.set_aside(head.seq, status=422, reason="the track is longer than 24 hours")
    outbox.put(face_event(event_id=WAITING), IMAGE, run="r", read_at=0.0)
    outbox.close()
    return path


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs `footfall ingest outbox`; answers exit code, standard output and standard error."""
    monkeypatch.setenv("FOOTFALL_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("FOOTFALL_INGEST__CAMERA_ID", raising=False)

    def run(*words: str, camera: UUID | None = CAMERA_ID) -> tuple[int, str, str]:
        chosen = [] if camera is None else ["--camera", str(camera)]
        monkeypatch.setattr(sys, "argv", ["footfall", "ingest", "outbox", *words, *chosen])
        with pytest.raises(SystemExit) as ended:
            main()
        told = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), told.out, told.err

    return run


def opened(path: Path) -> Outbox:
    return Outbox.open(path, max_bytes=10**8)


def held(path: Path) -> tuple[list[UUID], list[UUID]]:
    """Ids of what waits, in its order, and of the dead letters."""
    outbox = opened(path)
    dead = [letter.event_id for letter in outbox.dead_letters()]
    waiting = []
    while heads := outbox.heads():
        waiting.append(heads[0].event.event_id)
        outbox.sent(heads[0].seq)
    outbox.close()
    return waiting, dead


def test_a_host_that_registered_with_one_camera_needs_no_id(path: Path, command: Command) -> None:
    identity = WorkerIdentity(
        worker_id=UUID(int=1), tenant_id=UUID(int=2), name="door", api_url="http://127.0.0.1:9", api_key="ffk_none",
        camera_ids=(CAMERA_ID,), heartbeat_seconds=15,
    )  # fmt: skip
    kept = path.parent / "worker.json"
    kept.write_text(identity.model_dump_json())
    kept.chmod(0o600)

    code, out, _ = command("list", camera=None)

    assert code == 0
    assert "1 events wait (" in out


def test_list_shows_what_waits_and_why_the_rest_was_refused(path: Path, command: Command) -> None:
    code, out, _ = command("list")

    assert code == 0
    assert "1 events wait (" in out
    assert "0 were dropped" in out
    assert "2 were refused for good:" in out
    assert f"{REFUSED} revision 0" in out
    assert out.count("the track is longer than 24 hours") == 2
    assert str(WAITING) not in out


def test_retry_queues_one_or_all_behind_what_waits(path: Path, command: Command) -> None:
    assert command("retry", str(OTHER))[:2] == (0, "1 events are sent at the next start.\n")
    assert command("retry", str(OTHER))[:2] == (0, "0 events are sent at the next start.\n")
    assert command("retry")[:2] == (0, "1 events are sent at the next start.\n")

    assert held(path) == ([WAITING, OTHER, REFUSED], [])


def test_drop_forgets_one_or_all_that_were_refused_and_nothing_that_waits(path: Path, command: Command) -> None:
    assert command("drop", str(REFUSED))[:2] == (0, "1 events were forgotten.\n")
    assert command("list")[1].count("revision 0") == 1
    assert command("drop")[:2] == (0, "1 events were forgotten.\n")

    assert held(path) == ([WAITING], [])


@pytest.mark.parametrize("word", ["list", "retry", "drop"])
def test_what_cannot_be_done_is_exit_code_2_and_says_why(path: Path, command: Command, word: str) -> None:
    other = uuid4()
    code, _, err = command(word, camera=other)
    assert (code, f"outbox-{other}.sqlite" in err, "hint: " in err) == (2, True, True)

    code, _, err = command(word, camera=None)
    assert (code, "There is no camera" in err) == (2, True)

    running = opened(path)
    code, _, err = command(word)
    running.close()
    assert (code, "Another worker is using the outbox" in err) == (2, True)


def test_the_camera_may_be_named_by_the_environment(
    path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOOTFALL_INGEST__CAMERA_ID", str(CAMERA_ID))

    assert "1 events wait" in command("list", camera=None)[1]
