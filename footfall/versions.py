"""Versions of records, and what a caller expects of one: optimistic concurrency. HTTP's headers are the API's."""

from __future__ import annotations

from dataclasses import dataclass

from footfall.errors import StaleVersionError


@dataclass(frozen=True, slots=True)
class Expected:
    """The versions that a caller takes a record to have. None: any, as long as there is a record."""

    versions: frozenset[int] | None = None

    def check(self, current: int) -> None:
        """To be called with the record locked (`for update`), or two callers may both find their version.

        Raises StaleVersionError when the record has moved on.
        """
        if self.versions is not None and current not in self.versions:
            raise StaleVersionError(
                f"The record is at version {current} by now.",
                hint="Read it again, look at what has changed, and send the change with its new ETag.",
            )


ANY_VERSION = Expected()
"""Of a caller that overwrites whatever is there."""
