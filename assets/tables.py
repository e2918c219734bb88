"""Tables as Dagster shows them beside what was made: rows under typed columns. What they tell is each asset's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from dagster import MetadataValue, TableColumn, TableMetadataValue, TableRecord, TableSchema

Cell = str | int | float | bool | None


def table(
    rows: Iterable[Mapping[str, Cell]],
    *,
    words: Sequence[str] = (),
    counts: Sequence[str] = (),
    flags: Sequence[str] = (),
) -> TableMetadataValue:
    """`rows` under columns of strings, whole numbers and yes-or-no, in this order. Without rows the columns show."""
    typed = [(name, kind) for kind, names in (("string", words), ("int", counts), ("bool", flags)) for name in names]
    return MetadataValue.table(
        records=[TableRecord(dict(row)) for row in rows],
        schema=TableSchema([TableColumn(name, kind) for name, kind in typed]),
    )
