"""Logs stay small under a writer that keeps them open."""

from __future__ import annotations

from pathlib import Path

from cli.stack.logs import log_end, rotate


def test_a_small_log_is_left(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("x" * 10)
    assert not rotate(log, max_bytes=10)
    assert list(tmp_path.iterdir()) == [log]


def test_a_log_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    assert not rotate(tmp_path / "api.log", max_bytes=10)


def test_its_writer_goes_on_at_the_new_end(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"before " * 10)
        assert rotate(log, max_bytes=10)
        writer.write(b"after")
    assert log.read_bytes() == b"after"
    assert (tmp_path / "api.log.1").read_bytes() == b"before " * 10


def test_old_ones_move_up_and_the_oldest_goes(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    for text in ("first", "second", "third", "fourth"):
        log.write_text(text)
        assert rotate(log, max_bytes=1, kept=2)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "api.log": "",
        "api.log.1": "fourth",
        "api.log.2": "third",
    }


def test_the_end_of_a_log_is_its_last_lines_that_say_something(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("one\ntwo\n\nthree\n\n")
    assert log_end(log, lines=2) == "two\nthree"


def test_a_log_that_says_nothing_is_said_to(tmp_path: Path) -> None:
    assert log_end(tmp_path / "api.log") == "It wrote no log."
    (tmp_path / "api.log").touch()
    assert log_end(tmp_path / "api.log") == "Its log is empty."
