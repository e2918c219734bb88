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
_MAX_CURSOR_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class Position:
    """The last row of a page: the instant its list is ordered by, and the id that settles ties."""

    at: datetime
    row_id: UUID


def encode_cursor(listing: str, position: Position) -> str:
    """A cursor good for `listing` alone. It holds nothing but the position: it is opaque, not secret."""
    body = json.dumps([listing, position.at.isoformat(), position.row_id.hex], separators=(",", ":"))
    return base64.urlsafe_b64encode(body.encode()).rstrip(b"=").decode()


def decode_cursor(listing: str, cursor: str | None) -> Position | None:
    """The position after which to go on; None for the first page. Raises InputError for what this server did not
    make for `listing`."""
    if cursor is None:
        return None
    refused = InputError(
        "The cursor cannot be read.", hint="Pass next_cursor of the page before, unchanged, or none for the first page."
    )
    if len(cursor) > _MAX_CURSOR_CHARACTERS:
        raise refused
    try:
        body = base64.b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        found, at, row_id = json.loads(body)
        position = Position(datetime.fromisoformat(at), UUID(hex=row_id))
    except (binascii.Error, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise refused from error
    if found != listing or position.at.tzinfo is None:
        raise refused
    return position


def check_limit(limit: int) -> int:
    """The number of rows of a page. Raises InputError outside 1..500."""
    if not 1 <= limit <= MAX_PAGE:
        raise InputError(f"limit must lie between 1 and {MAX_PAGE}, not {limit}.")
    return limit
