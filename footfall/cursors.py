"""Opaque cursors of keyset pages, and the bounds of a page. No query."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from footfall.errors import InputError

MAX_PAGE = 500
MAX_CURSOR_CHARACTERS = 1500
"""A sort key of 200 characters of four bytes each, in base64, with what stands around it."""


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: the instant its list is ordered by, and the id that settles ties."""

    at: datetime
    row_id: UUID


def encode_cursor(listing: str, position: Position) -> str:
    """A cursor good for `listing` alone. It holds nothing but the position: it is opaque, not secret."""
    return write_cursor(listing, position.at.isoformat(), position.row_id.hex)


def decode_cursor(listing: str, cursor: str | None) -> Position | None:
    """The position after which to go on; None for the first page. Raises InputError for what this server did not
    make for `listing`."""
    if cursor is None:
        return None
    try:
        at, row_id = read_cursor(listing, cursor)
        position = Position(datetime.fromisoformat(at), UUID(hex=row_id))
    except (ValueError, TypeError, AttributeError) as error:
        raise refused_cursor() from error
    if position.at.tzinfo is None:
        raise refused_cursor()
    return position


def write_cursor(listing: str, *parts: str) -> str:
    """The parts under the name of the list that they belong to, in characters that a query string takes."""
    body = json.dumps([listing, *parts], separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()


def read_cursor(listing: str, cursor: str) -> list[str]:
    """The parts as whoever sent the cursor says they are: it may be forged. Raises InputError for a cursor that is
    none, or another list's."""
    if len(cursor) > MAX_CURSOR_CHARACTERS:
        raise refused_cursor()
    try:
        body = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, *parts = json.loads(body)
    except (binascii.Error, ValueError, TypeError, RecursionError) as error:
        raise refused_cursor() from error
    if found != listing or not all(isinstance(part, str) for part in parts):
        raise refused_cursor()
    return [str(part) for part in parts]


def refused_cursor() -> InputError:
    return InputError(
        "The cursor cannot be read.", hint="Pass next_cursor of the page before, unchanged, or none for the first page."
    )


def check_limit(limit: int) -> int:
    """The number of rows of a page. Raises InputError outside 1..500."""
    if not 1 <= limit <= MAX_PAGE:
        raise InputError(f"limit must lie between 1 and {MAX_PAGE}, not {limit}.")
    return limit
