"""The parts' log files: where they are, their size, their last lines. What is written in them is the parts' own."""

from __future__ import annotations

import shutil
from collections import deque
from pathlib import Path

MAX_BYTES = 10_000_000
KEPT = 2


def rotate(log: Path, *, max_bytes: int = MAX_BYTES, kept: int = KEPT) -> bool:
    """Moves a log that has outgrown `max_bytes` to `.1`, the older ones up to `.kept`. Answers whether it did.

    The log is copied and cut off, since its writer holds it open and goes on appending (`processes.start`); a line
    written between copy and cut is lost, which a log can bear.
    """
    try:
        if log.stat().st_size <= max_bytes:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept, 1, -1):
        older = _numbered(log, number - 1)
        if older.exists():
            older.replace(_numbered(log, number))
    shutil.copyfile(log, _numbered(log, 1))
    with log.open("r+b") as file:
        file.truncate(0)
    return True


def log_end(log: Path, lines: int = 8) -> str:
    """The last lines of a log, for a message."""
    try:
        with log.open(encoding="utf-8", errors="replace") as file:
            last = deque((line.rstrip() for line in file if line.strip()), maxlen=lines)
    except FileNotFoundError:
        return "It wrote no log."
    return "\n".join(last) or "Its log is empty."


def _numbered(log: Path, number: int) -> Path:
    return log.with_name(f"{log.name}.{number}")
