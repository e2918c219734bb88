"""A cursor leads back to its row, in its own listing; anything else is refused."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from footfall.cursors import MAX_PAGE, Position, check_limit, decode_cursor, encode_cursor
from footfall.errors import InputError

HERE = Position(datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC), UUID(int=7))


def made_of(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@given(
    st.datetimes(timezones=st.just(UTC) | st.just(timezone(timedelta(hours=2)))),
    st.uuids(),
)
def test_a_cursor_leads_back_to_its_row(at: datetime, row_id: UUID) -> None:
    assert decode_cursor("visits", encode_cursor("visits", Position(at, row_id))) == Position(at, row_id)


def test_no_cursor_is_the_first_page() -> None:
    assert decode_cursor("visits", None) is None


def test_a_cursor_fits_into_a_query_string() -> None:
    assert set(encode_cursor("visits", HERE)) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "not a cursor",
        "é",
        "AAAA",
        encode_cursor("visits", HERE)[:-3],
        encode_cursor("visits", HERE) + "A",
        encode_cursor("staff", HERE),
        made_of("[]"),
        made_of("{}"),
        made_of("null"),
        made_of('["visits","2026-11-22T08:00:00+00:00","no id"]'),
        made_of('["visits","yesterday","00000000000000000000000000000007"]'),
        made_of('["visits","2026-11-22T08:00:00","00000000000000000000000000000007"]'),
        made_of('["visits",5,7]'),
        made_of("[" * 200),
        "A" * 100_000,
    ],
)
def test_what_this_listing_did_not_make_is_refused(cursor: str) -> None:
    with pytest.raises(InputError, match="cursor cannot be read"):
        decode_cursor("visits", cursor)


@given(st.text(max_size=60))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with pytest.raises(InputError):
        decode_cursor("visits", text)


@pytest.mark.parametrize("limit", [1, MAX_PAGE])
def test_a_page_holds_from_one_row_on(limit: int) -> None:
    assert check_limit(limit) == limit


@pytest.mark.parametrize("limit", [0, -1, MAX_PAGE + 1])
def test_a_page_of_another_size_is_refused(limit: int) -> None:
    with pytest.raises(InputError, match="limit must lie between 1 and 500"):
        check_limit(limit)
