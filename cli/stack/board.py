"""The running stack's state in one place: keepers write to it, all wait on it, each change goes to the state file."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cli.stack.state import WELL, PartState, StackState, write_state

OnChange = Callable[[PartState], None]


class Board:
    """Thread-safe. `on_change` is called with each part whose status has changed, in the thread that changed it."""

    def __init__(self, home: Path, state: StackState, on_change: OnChange) -> None:
        self._home = home
        self._state = state
        self._on_change = on_change
        self._changed = threading.Condition()
        write_state(home, state)

    @property
    def state(self) -> StackState:
        with self._changed:
            return self._state

    def part(self, name: str) -> PartState:
        return self.state.parts[name]

    def update(self, name: str, **changes: Any) -> None:
        """Changes fields of one part's state."""
        with self._changed:
            before = self._state.parts[name]
            after = before.model_copy(update=changes)
            if after == before:
                return
            self._put(parts={**self._state.parts, name: after})
        if after.status != before.status:
            self._on_change(after)

    def set(self, **changes: Any) -> None:
        """Changes fields of the stack's state."""
        with self._changed:
            self._put(**changes)

    def wait_until_well(self, names: tuple[str, ...], stop: threading.Event) -> bool:
        """Waits until those parts are well; False when `stop` was set first."""
        with self._changed:
            while not all(self._state.parts[name].status in WELL for name in names):
                if stop.is_set():
                    return False
                self._changed.wait(0.2)
        return not stop.is_set()

    def wait_for_change(self, seconds: float) -> None:
        with self._changed:
            self._changed.wait(seconds)

    def _put(self, **changes: Any) -> None:
        self._state = self._state.model_copy(update=changes)
        write_state(self._home, self._state)
        self._changed.notify_all()
