"""What a role can do to another tenant's rows of a table: tried out, every way there is, and undone. No assertion.

A finding is a sentence. No findings mean that the policies hold; tests/isolation/test_able_to_fail.py shows that they
would not be missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from psycopg import Connection as DriverConnection
from psycopg import Cursor
from psycopg import Error as DriverError
from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import DBAPIError

from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.rows import KEYS, ROWS, Ids, insert

REFUSED = "42501"
"""insufficient_privilege: no grant, or a row that a policy does not let through."""
_NOT_SUPPORTED = "0A000"  # what COPY FROM says of a table with policies

Probe = Callable[[Engine, Ids, Ids, str], Iterator[str]]


def findings(engine: Engine, mine: Ids, other: Ids, table: str, *, only: tuple[str, ...] = ()) -> list[str]:
    """What went through of what must not, by every probe or those named in `only`."""
    return [
        f"{table}: {said}"
        for name, probe in PROBES.items()
        if not only or name in only
        for said in probe(engine, mine, other, table)
    ]


def _reads(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    column = _column(engine, table, "SELECT")
    if column is None:
        return
    with tenant_transaction(engine, mine.tenant_id) as connection:
        seen = set(connection.execute(text(f"select distinct tenant_id from footfall.{table}")).scalars())
    if seen - {mine.tenant_id}:
        yield "reads rows of another tenant"
    if mine.tenant_id not in seen:
        yield "does not read its own rows"


def _reads_unbound(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    if _column(engine, table, "SELECT") is None:
        return
    with unbound_transaction(engine) as connection:
        if connection.execute(text(f"select count(*) from footfall.{table}")).scalar_one():
            yield "reads rows with no tenant bound"


def _inserts(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    if table not in ROWS:
        return
    fresh = other.with_fresh(*KEYS)
    if outcome(engine, mine, lambda connection: insert(connection, table, fresh)) != REFUSED:
        yield "inserts a row of another tenant"
    if outcome(engine, None, lambda connection: insert(connection, table, fresh)) != REFUSED:
        yield "inserts a row with no tenant bound"


def _updates(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    column = _column(engine, table, "UPDATE")
    if column is None:
        return
    # Without a condition, so that the policy alone chooses the rows.
    change = text(f"update footfall.{table} set {column} = {column} returning tenant_id")
    for bound, said in ((mine, "of another tenant"), (None, "with no tenant bound")):
        if _reached(engine, bound, change) - ({mine.tenant_id} if bound else set()):
            yield f"updates rows {said}"


def _gives_away(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    def give(connection: Connection) -> None:
        connection.execute(text(f"update footfall.{table} set tenant_id = :other"), {"other": other.tenant_id})

    if outcome(engine, mine, give) != REFUSED:
        yield "moves its rows to another tenant"


def _deletes(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    theirs = text(f"delete from footfall.{table} where tenant_id = '{other.tenant_id}' returning tenant_id")
    for bound, said in ((mine, "of another tenant"), (None, "with no tenant bound")):
        if _reached(engine, bound, theirs):
            yield f"deletes rows {said}"


def _copies_out(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    def copy(connection: Connection) -> None:
        with _cursor(connection).copy(f"copy (select tenant_id from footfall.{table}) to stdout") as lines:
            taken.extend(bytes(line) for line in lines)

    for bound, said in ((mine, "of another tenant"), (None, "with no tenant bound")):
        taken: list[bytes] = []
        outcome(engine, bound, copy)
        if str(other.tenant_id).encode() in b"".join(taken):
            yield f"copies rows out {said}"


def _copies_in(engine: Engine, mine: Ids, other: Ids, table: str) -> Iterator[str]:
    def copy(connection: Connection) -> None:
        with _cursor(connection).copy(f"copy footfall.{table} (tenant_id) from stdin") as lines:
            lines.write(f"{other.tenant_id}\n".encode())

    if outcome(engine, mine, copy) not in {REFUSED, _NOT_SUPPORTED}:
        yield "copies rows in"


PROBES: Mapping[str, Probe] = MappingProxyType(
    {
        "read": _reads,
        "read unbound": _reads_unbound,
        "insert": _inserts,
        "update": _updates,
        "give away": _gives_away,
        "delete": _deletes,
        "copy out": _copies_out,
        "copy in": _copies_in,
    }
)
READING = ("read", "read unbound", "copy out")
WRITING = tuple(name for name in PROBES if name not in READING)


def _column(engine: Engine, table: str, privilege: str) -> str | None:
    """A column for which the role has the privilege; of those, the tenant's id if it can be."""
    with unbound_transaction(engine) as connection:
        return connection.execute(
            text(
                "select attname from pg_attribute where attrelid = cast(:name as regclass) and attnum > 0"
                " and not attisdropped and attgenerated = '' and has_column_privilege(attrelid, attnum, :privilege)"
                " order by attname = 'tenant_id' desc limit 1"
            ),
            {"name": f"footfall.{table}", "privilege": privilege},
        ).scalar_one_or_none()


def _reached(engine: Engine, bound: Ids | None, statement: TextClause) -> set[object]:
    """The tenants of the rows that a statement changed, before it is undone. One that failed for any reason but a
    missing right had reached a row: its SQLSTATE is in the place of the tenant."""
    touched: set[object] = set()
    ended = outcome(engine, bound, lambda connection: touched.update(connection.execute(statement).scalars()))
    return touched if ended in {None, REFUSED} else {ended}


def outcome(engine: Engine, bound: Ids | None, attempt: Callable[[Connection], object]) -> str | None:
    """The SQLSTATE of what an attempt ended in, None for success. It is undone either way."""
    binding = unbound_transaction(engine) if bound is None else tenant_transaction(engine, bound.tenant_id)
    with binding as connection, connection.begin_nested() as undone:
        try:
            attempt(connection)
        except DBAPIError as error:
            return str(getattr(error.orig, "sqlstate", None))
        except DriverError as error:
            return str(error.sqlstate)
        finally:
            undone.rollback()
    return None


def _cursor(connection: Connection) -> Cursor[tuple[object, ...]]:
    """The driver's own, for COPY is no statement of SQLAlchemy's."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, DriverConnection)
    return driver.cursor()
