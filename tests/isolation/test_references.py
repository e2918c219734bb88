"""No row can refer to another tenant's: every foreign key there is, found in the catalogue and tried."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import uuid4

import pytest
from sqlalchemy import Connection, Engine, text

from footfall.tenancy import tenant_transaction, unbound_transaction
from tests.isolation.conftest import TwoTenants
from tests.isolation.probes import outcome
from tests.isolation.rows import ROWS, Ids, Row

_FOREIGN_KEY = "23503"
_CHECKED = {"23503", "23514"}  # a foreign key, or a check that stands before it
_REFERENCES = text("""
    select
        c.conname as name, s.relname as from_table, t.relname as to_table, f.attname as from_column,
        r.attname as to_column
    from pg_constraint as c
    inner join pg_class as s on s.oid = c.conrelid
    inner join pg_class as t on t.oid = c.confrelid
    cross join lateral unnest(c.conkey, c.confkey) as pair (from_key, to_key)
    inner join pg_attribute as f on f.attrelid = c.conrelid and f.attnum = pair.from_key
    inner join pg_attribute as r on r.attrelid = c.confrelid and r.attnum = pair.to_key
    where c.contype = 'f' and c.connamespace = 'footfall'::regnamespace and f.attname <> 'tenant_id'
    order by 1
""")
_KEYS = text("""
    select distinct a.attname from pg_index as i
    inner join pg_attribute as a on a.attrelid = i.indrelid and a.attnum = any(i.indkey)
    where i.indisunique and i.indrelid = cast(:name as regclass) and a.attname <> 'tenant_id'
        and a.atttypid = 'uuid'::regtype
""")


@dataclass(frozen=True, slots=True)
class Reference:
    name: str
    from_table: str
    to_table: str
    from_column: str
    to_column: str


def references(engine: Engine) -> list[Reference]:
    with unbound_transaction(engine) as connection:
        return [
            Reference(*row)
            for row in connection.execute(_REFERENCES).all()
            if {row.from_table, row.to_table} <= set(ROWS)
        ]


def new_row(connection: Connection, table: str, ids: Ids, kept: set[str]) -> dict[str, object]:
    """The table's planted row once more: under another name and id, but for the columns that are to be `kept`."""
    row = {"tenant_id": ids.tenant_id, **ROWS[table](ids.with_fresh())}
    for key in connection.execute(_KEYS, {"name": f"footfall.{table}"}).scalars():
        if key not in kept:
            row[key] = uuid4()
    return row


def attempt(engine: Engine, mine: Ids, table: str, row: Row) -> str | None:
    def insert(connection: Connection) -> None:
        columns, values = ", ".join(row), ", ".join(f":{column}" for column in row)
        connection.execute(text(f"insert into footfall.{table} ({columns}) values ({values})"), row)
        connection.execute(text("set constraints all immediate"))

    return outcome(engine, mine, insert)


def test_a_reference_into_another_tenant_is_refused(app: Engine, owner: Engine, two: TwoTenants) -> None:
    mine, other = two.first, two.second
    found = references(owner)
    assert len(found) >= 20
    foreign_columns = {
        table: {reference.from_column for reference in found if reference.from_table == table} for table in ROWS
    }
    for reference in found:
        theirs = ROWS[reference.to_table](other)[reference.to_column]
        with tenant_transaction(app, mine.tenant_id) as connection:
            row = new_row(connection, reference.from_table, mine, foreign_columns[reference.from_table])
        crossing = {**row, reference.from_column: theirs}
        assert attempt(app, mine, reference.from_table, crossing) in _CHECKED, reference


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("cameras", "site_id"),
        ("staff_face_images", "staff_id"),
        ("visits", "site_id"),
        ("customer_templates", "customer_id"),
    ],
)
def test_the_same_row_within_its_tenant_is_taken(app: Engine, two: TwoTenants, table: str, key: str) -> None:
    with tenant_transaction(app, two.first.tenant_id) as connection:
        row = new_row(connection, table, two.first, {key, "customer_id"})
    assert attempt(app, two.first, table, row) is None
    assert attempt(app, two.first, table, {**row, key: uuid4()}) == _FOREIGN_KEY
