"""Where the work under way comes from: the address and the request that the audit log notes. Nothing is written here.

It travels beside the calls, in a context variable: who asked is no argument of what is done, and threads that anyio
starts for a request carry it along.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Origin:
    """`claim_id`: of the idempotency key under which the request is answered, where it has one. All None for what the
    machine does by itself."""

    client_address: str | None = None
    request_id: str | None = None
    claim_id: UUID | None = None


_NOWHERE = Origin()
_current: ContextVar[Origin] = ContextVar("footfall_origin", default=_NOWHERE)


def current_origin() -> Origin:
    return _current.get()


@contextmanager
def coming_from(origin: Origin) -> Iterator[None]:
    """Everything inside is done on behalf of `origin`."""
    token = _current.set(origin)
    try:
        yield
    finally:
        _current.reset(token)


def note_claim(claim_id: UUID) -> None:
    """From here on, until the surrounding `coming_from` ends, work is done under this claim."""
    _current.set(replace(_current.get(), claim_id=claim_id))
