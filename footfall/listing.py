"""Orders of a list, and cursors that go on in one: closed tables from a caller's word to SQL. No query."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Literal, TypeVar
from uuid import UUID

from footfall.cursors import check_limit, read_cursor, refused_cursor, write_cursor
from footfall.errors import InputError

Record = TypeVar("Record")


@dataclass(frozen=True, slots=True)
class SortKey:
    """What a list can be sorted by. `column` is an SQL expression that is never null, and `kind` its Postgres type;
    both are written in the code and never come from a caller."""

    name: str
    column: str
    kind: Literal["text", "timestamptz", "bigint"]


@dataclass(frozen=True, slots=True)
class Mark:
    """The last row of a page: the text of its sort key, and the id that settles ties."""

    key: str
    row_id: UUID


@dataclass(frozen=True, slots=True)
class Listed(Generic[Record]):
    """A row of a list with the text of its sort key."""

    key: str
    record: Record


@dataclass(frozen=True, slots=True)
class PageRequest:
    """A page as a caller asks for it. `sort` and `cursor` are the caller's words, not checked yet."""

    sort: str
    limit: int
    cursor: str | None = None

    @property
    def rows(self) -> int:
        """Rows to select: one more than the page has, to know whether there is another page. Raises InputError for a
        page that is too large or empty."""
        return check_limit(self.limit) + 1


OLDEST_FIRST = PageRequest(sort="created_at", limit=50)
"""The first page of most lists, unless something else is asked for."""


@dataclass(frozen=True, slots=True)
class Order:
    """One order of a list. `sql_order` and `sql_after` hold nothing but what stands in the code."""

    listing: str
    key: SortKey
    id_column: str
    descending: bool

    @property
    def sort(self) -> str:
        """As the caller writes it."""
        return f"-{self.key.name}" if self.descending else self.key.name

    @property
    def sql_order(self) -> str:
        """What follows `order by`."""
        way = " desc" if self.descending else ""
        return f"{self.key.column}{way}, {self.id_column}{way}"

    @property
    def sql_after(self) -> str:
        """A condition with the parameters `after_key` and `after_id` of `parameters`."""
        than = "<" if self.descending else ">"
        return (
            "(cast(:after_id as uuid) is null"
            f" or ({self.key.column}, {self.id_column}) {than}"
            f" (cast(cast(:after_key as text) as {self.key.kind}), cast(:after_id as uuid)))"
        )

    @property
    def sql_key(self) -> str:
        """The sort key as text that `cast(... as kind)` reads back exactly, for a select list."""
        return f"cast({self.key.column} as text)"

    def parameters(self, cursor: str | None) -> dict[str, object]:
        """Raises InputError for a cursor that this server did not make for this list in this order."""
        mark = self.mark(cursor)
        return {"after_key": None if mark is None else mark.key, "after_id": None if mark is None else mark.row_id}

    def mark(self, cursor: str | None) -> Mark | None:
        """Where to go on; None for the first page. Raises InputError as `parameters` does."""
        if cursor is None:
            return None
        try:
            key, row_hex = read_cursor(self._name, cursor)
            return Mark(self._readable(key), UUID(hex=row_hex))
        except (ValueError, TypeError, AttributeError) as error:
            raise refused_cursor() from error

    def cursor(self, key: str, row_id: UUID) -> str:
        """The cursor of a page whose last row has that text for its `sql_key`."""
        return write_cursor(self._name, key, row_id.hex)

    @property
    def _name(self) -> str:
        return f"{self.listing}:{self.sort}"

    def _readable(self, key: str) -> str:
        """The key as Postgres reads it: a forged cursor must not become an error of the database. Raises ValueError,
        TypeError or AttributeError for another."""
        if self.key.kind == "timestamptz":
            instant = datetime.fromisoformat(key)
            if instant.tzinfo is None:
                raise ValueError("a time without an offset")
            return instant.isoformat()
        if self.key.kind == "bigint":
            number = int(key)
            if not -(2**63) <= number < 2**63:
                raise ValueError("out of range")
            return str(number)
        key.encode()  # no lone surrogates
        if "\0" in key:
            raise ValueError("Postgres holds no NUL")
        return key


def choose_order(listing: str, keys: Sequence[SortKey], id_column: str, sort: str) -> Order:
    """The order that `sort` names: a key's name, with `-` before it for descending. Raises InputError for another."""
    descending, name = sort.startswith("-"), sort.removeprefix("-")
    for key in keys:
        if key.name == name:
            return Order(listing, key, id_column, descending)
    offered = ", ".join(key.name for key in keys)
    raise InputError(
        "The list cannot be sorted by that.", hint=f"It sorts by {offered}; a - before the name turns the order around."
    )


def cut_page(
    order: Order, rows: Sequence[Listed[Record]], limit: int, id_of: Callable[[Record], UUID]
) -> tuple[tuple[Record, ...], str | None]:
    """The page's records, and the cursor of the next page where there is one."""
    shown = rows[:limit]
    more = len(rows) > limit
    cursor = order.cursor(shown[-1].key, id_of(shown[-1].record)) if more else None
    return tuple(row.record for row in shown), cursor
