"""Orders of a list: only what the table names, cursors that hold in one order alone, nothing of a caller's in SQL."""

from __future__ import annotations

import base64
import json
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.cursors import MAX_CURSOR_CHARACTERS
from footfall.errors import InputError
from footfall.listing import Mark, Order, SortKey, choose_order

KEYS = (
    SortKey("created_at", "s.created_at", "timestamptz"),
    SortKey("name", "s.name", "text"),
    SortKey("visits", "s.visits", "bigint"),
)
ROW = UUID(int=7)


def order(sort: str) -> Order:
    return choose_order("sites", KEYS, "s.site_id", sort)


def forged(*parts: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def test_a_name_sorts_up_and_with_a_minus_down() -> None:
    assert order("name").sql_order == "s.name, s.site_id"
    assert order("-name").sql_order == "s.name desc, s.site_id desc"
    assert "> (cast(" in order("name").sql_after
    assert "< (cast(" in order("-name").sql_after


@pytest.mark.parametrize(
    "sort", ["", "-", "--name", "+name", "Name", "name ", "s.name", "name;drop table sites", "name desc", "1", "na\0me"]
)
def test_what_is_not_in_the_table_is_refused_without_being_repeated(sort: str) -> None:
    with pytest.raises(InputError) as refusal:
        order(sort)
    assert "drop" not in refusal.value.message


@given(st.text(alphabet=st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=200), st.uuids())
def test_a_cursor_leads_back_to_its_row_whatever_its_name(name: str, row_id: UUID) -> None:
    cursor = order("name").cursor(name, row_id)
    assert len(cursor) <= MAX_CURSOR_CHARACTERS
    assert order("name").mark(cursor) == Mark(name, row_id)


def test_no_cursor_is_the_first_page() -> None:
    assert order("name").parameters(None) == {"after_key": None, "after_id": None}


@pytest.mark.parametrize("other", ["-name", "created_at", "-created_at", "visits"])
def test_a_cursor_of_another_order_is_refused(other: str) -> None:
    with pytest.raises(InputError, match="cursor cannot be read"):
        order(other).mark(order("name").cursor("Main Street", ROW))


@pytest.mark.parametrize(
    ("sort", "parts"),
    [
        ("name", []),
        ("name", ["Main Street"]),
        ("name", ["Main Street", "no id"]),
        ("name", ["Main Street", ROW.hex, "more"]),
        ("name", ["Main\0Street", ROW.hex]),
        ("name", ["\ud800", ROW.hex]),
        ("name", [5, ROW.hex]),
        ("name", [None, None]),
        ("created_at", ["yesterday", ROW.hex]),
        ("created_at", ["2026-11-22T08:00:00", ROW.hex]),
        ("created_at", ["' or true --", ROW.hex]),
        ("visits", ["1.5", ROW.hex]),
        ("visits", ["9223372036854775808", ROW.hex]),
        ("visits", ["many", ROW.hex]),
    ],
)
def test_a_forged_cursor_is_refused_before_the_database_sees_it(sort: str, parts: list[object]) -> None:
    with pytest.raises(InputError, match="cursor cannot be read"):
        order(sort).mark(forged(f"sites:{sort}", *parts))


@pytest.mark.parametrize("key", ["2026-W47-7T08:00:00+00:00", "20261122T080000Z", "2026-11-22 08:00:00+00"])
def test_a_time_is_handed_on_in_the_one_form_that_postgres_reads(key: str) -> None:
    assert order("created_at").mark(forged("sites:created_at", key, ROW.hex)) == Mark("2026-11-22T08:00:00+00:00", ROW)
