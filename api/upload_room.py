"""Memory for bodies that are being read: so much in all, and at most half of it for one caller. Turns at the work that
follows are `lanes`', which nobody holds while a body is still on its way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter as Count
from prometheus_client import Gauge
from starlette.requests import Request

from footfall.access import Principal
from footfall.errors import BusyError

_LEAST_BYTES = 65_536
"""What a connection costs whatever its body says of itself."""


class UploadRoom:
    """Belongs to one event loop, on which alone it is touched, so it needs no lock."""

    def __init__(self, *, total_bytes: int, largest_bytes: int, held: Gauge, refused: Count) -> None:
        """`total_bytes`: of all bodies together, from their first byte to the end of their request. `largest_bytes`:
        of one; nothing larger is read."""
        self._total_bytes = total_bytes
        self._largest_bytes = largest_bytes
        self._of: Counter[str] = Counter()
        self._held = held
        self._refused = refused

    @contextmanager
    def place(self, request: Request, caller: Principal) -> Iterator[None]:
        """Room for the request's body, by its stated length, or for the largest one where it states none. To be taken
        before a byte is read. Raises BusyError when it is not to be had."""
        stated = request.headers.get("content-length", "")
        size = int(stated) if stated.isdecimal() else self._largest_bytes
        size = min(max(size, _LEAST_BYTES), self._largest_bytes)
        who = f"{caller.tenant_id}/{caller.subject}"
        # A single body always fits its caller's half.
        half = max(self._total_bytes // 2, self._largest_bytes)
        if self._of.total() + size > self._total_bytes or self._of[who] + size > half:
            self._refused.inc()
            raise BusyError(
                "As many uploads as the server has memory for are under way.",
                hint="Come back after `Retry-After` seconds; nothing was done.",
            )
        self._of[who] += size
        self._held.inc(size)
        try:
            yield
        finally:
            self._held.dec(size)
            self._of[who] -= size
            if not self._of[who]:
                del self._of[who]
