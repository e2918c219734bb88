"""The form of a suite and of what it expects, and the few expectations that suites are made of. No table's own are
here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Value = str | int | float | bool | list[str] | None


@dataclass(frozen=True, slots=True)
class Expected:
    """One expectation. `kind`: Great Expectations' name of it; `says`: the statement that a person reads when it does
    not hold."""

    kind: str
    says: str
    arguments: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Suite:
    """What is expected of one table. `asset`: as Dagster calls it. `columns`: those that are read, which hold no
    template, image or person's name. `latest`: SQL that leaves the rows that a run looks at, so that it costs the same
    however much is stored; empty for a small table."""

    asset: str
    table: str
    columns: tuple[str, ...]
    expected: tuple[Expected, ...]
    latest: str = ""

    @property
    def query(self) -> str:
        """SQL for the rows that the suite is about. Every part of it is written in this folder."""
        where = f" where {self.latest}" if self.latest else ""
        return f"select {', '.join(self.columns)} from {self.table}{where}"  # noqa: S608


def never_empty(*columns: str) -> tuple[Expected, ...]:
    return tuple(
        Expected("expect_column_values_to_not_be_null", f"{column} is never empty.", {"column": column})
        for column in columns
    )


def names_one_row(*columns: str) -> Expected:
    return Expected(
        "expect_compound_columns_to_be_unique", f"{', '.join(columns)} name one row.", {"column_list": list(columns)}
    )


def one_of(column: str, *values: str) -> Expected:
    return Expected(
        "expect_column_values_to_be_in_set",
        f"{column} is one of {', '.join(values)}.",
        {"column": column, "value_set": list(values)},
    )


def between(column: str, least: float | None, most: float | None = None) -> Expected:
    bounds = f"{least} or more" if most is None else f"between {least} and {most}"
    return Expected(
        "expect_column_values_to_be_between",
        f"{column} is {bounds}.",
        {"column": column, "min_value": least, "max_value": most},
    )


def in_order(earlier: str, later: str) -> Expected:
    """Equal is in order, and so is a pair of which one is empty."""
    return Expected(
        "expect_column_pair_values_a_to_be_greater_than_b",
        f"{earlier} is not after {later}.",
        {"column_A": later, "column_B": earlier, "or_equal": True, "ignore_row_if": "either_value_is_missing"},
    )


def no_row_where(condition: str, says: str) -> Expected:
    """No row of the suite meets the SQL condition."""
    return Expected(
        "unexpected_rows_expectation",
        says,
        {"unexpected_rows_query": f"select 1 as found from {{batch}} where {condition}"},  # noqa: S608
    )


def no_group_where(columns: str, condition: str, having: str, says: str) -> Expected:
    """No group of the suite's rows that meet the SQL condition has what `having` says."""
    query = f"select 1 as found from {{batch}} where {condition} group by {columns} having {having}"  # noqa: S608
    return Expected("unexpected_rows_expectation", says, {"unexpected_rows_query": query})
