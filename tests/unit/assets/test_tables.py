"""Tables beside what was made have typed columns in the order given, with rows or without."""

from __future__ import annotations

from assets.tables import table


def test_columns_are_typed_and_in_order() -> None:
    shown = table([{"tenant": "acme", "found": 3, "held": True}], words=["tenant"], counts=["found"], flags=["held"])
    assert [(column.name, column.type) for column in shown.schema.columns] == [
        ("tenant", "string"),
        ("found", "int"),
        ("held", "bool"),
    ]
    assert [dict(record.data) for record in shown.records] == [{"tenant": "acme", "found": 3, "held": True}]


def test_without_rows_the_columns_show() -> None:
    shown = table([], words=["request", "why"])
    assert [column.name for column in shown.schema.columns] == ["request", "why"]
    assert not shown.records
