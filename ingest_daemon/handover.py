"""Frames from the capturing thread to the analysing one, bounded. Neither thread is here."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from threading import Condition, Event

from ingest_daemon.sources.base import Frame

FILE_CAPACITY = 4


class Handover:
    """For a file the giver waits for room, so that every frame is analysed. For a live source it never waits: a
    newer frame takes the place of one that nobody took yet."""

    def __init__(self, *, newest_only: bool) -> None:
        self._newest_only = newest_only
        self._capacity = 1 if newest_only else FILE_CAPACITY
        self._frames: deque[Frame] = deque()
        self._condition = Condition()
        self._closed = False

    def put(self, frame: Frame, stop: Event) -> int:
        """Hands a frame over, or drops it when nobody takes frames any more, or when `stop` is set while there is no
        room; answers how many were dropped."""
        with self._condition:
            if self._closed:
                return 1
            dropped = 0
            if self._newest_only and self._frames:
                stale = self._frames.popleft()
                # What the dropped frame was not continuous with, this one is not either.
                frame = replace(frame, continuous=frame.continuous and stale.continuous)
                dropped = 1
            while len(self._frames) >= self._capacity:
                if stop.is_set() or self._closed:
                    return 1
                self._condition.wait(0.1)
            self._frames.append(frame)
            self._condition.notify_all()
            return dropped

    def get(self, timeout_seconds: float) -> Frame | None:
        """The oldest frame that was handed over, None after `timeout_seconds` without one."""
        with self._condition:
            if not self._frames and not self._closed:
                self._condition.wait(timeout_seconds)
            if not self._frames:
                return None
            frame = self._frames.popleft()
            self._condition.notify_all()
            return frame

    def close(self) -> None:
        """Says that nothing more comes."""
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    @property
    def drained(self) -> bool:
        """True once it was closed and everything was taken."""
        with self._condition:
            return self._closed and not self._frames
