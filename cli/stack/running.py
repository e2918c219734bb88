"""One part for as long as a block runs: for tests. The supervisor keeps parts running; this only starts and stops."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cli.stack.logs import log_end
from cli.stack.parts.base import Part
from cli.stack.processes import ProcessId, identify, start, stop
from footfall.errors import ServiceUnavailableError


@contextmanager
def running_part(part: Part, log: Path, *, start_seconds: float = 60.0) -> Iterator[ProcessId]:
    """Starts the part bound to this thread, waits until it is well, initialises it; stops it on leaving.

    Raises ServiceUnavailableError with the end of its log when it ends or is not well in time.
    """
    part.prepare()
    launch = part.launch()
    child = start(launch, log, bound=True)
    process = identify(child.pid)
    try:
        deadline = time.monotonic() + start_seconds
        while not part.probe().ok:
            if process is None or child.poll() is not None or time.monotonic() > deadline:
                raise ServiceUnavailableError(f"{part.name} did not start.", hint=log_end(log))
            time.sleep(0.05)
        if process is None:
            raise ServiceUnavailableError(f"{part.name} ended at once.", hint=log_end(log))
        part.initialise()
        yield process
    finally:
        if process is not None:
            stop(process, launch.stop_signal, launch.stop_seconds)
        child.wait()
        part.tidy()
