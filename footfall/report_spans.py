"""Spans of time that reports and lists are asked for, how long they may be, and whose clock they are shown by. No
query."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import timezone as fixed_offset
from zoneinfo import ZoneInfo

from footfall.errors import InputError

_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)
_LATEST = datetime(9000, 1, 1, tzinfo=UTC)


def check_span(since: datetime | None, until: datetime | None) -> None:
    """Raises InputError for a bound without a time zone or outside the calendars, and for bounds the wrong way
    round."""
    for name, bound in (("since", since), ("until", until)):
        if bound is not None and bound.tzinfo is None:
            raise InputError(f"{name} has no time zone.", hint="Write it as 2026-11-22T08:00:00+01:00.")
        if bound is not None and not _EARLIEST <= bound <= _LATEST:
            raise InputError(f"{name} lies outside the years 1970 to 8999.")
    if since is not None and until is not None and since >= until:
        raise InputError("since must lie before until.")


def check_length(since: datetime, until: datetime, longest: timedelta, *, what: str, hint: str) -> None:
    """Raises InputError as `check_span`, and for a span longer than `longest`, which `what` may cover."""
    check_span(since, until)
    if until - since > longest:
        raise InputError(f"{what} spans at most {longest.days} days.", hint=hint)


def at_site(instant: datetime, timezone: str) -> datetime:
    """The same instant with the offset that the site's clock has then. The zone was checked when the site was made.

    A fixed offset and not the zone: in the hour that a clock shows twice, times of a zone equal nothing (PEP 495).
    """
    offset = instant.astimezone(ZoneInfo(timezone)).utcoffset()
    return instant if offset is None else instant.astimezone(fixed_offset(offset))
