"""What a mart holds at present, for whoever looks at it as a whole: size, latest build, some of its rows without ids.
Which tenant sees which rows is not decided here: this is for footfall_transform, which owns them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, RowMapping, column, func, select, table, text

SHOWN_ROWS = 5
Cell = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class MartFigures:
    """`bytes`: with indexes; 0 of a view. `built_at`: of the latest build that made a row, None where there is none;
    `built_rows`: how many it made. `preview`: some of those, ids left out."""

    rows: int
    bytes: int
    built_at: datetime | None
    built_rows: int
    preview: Sequence[Mapping[str, Cell]]


def look_at_mart(connection: Connection, name: str) -> MartFigures:
    """`name`: as dbt's manifest has it, of a table or view of the marts with columns `bucket_local` and `built_at`."""
    mart = table(name, column("built_at"), schema="marts")
    rows, built_at = connection.execute(select(func.count(), func.max(mart.c.built_at)).select_from(mart)).one()
    latest = mart.c.built_at == built_at
    built_rows = connection.execute(select(func.count()).select_from(mart).where(latest)).scalar_one()
    found = connection.execute(
        text(f'select * from marts."{name}" where built_at = :at order by bucket_local limit :most'),  # noqa: S608
        {"at": built_at, "most": SHOWN_ROWS},
    )
    size = connection.execute(
        text("select pg_total_relation_size(format('marts.%I', cast(:name as text))::regclass)"), {"name": name}
    ).scalar_one()
    return MartFigures(rows, size, built_at, built_rows, [_without_ids(row) for row in found.mappings()])


def _without_ids(row: RowMapping) -> dict[str, Cell]:
    return {
        name: value if isinstance(value, str | int | float | bool | None) else str(value)
        for name, value in row.items()
        if not isinstance(value, UUID) and name != "built_at"
    }
