"""How large the tables of the record are, by the catalogue, which shows sizes to every role. No row is read."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, text


@dataclass(frozen=True, slots=True)
class TableSize:
    """`estimated_rows`: of all tenants, by Postgres' own counters, for counting them would read them. `bytes`: with
    indexes and what is stored apart."""

    estimated_rows: int
    bytes: int
    index_bytes: int


def measure_tables(connection: Connection) -> dict[str, TableSize]:
    """Of every table of the record, by name."""
    rows = connection.execute(
        text("""
            select
                c.relname as name, greatest(pg_stat_get_live_tuples(c.oid), 0) as estimated_rows,
                pg_total_relation_size(c.oid) as bytes, pg_indexes_size(c.oid) as index_bytes
            from pg_class as c
            where c.relnamespace = 'footfall'::regnamespace and c.relkind = 'r'
        """)
    )
    return {row.name: TableSize(row.estimated_rows, row.bytes, row.index_bytes) for row in rows}
