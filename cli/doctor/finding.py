"""One line of the doctor's report. The checks themselves stand in the modules beside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["ok", "warn", "fail"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`warn` works, but not well or not safely; `fail` does not work. `advice` says what to do about either."""

    check: str
    level: Level
    message: str
    advice: str | None = None


def ok(check: str, message: str) -> Finding:
    return Finding(check, "ok", message)


def warn(check: str, message: str, advice: str) -> Finding:
    return Finding(check, "warn", message, advice)


def fail(check: str, message: str, advice: str) -> Finding:
    return Finding(check, "fail", message, advice)
