"""Footfall's errors as Dagster failures: a sentence in the run's first line, and what to do about it beside it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from dagster import Failure

from footfall.errors import FootfallError, ServiceUnavailableError


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turns a FootfallError into a Failure. A service that is away may be back soon: only that is tried again."""
    try:
        yield
    except FootfallError as error:
        raise Failure(
            description=f"{error.title}: {error.message}",
            metadata={"what to do": error.hint} if error.hint else {},
            allow_retries=isinstance(error, ServiceUnavailableError),
        ) from error
